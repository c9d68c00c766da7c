using Nestegg.Ente.Api;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>Files as a live museum gives them.</summary>
/// <param name="sessions">By the name of the app whose albums a file is in.</param>
internal sealed class MuseumContent(IReadOnlyDictionary<string, MuseumSession> sessions) : IContentSource
{
    public Task<Stream?> OpenAsync(LibraryFile file, CancellationToken cancellationToken)
    {
        var app = file.Albums.Count > 0 ? file.Albums[0].App : EnteApp.Photos.Name;
        return (sessions.GetValueOrDefault(app) ?? sessions.Values.First()).OpenFileAsync(file.Id, cancellationToken);
    }
}
