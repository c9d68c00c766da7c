using System.Text.Json.Nodes;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// Some days of use between the two moments: a new album, ML data written again in place, pictures and an album thrown away, one picture
/// deleted for good, edits, a share that ended, an album renamed, talk, a new item in Locker, and a new password for Ada.
/// </summary>
internal sealed class LaterDays(SampleActions act, FirstDays first)
{
    public async Task LiveAsync(CancellationToken cancellationToken)
    {
        var album = await act.Library.AddAlbumAsync(first.Ada, new("After the summer"), cancellationToken);
        for (var i = 0; i < 3; i++)
        {
            await act.Library.UploadAsync(album, first.Ada, act.Media.Photo($"IMG_{2000 + i}.png"), cancellationToken);
        }

        await ThrowAwayAsync(cancellationToken);
        await EditAsync(cancellationToken);
        var papers = Album("Papers");
        await act.Library.AddLockerItemAsync(papers, "accountCredential",
            new JsonObject { ["name"] = "Bank", ["username"] = "chi", ["password"] = "s3cret" }, cancellationToken);
        await act.People.ChangePasswordAsync(first.Ada, "a new password, longer than the old one", cancellationToken);
    }

    private async Task ThrowAwayAsync(CancellationToken cancellationToken)
    {
        var pictures = act.Library.Files;
        await act.Derived.PutMlDataAsync(pictures[0], faces: 9, cancellationToken);
        await act.Trash.ThrowAwayAsync(pictures[1], cancellationToken);
        await act.Trash.ThrowAwayAsync(pictures[2], cancellationToken);
        await act.Trash.DeleteForGoodAsync(pictures[2], cancellationToken);
        var rain = Album("Rainy days");
        await act.Trash.ThrowAwayAlbumAsync(rain, cancellationToken);
        foreach (var file in pictures.Where(file => file.Albums.Contains(rain)).Append(pictures[1]))
        {
            file.IsTrashedLater = true;
        }
    }

    private async Task EditAsync(CancellationToken cancellationToken)
    {
        var pictures = act.Library.Files;
        await act.Library.EditAsync(pictures[4], new SampleEdits { Caption = "Written <later> & with \"quotes\"" }, cancellationToken);
        await act.Library.ReplaceContentAsync(
            pictures.Single(file => file.Title == "beans.png"), act.Media.Photo("beans.png").Content, cancellationToken);
        await act.Library.RenameAlbumAsync(Album("Ben's garden"), "The garden", cancellationToken);
        var family = Album("Family");
        await act.Library.EndShareAsync(family, first.Dov, cancellationToken);
        await act.Social.CommentAsync(family, pictures[0], first.Ben, "We should mend it.", cancellationToken);
    }

    private SampleAlbum Album(string name) => act.Library.Albums.Single(album => album.Name == name);
}
