using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>Decides what of a library an export takes.</summary>
internal sealed class ExportSelection(ExportOptions options)
{
    internal bool Wants(Album album) =>
        !album.IsDeleted
        && (options.Shared || !album.IsShared)
        && (options.Hidden || !album.IsHidden)
        && (options.Albums.Count == 0 || Names(options.Albums, album))
        && !Names(options.ExcludedAlbums, album);

    internal bool Wants(LibraryFile file) =>
        (options.Owners.Count == 0 || (file.OwnerId is { } owner && options.Owners.Contains(owner)))
        && (options.Hidden || file.Visibility != Visibility.Hidden)
        && (options.From is null || file.CreationTime >= Microseconds(options.From.Value))
        && (options.Until is null || file.CreationTime < Microseconds(options.Until.Value));

    /// <summary>The names asked for that no album has: typed wrong, most likely.</summary>
    internal IEnumerable<string> Unfitting(IReadOnlyCollection<Album> albums) =>
        options.Albums.Concat(options.ExcludedAlbums).Where(name => !albums.Any(album => !album.IsDeleted && Names([name], album)));

    private static bool Names(IReadOnlyCollection<string> names, Album album) =>
        names.Any(name => string.Equals(name.Trim(), album.Name.Trim(), StringComparison.OrdinalIgnoreCase));

    private static long Microseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
