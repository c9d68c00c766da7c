using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>What people have put into a sample until its first moment.</summary>
internal sealed class FirstDays
{
    private readonly SampleActions act;
    private readonly SampleOptions options;
    private SampleAlbum lake = null!;

    private FirstDays(SampleActions act, SampleOptions options) => (this.act, this.options) = (act, options);

    public SamplePerson Ada { get; private set; } = null!;

    public SamplePerson Ben { get; private set; } = null!;

    public SamplePerson Chi { get; private set; } = null!;

    public SamplePerson Dov { get; private set; } = null!;

    public static async Task<FirstDays> LiveAsync(SampleActions act, SampleOptions options, CancellationToken cancellationToken)
    {
        var days = new FirstDays(act, options);
        await days.SignUpAsync(cancellationToken);
        await days.AddPhotosAsync(cancellationToken);
        await days.ShareAsync(cancellationToken);
        await days.AddVideosAsync(cancellationToken);
        await days.AddOddOnesAsync(cancellationToken);
        await days.HideAsync(cancellationToken);
        await days.ThrowAwayAsync(cancellationToken);
        await days.FillLockerAsync(cancellationToken);
        await OldAccount.FillAsync(act, days.Dov, cancellationToken);
        await days.AddExtrasAsync(cancellationToken);
        await days.AddLinksAsync(cancellationToken);
        return days;
    }

    private async Task SignUpAsync(CancellationToken cancellationToken)
    {
        Ada = await act.People.AddAsync("Ada", "ada@example.org", "the lake was warm that year", cancellationToken);
        Ben = await act.People.AddAsync("Ben", "Ben.Example+photos@example.org", "tomatoes & beans", cancellationToken);
        await act.People.AddTotpAsync(Ben, cancellationToken);
        Chi = await act.People.AddAsync("Chi", "chi@example.org", "pässwörd 密码 \U0001F511", cancellationToken);
        Dov = await act.People.AddAsync("Dov", "dov@example.org", "1234567 old", cancellationToken, isOldStyle: true);
        await act.People.AddUnfinishedAsync("eve@example.org", cancellationToken);
        await act.People.AddDeletedAsync(cancellationToken);
    }

    private async Task AddPhotosAsync(CancellationToken cancellationToken)
    {
        lake = await act.Library.AddAlbumAsync(
            Ada, new("Summer at the lake") { Order = 1, PublicJson = new JsonObject { ["asc"] = true } }, cancellationToken);
        var movedInTimeAndPlace = new SampleEdits
        {
            Time = 1_560_000_000_000_000, WallClock = ("2019-06-08T15:20:00", "+02:00"), Location = (-33.25, 151.5),
        };
        for (var i = 0; i < options.Pictures; i++)
        {
            var photo = act.Media.Photo(i % 3 == 2 ? $"IMG_{1000 + i}.jpg" : $"IMG_{1000 + i}.png");
            var file = await act.Library.UploadAsync(lake, Ada, i switch
            {
                1 => photo with { Edits = new() { Caption = "The boat\nthat did not float" }, Location = (46.5, 6.6) },
                2 => photo with { Edits = new() { Name = "Grandmother swims.jpg" } },
                3 => photo with { Location = (46.5, 6.6), Edits = movedInTimeAndPlace },
                _ => photo,
            }, cancellationToken);
            // Until the operator told museum to keep derived data elsewhere, it went to the hot storage.
            if (i < 2)
            {
                await act.Derived.PutMlDataAsync(file, faces: i, cancellationToken, act.Storage.HotSlot);
            }
            else if (i < 5)
            {
                await act.Derived.PutMlDataAsync(file, faces: i, cancellationToken);
            }

            if (i == 4)
            {
                await act.Derived.PutImagePreviewAsync(file, cancellationToken);
            }
        }

        var favorites = await act.Library.AddAlbumAsync(Ada, new("Favorites") { Type = "favorites" }, cancellationToken);
        foreach (var file in act.Library.Files.Take(2).ToList())
        {
            await act.Library.PutIntoAsync(file, favorites, cancellationToken);
        }

        var rain = await act.Library.AddAlbumAsync(Ada, new("Rainy days"), cancellationToken);
        for (var i = 0; i < 2; i++)
        {
            await act.Library.UploadAsync(rain, Ada, act.Media.Photo($"rain {i}.png"), cancellationToken);
        }
    }

