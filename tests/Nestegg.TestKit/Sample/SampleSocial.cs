using System.Text;

namespace Nestegg.TestKit.Sample;

/// <summary>What people say about albums and files, encrypted under the album's key; guests, who came by a link, give a name.</summary>
internal sealed class SampleSocial(SampleStorage storage, SampleRandom random, SampleSeal seal, SampleClock clock)
{
    // Names of reactions and of guests are filled up to this, so that their length says nothing.
    private const int PaddedBytes = 100;

    public async Task<SampleGuest> AddGuestAsync(SampleAlbum album, string name, CancellationToken cancellationToken)
    {
        var guest = new SampleGuest(random.Id("anon"), name);
        var box = seal.Box(Padded(name), album.Key);
        await storage.InsertAsync(
            "anon_users", cancellationToken, ("id", guest.Id), ("collection_id", album.Id), ("cipher", box.Box), ("nonce", box.Nonce));
        return guest;
    }

    /// <returns>The comment's id, for answers and reactions.</returns>
    public async Task<string> CommentAsync(
        SampleAlbum album, SampleFile? file, SampleAuthor author, string text, CancellationToken cancellationToken, string? parent = null)
    {
        var id = random.Id("cmt");
        var box = seal.Box(text, album.Key);
        var now = clock.NextMicroseconds();
        await storage.InsertAsync("comments", cancellationToken,
            ("id", id), ("collection_id", album.Id), ("file_id", file?.Id), ("parent_comment_id", parent), ("user_id", author.UserId),
            ("anon_user_id", author.GuestId),
            ("cipher", box.Box), ("nonce", box.Nonce), ("created_at", now), ("updated_at", now));
        album.Comments.Add(id, author.GuestName is null ? text : $"{author.GuestName}: {text}");
        return id;
    }

    /// <summary>Reacts to a comment, or to a file, or to the album itself.</summary>
    public async Task ReactAsync(
        SampleAlbum album, SampleFile? file, string? comment, SampleAuthor author, string name, CancellationToken cancellationToken)
    {
        var box = seal.Box(Padded(name), album.Key);
        var now = clock.NextMicroseconds();
        await storage.InsertAsync("reactions", cancellationToken,
            ("id", random.Id("rct")), ("collection_id", album.Id), ("file_id", file?.Id), ("comment_id", comment),
            ("user_id", author.UserId), ("anon_user_id", author.GuestId),
            ("cipher", box.Box), ("nonce", box.Nonce), ("created_at", now), ("updated_at", now));
        album.Reactions.Add(name);
    }

    public async Task DeleteCommentAsync(SampleAlbum album, string id, CancellationToken cancellationToken)
    {
        await storage.ExecuteAsync(
            "UPDATE comments SET is_deleted = true, cipher = NULL, nonce = NULL WHERE id = $1", cancellationToken, id);
        album.Comments.Remove(id);
    }

    private static byte[] Padded(string name)
    {
        var padded = new byte[PaddedBytes];
        Encoding.UTF8.GetBytes(name, padded);
        return padded;
    }
}

/// <summary>Somebody without an account, who was given a link.</summary>
internal sealed record SampleGuest(string Id, string Name);

/// <summary>Who writes: a person or a guest.</summary>
internal readonly record struct SampleAuthor(long UserId, string? GuestId, string? GuestName)
{
    public static implicit operator SampleAuthor(SamplePerson person) => new(person.UserId, null, null);

    public static implicit operator SampleAuthor(SampleGuest guest) => new(-1, guest.Id, guest.Name);
}
