using System.Runtime.CompilerServices;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Library;

/// <summary>Reads comments and reactions, which open with the keys of their albums.</summary>
internal sealed class SocialReader(EnteRows rows)
{
    /// <summary>What the two tables have in common.</summary>
    private readonly record struct Entry(
        string Id, long AlbumId, long? FileId, string? ParentId, long? UserId, long CreatedAt, string? Text, string? GuestName,
        bool IsGuestDamaged);

    /// <inheritdoc cref="LibraryReader.CommentsAsync"/>
    internal async IAsyncEnumerable<Comment> CommentsAsync(
        IReadOnlyCollection<Album> albums, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var it in ReadAsync("comments", "parent_comment_id", albums, cancellationToken))
        {
            yield return new Comment(
                it.Id, it.AlbumId, it.FileId, it.ParentId, it.UserId, it.GuestName, it.Text, it.CreatedAt,
                Problem(it, new LibraryProblem("comment-damaged", "the comment does not open", IsFatal: true)));
        }
    }

    /// <inheritdoc cref="LibraryReader.ReactionsAsync"/>
    internal async IAsyncEnumerable<Reaction> ReactionsAsync(
        IReadOnlyCollection<Album> albums, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var it in ReadAsync("reactions", "comment_id", albums, cancellationToken))
        {
            yield return new Reaction(
                it.Id, it.AlbumId, it.FileId, it.ParentId, it.UserId, it.GuestName, it.Text?.TrimEnd('\0'), it.CreatedAt,
                Problem(it, new LibraryProblem("reaction-damaged", "the reaction does not open", IsFatal: true)));
        }
    }

    private async IAsyncEnumerable<Entry> ReadAsync(
        string table, string parent, IReadOnlyCollection<Album> albums, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!rows.Catalog.HasTable(table) || albums.Count == 0)
        {
            yield break;
        }

        var (guest, join) = rows.Catalog.HasTable("anon_users")
            ? ("g.cipher, g.nonce", "LEFT JOIN anon_users g ON g.id = x.anon_user_id")
            : ("NULL, NULL", "");
        var keys = albums.ToDictionary(album => album.Id, album => album.Key);
        var entries = $"""
            SELECT x.id, x.collection_id, x.file_id, x.{parent}, x.user_id, x.created_at, x.cipher, x.nonce, {guest}
            FROM {table} x {join} WHERE x.collection_id IN ({string.Join(',', keys.Keys)}) AND NOT x.is_deleted ORDER BY x.created_at, x.id
            """;
        await foreach (var row in rows.ReadAsync(entries, cancellationToken))
        {
            var key = keys[row.GetInt64(1)];
            var isOpen = SealedText.TryOpen(row.Text(6), row.Text(7), key, out var text);
            var isGuestOpen = SealedText.TryOpen(row.Text(8), row.Text(9), key, out var guestName);

            // Names are padded with zeros, so that their length says nothing. A guest has no account: museum writes -1.
            yield return new Entry(
                row.GetString(0), row.GetInt64(1), row.Integer(2), row.Text(3), row.GetInt64(4) is >= 0 and var userId ? userId : null,
                row.GetInt64(5),
                isOpen ? text : null, isGuestOpen ? guestName.TrimEnd('\0') : null,
                IsGuestDamaged: !isGuestOpen && row.Text(8) is not null);
        }
    }

    private static LibraryProblem? Problem(Entry entry, LibraryProblem unopened) => entry.Text is null ? unopened
        : entry.IsGuestDamaged ? new LibraryProblem("guest-name-damaged", "the name of the guest who wrote it does not open") : null;
}