    private async Task ShareAsync(CancellationToken cancellationToken)
    {
        await act.Library.ShareAsync(lake, Ben, "VIEWER", cancellationToken);
        await act.Library.ShareAsync(lake, Chi, "VIEWER", cancellationToken);
        await act.Library.EndShareAsync(lake, Chi, cancellationToken);
        var family = await act.Library.AddAlbumAsync(Ada, new("Family"), cancellationToken);
        await act.Library.ShareAsync(family, Ben, "COLLABORATOR", cancellationToken, new JsonObject { ["order"] = 1 });
        await act.Library.ShareAsync(family, Dov, "VIEWER", cancellationToken);
        var boat = act.Library.Files[0];
        await act.Library.PutIntoAsync(boat, family, cancellationToken);
        var garden = await act.Library.AddAlbumAsync(Ben, new("Ben's garden"), cancellationToken);
        var tomato = await act.Library.UploadAsync(garden, Ben, act.Media.Photo("tomato.jpg"), cancellationToken);
        await act.Library.UploadAsync(garden, Ben, act.Media.Photo("beans.png"), cancellationToken);
        // Somebody else's file in an album of hers.
        await act.Library.PutIntoAsync(tomato, family, cancellationToken);
        var hikes = await act.Library.AddAlbumAsync(Ben, new("Hikes"), cancellationToken);
        await act.Library.UploadAsync(hikes, Ben, act.Media.Photo("summit.jpg"), cancellationToken);
        await act.Library.ShareAsync(hikes, Ada, "VIEWER", cancellationToken);
        var wedding = await act.Library.AddAlbumAsync(Ada, new("Wedding"), cancellationToken);
        await act.Library.UploadAsync(wedding, Ada, act.Media.Photo("rings.jpg"), cancellationToken);
        // What a guest uploads through a link belongs to the album's owner.
        await act.Library.UploadAsync(
            wedding, Ada, act.Media.Photo("dance floor.jpg") with { Edits = new() { UploaderName = "The band" } }, cancellationToken);
        await act.Library.ShareAsync(wedding, Ben, "ADMIN", cancellationToken, new JsonObject { ["visibility"] = 2 });
        await TalkAsync(family, boat, cancellationToken);
    }

    private async Task TalkAsync(SampleAlbum family, SampleFile boat, CancellationToken cancellationToken)
    {
        var question = await act.Social.CommentAsync(family, boat, Ben, "Is that the boat?\nIt floats!", cancellationToken);
        await act.Social.CommentAsync(family, boat, Ada, "For an hour.", cancellationToken, question);
        await act.Social.ReactAsync(family, boat, null, Ben, "green_heart", cancellationToken);
        await act.Social.ReactAsync(family, null, question, Ada, "laugh", cancellationToken);
        var guest = await act.Social.AddGuestAsync(lake, "Grandmother's neighbour", cancellationToken);
        await act.Social.CommentAsync(lake, null, guest, "What a summer.", cancellationToken);
        await act.Social.DeleteCommentAsync(
            lake, await act.Social.CommentAsync(lake, null, Ben, "Wrong album", cancellationToken), cancellationToken);
    }

    private async Task AddVideosAsync(CancellationToken cancellationToken)
    {
        var videos = await act.Library.AddAlbumAsync(Ada, new("Videos"), cancellationToken);
        var large = await act.Library.UploadAsync(videos, Ada, act.Media.Video("regatta.mp4", options.VideoBytes), cancellationToken);
        await act.Derived.PutVideoPreviewAsync(large, cancellationToken);
        await act.Library.UploadAsync(videos, Ada, act.Media.Video("exactly one chunk.mp4", SecretStream.ChunkBytes), cancellationToken);
        await act.Library.UploadAsync(videos, Ada, act.Media.LivePhoto("IMG_3000.jpg", ".mov"), cancellationToken);
        await act.Library.UploadAsync(
            videos, Ada, act.Media.LivePhoto("IMG_3001.HEIC", ".MOV", CompressionLevel.Fastest), cancellationToken);
    }

