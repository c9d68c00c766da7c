using Nestegg.Ente.Library;
using Nestegg.Snapshots;

namespace Nestegg.Export;

/// <summary>Files as a snapshot holds them.</summary>
internal sealed class SnapshotContent(OpenedSnapshot snapshot) : IContentSource
{
    public Task<Stream?> OpenAsync(LibraryFile file, CancellationToken cancellationToken) =>
        file.Content is { } named ? snapshot.OpenObjectAsync(named.Key, cancellationToken) : Task.FromResult<Stream?>(null);
}
