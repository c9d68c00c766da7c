using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>Where the encrypted bytes of files come from: a snapshot's objects, or a live museum.</summary>
internal interface IContentSource
{
    /// <summary>Opens a file's encrypted original. Several are open at once; the caller disposes each.</summary>
    /// <returns>Null when it is not there.</returns>
    /// <exception cref="NesteggException">The place cannot be reached or is damaged.</exception>
    Task<Stream?> OpenAsync(LibraryFile file, CancellationToken cancellationToken);
}