    private async Task AddOddOnesAsync(CancellationToken cancellationToken)
    {
        var odd = await act.Library.AddAlbumAsync(Ada, new("Odd: a/b\\c? <3 ") { Folder = "Odd_ a_b_c? <3" }, cancellationToken);
        (string Title, string? ExportName)[] titles =
        [
            ("con.png", null), ("trailing dot..png", null), ("../../up.png", "up.png"), ("\U0001F600 日本 é.png", null),
            ("e\u0301.png", null),
            (new string('x', 180) + ".png", null), ("same.png", null), ("same.png", "same_1.png"), ("100% #1 'x'.png", null),
            (".png", null),
        ];
        foreach (var (title, exportName) in titles)
        {
            await act.Library.UploadAsync(odd, Ada, act.Media.Photo(title) with { ExportName = exportName }, cancellationToken);
        }

        await act.Library.UploadAsync(odd, Ada, new Upload("empty.bin", 0, []), cancellationToken);
        await act.Library.AddAlbumAsync(Ada, new("") { Folder = "_" }, cancellationToken);
        var uncategorized = await act.Library.AddAlbumAsync(Ada, new("Uncategorized") { Type = "uncategorized" }, cancellationToken);
        var stray = act.Media.Photo("stray.png");
        await act.Library.UploadAsync(uncategorized, Ada, stray, cancellationToken);
        // The same picture once more, as another file.
        await act.Library.UploadAsync(uncategorized, Ada, stray with { Title = "stray (1).png" }, cancellationToken);
    }

    private async Task HideAsync(CancellationToken cancellationToken)
    {
        var archived = await act.Library.AddAlbumAsync(Ada, new("Receipts") { Visibility = 1 }, cancellationToken);
        await act.Library.UploadAsync(archived, Ada, act.Media.Photo("receipt.png") with { Visibility = 1 }, cancellationToken);
        // Two names that many disks take for the same.
        var other = await act.Library.AddAlbumAsync(Ada, new("receipts") { Folder = "receipts_1" }, cancellationToken);
        await act.Library.UploadAsync(other, Ada, act.Media.Photo("receipt.png"), cancellationToken);
        var hidden = await act.Library.AddAlbumAsync(Ada, new(".hidden") { Visibility = 2, SubType = 1 }, cancellationToken);
        await act.Library.UploadAsync(hidden, Ada, act.Media.Photo("surprise.png") with { Visibility = 2 }, cancellationToken);
        var gifts = await act.Library.AddAlbumAsync(Ada, new("Gifts") { Visibility = 2 }, cancellationToken);
        await act.Library.UploadAsync(gifts, Ada, act.Media.Photo("bicycle.png"), cancellationToken);
    }

    private async Task ThrowAwayAsync(CancellationToken cancellationToken)
    {
        var album = await act.Library.AddAlbumAsync(Ada, new("Blurred"), cancellationToken);
        var blurred = new List<SampleFile>();
        for (var i = 0; i < 5; i++)
        {
            blurred.Add(await act.Library.UploadAsync(album, Ada, act.Media.Photo($"blurred {i}.png"), cancellationToken));
            await act.Trash.ThrowAwayAsync(blurred[i], cancellationToken);
        }

        // Two stay in the trash.
        await act.Trash.DeleteForGoodAsync(blurred[2], cancellationToken);
        await act.Trash.DeleteForGoodAsync(blurred[3], cancellationToken);
        await act.Trash.ForgetAsync(blurred[3], cancellationToken);
        await act.Trash.TakeBackAsync(blurred[4], lake, cancellationToken);
    }

