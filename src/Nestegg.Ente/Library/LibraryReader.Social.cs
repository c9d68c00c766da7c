using System.Runtime.CompilerServices;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Library;

public sealed partial class LibraryReader
{
    /// <summary>The comments on some albums and their files, the oldest first.</summary>
    public async IAsyncEnumerable<Comment> CommentsAsync(IReadOnlyCollection<Album> albums, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!Catalog.HasTable("comments") || albums.Count == 0)
        {
            yield break;
        }

        var keys = albums.ToDictionary(album => album.Id, album => album.Key);
        await foreach (var row in RowsAsync(Social("comments", "x.parent_comment_id", keys.Keys), cancellationToken))
        {
            var key = keys[row.GetInt64(1)];
            var text = "";
            var opened = key is not null && TryOpenText(row.Text(6), row.Text(7), key, out text);
            var guest = GuestName(row.Text(8), row.Text(9), key);
            yield return new Comment(
                row.GetString(0), row.GetInt64(1), row.Integer(2), row.Text(3), row.GetInt64(4), guest, opened ? text : null, row.GetInt64(5),
                opened ? GuestProblem(row.Text(8), guest) : new LibraryProblem("comment-damaged", "the comment does not open", IsFatal: true));
        }
    }

    /// <summary>The reactions to some albums, their files and comments, the oldest first.</summary>
    public async IAsyncEnumerable<Reaction> ReactionsAsync(IReadOnlyCollection<Album> albums, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!Catalog.HasTable("reactions") || albums.Count == 0)
        {
            yield break;
        }

        var keys = albums.ToDictionary(album => album.Id, album => album.Key);
        await foreach (var row in RowsAsync(Social("reactions", "x.comment_id", keys.Keys), cancellationToken))
        {
            var key = keys[row.GetInt64(1)];
            var name = "";
            var opened = key is not null && TryOpenText(row.Text(6), row.Text(7), key, out name);
            var guest = GuestName(row.Text(8), row.Text(9), key);
            yield return new Reaction(
                row.GetString(0), row.GetInt64(1), row.Integer(2), row.Text(3), row.GetInt64(4), guest, opened ? name.TrimEnd('\0') : null, row.GetInt64(5),
                opened ? GuestProblem(row.Text(8), guest) : new LibraryProblem("reaction-damaged", "the reaction does not open", IsFatal: true));
        }
    }

    private string Social(string table, string parent, IEnumerable<long> albumIds)
    {
        var (guest, join) = Catalog.HasTable("anon_users")
            ? ("g.cipher, g.nonce", "LEFT JOIN anon_users g ON g.id = x.anon_user_id")
            : ("NULL, NULL", "");
        return $"""
            SELECT x.id, x.collection_id, x.file_id, {parent}, x.user_id, x.created_at, x.cipher, x.nonce, {guest}
            FROM {table} x {join} WHERE x.collection_id IN ({string.Join(',', albumIds)}) AND NOT x.is_deleted ORDER BY x.created_at, x.id
            """;
    }

    // Names are padded with zeros, so that their length says nothing.
    private static string? GuestName(string? box, string? nonce, SecretKey? key) =>
        key is not null && box is not null && TryOpenText(box, nonce, key, out var name) ? name.TrimEnd('\0') : null;

    private static LibraryProblem? GuestProblem(string? box, string? name) =>
        box is not null && name is null ? new LibraryProblem("guest-name-damaged", "the name of the guest who wrote it does not open") : null;
}
