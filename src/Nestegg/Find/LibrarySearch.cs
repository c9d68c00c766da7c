using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.Repositories.Files;

namespace Nestegg.Find;

/// <summary>A file in an album that a search found.</summary>
/// <param name="State">Empty, <c>hidden</c>, or <c>trash</c>.</param>
/// <param name="SizeBytes">Encrypted, as the database states it; null for an item without bytes, and where it states none.</param>
public sealed record FoundFile(long AlbumId, string Album, long FileId, string Name, long? CreationTime, long? SizeBytes, string State)
{
    /// <summary>When it was taken, as <c>2024-12-31</c>; empty when that is not known.</summary>
    public string Day => SidecarJson.Time(CreationTime) is { } time ? time[..10] : "";
}

/// <summary>Goes through a person's library for what fits.</summary>
/// <param name="albumPattern">With <c>*</c> and <c>?</c>; null for all.</param>
/// <param name="namePattern">With <c>*</c> and <c>?</c>; null for all.</param>
public sealed class LibrarySearch(string? albumPattern, string? namePattern, DateTimeOffset? from, DateTimeOffset? until)
{
    private readonly ExportSelection dates = new(new ExportOptions { From = from, Until = until });

    internal async IAsyncEnumerable<FoundFile> RunAsync(
        LibraryReader reader, long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var albums = await reader.AlbumsAsync(userId, keys, cancellationToken);
        try
        {
            var wanted = albums.Where(album => !album.IsDeleted && Fits(albumPattern, album.Name)).ToList();
            await foreach (var file in reader.FilesAsync(userId, wanted, cancellationToken))
            {
                using (file)
                {
                    foreach (var found in Found(file, isTrashed: false))
                    {
                        yield return found;
                    }
                }
            }

            await foreach (var file in reader.TrashAsync(userId, albums, cancellationToken))
            {
                using (file)
                {
                    foreach (var found in Found(file, isTrashed: true).Where(found => Fits(albumPattern, found.Album)))
                    {
                        yield return found;
                    }
                }
            }
        }
        finally
        {
            foreach (var album in albums)
            {
                album.Dispose();
            }
        }
    }

    private IEnumerable<FoundFile> Found(LibraryFile file, bool isTrashed)
    {
        var name = WantedFile.TitleOf(file);
        return !dates.Wants(file) || !Fits(namePattern, name)
            ? []
            : file.Albums.Select(album => new FoundFile(
                album.Id, album.Name, file.Id, name, file.CreationTime, file.Content is { SizeBytes: >= 0 and var bytes } ? bytes : null,
                isTrashed ? "trash" : album.IsHidden || file.Visibility == Visibility.Hidden ? "hidden" : ""));
    }

    private static bool Fits(string? pattern, string text) =>
        pattern is null || FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase: true);
}

/// <summary>
/// What searches in several snapshots found, newest first, with the first and last snapshot of each. Holds about 200 bytes for each file
/// that fits.
/// </summary>
public sealed class FoundHistory
{
    private readonly Dictionary<(long Album, long File), (FoundFile Found, SnapshotId First, SnapshotId Last)> entries = [];
    private readonly HashSet<SnapshotId> snapshots = [];
    private SnapshotId? newest;

    /// <summary>By album and name.</summary>
    public IReadOnlyList<(FoundFile Found, SnapshotId First, SnapshotId Last)> Entries =>
        [.. entries.Values.OrderBy(entry => entry.Found.Album, StringComparer.Ordinal)
            .ThenBy(entry => entry.Found.Name, StringComparer.Ordinal).ThenBy(entry => entry.Found.FileId)];

    /// <summary>How many snapshots hold something that fits.</summary>
    public int Snapshots => snapshots.Count;

    /// <summary>Records that a snapshot was gone through, whether it holds anything that fits or not.</summary>
    internal void Searched(SnapshotId snapshot) =>
        newest = newest is { } known && known > snapshot ? known : snapshot;

    /// <summary>What to say of a file: <c>deleted</c> when the newest snapshot no longer has it there.</summary>
    public string State((FoundFile Found, SnapshotId First, SnapshotId Last) entry) =>
        entry.Last.Equals(newest) ? entry.Found.State : "deleted";

    /// <summary>Adds what was found in a snapshot. The state that is kept is that of the newest.</summary>
    internal void Add(FoundFile found, SnapshotId snapshot)
    {
        snapshots.Add(snapshot);
        var key = (found.AlbumId, found.FileId);
        entries[key] = !entries.TryGetValue(key, out var known)
            ? (found, snapshot, snapshot)
            : (snapshot.CompareTo(known.Last) > 0 ? found : known.Found,
                snapshot.CompareTo(known.First) < 0 ? snapshot : known.First,
                snapshot.CompareTo(known.Last) > 0 ? snapshot : known.Last);
    }
}