    private async Task FillLockerAsync(CancellationToken cancellationToken)
    {
        var papers = await act.Library.AddAlbumAsync(Chi, new("Papers") { App = "locker" }, cancellationToken);
        await act.Library.AddLockerItemAsync(
            papers, "note", new JsonObject { ["title"] = "Wi-Fi", ["content"] = "the cat's name, twice" }, cancellationToken);
        await act.Library.AddLockerItemAsync(
            papers, "physicalRecord", new JsonObject { ["name"] = "Will", ["location"] = "second drawer", ["notes"] = "blue\nfolder" },
            cancellationToken, isOldStyle: true);
        var pdf = Encoding.ASCII.GetBytes(
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
            + "trailer<</Root 1 0 R>>\n%%EOF\n");
        await act.Library.UploadAsync(papers, Chi, new Upload("passport.pdf", 3, pdf), cancellationToken);
        var people = await act.Library.AddAlbumAsync(Chi, new("In case") { App = "locker" }, cancellationToken);
        await act.Library.AddLockerItemAsync(
            people, "emergencyContact", new JsonObject { ["name"] = "Ada", ["contactDetails"] = "ada@example.org" }, cancellationToken);
    }

    private async Task AddExtrasAsync(CancellationToken cancellationToken)
    {
        await act.Extras.AddAuthCodesAsync(Ada,
        [
            "otpauth://totp/Bank:ada?secret=JBSWY3DPEHPK3PXP&issuer=Bank&digits=6&period=30&codeDisplay=%7B%22pinned%22%3Atrue%7D",
            "otpauth://hotp/Club:ada%40example.org?secret=GEZDGNBVGY3TQOJQ&issuer=Club&counter=7",
            "otpauth://steam/Steam:ada?secret=MFRGGZDFMZTWQ2LK&issuer=Steam&algorithm=SHA1&digits=5&period=30",
        ], cancellationToken);
        await act.Extras.AddPlacesAndPeopleAsync(Ada, cancellationToken);
        await act.Extras.AddContactsAsync(Ada, Ben, Chi, cancellationToken);
        await act.Extras.EntrustAsync(Ada, Ben, "ACCEPTED", cancellationToken);
        await act.Extras.EntrustAsync(Ada, Dov, "INVITED", cancellationToken);
        await act.Extras.EntrustAsync(Ada, Chi, "REVOKED", cancellationToken);
        await act.Extras.AddLegacyKitAsync(Ada, isDeleted: false, cancellationToken);
        await act.Extras.AddLegacyKitAsync(Ada, isDeleted: true, cancellationToken);
        await act.Extras.AddBookkeepingAsync(Ada, Ben, cancellationToken);
    }

    private async Task AddLinksAsync(CancellationToken cancellationToken)
    {
        using var memoryKey = await act.Extras.AddEntityKeyAsync(Ada, "memory", cancellationToken);
        var files = act.Library.Files;
        await act.Links.AddAlbumLinkAsync(lake, cancellationToken, password: "only for friends");
        await act.Links.AddAlbumLinkAsync(
            act.Library.Albums.Single(album => album.Name == "Wedding"), cancellationToken, isCollaborative: true);
        await act.Links.AddMemoryAsync("share", Ada, memoryKey, new JsonObject { ["name"] = "That day" }, files.Take(3), cancellationToken);
        await act.Links.AddMemoryAsync("lane", Ada, memoryKey, new JsonObject { ["name"] = "Grandmother through the years" },
            files.Skip(3).Take(2), cancellationToken);
        var mistake = await act.Links.AddMemoryAsync(
            "share", Ada, memoryKey, new JsonObject { ["name"] = "A mistake" }, files.Take(1), cancellationToken);
        await act.Links.EndMemoryAsync(mistake, Ada, cancellationToken);
        await act.Links.AddFileLinkAsync(files.Single(file => file.Title == "passport.pdf"), cancellationToken);
        // Photos' links of before Locker: the file's key is at the end of the link, and the row has nothing of it.
        await act.Links.AddOldFileLinkAsync(files[0], cancellationToken);
    }
}
