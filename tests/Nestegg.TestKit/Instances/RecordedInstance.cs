using System.Text.Json;

namespace Nestegg.TestKit.Instances;

/// <summary>Reads what <see cref="FixtureFolder"/> has: what an independent reader saw, and what the official program exported.</summary>
internal static class RecordedInstance
{
    private static readonly (Role Role, string Email, string? Export)[] Family =
    [
        (Role.Owner, FamilyAccount.Alice, "alice"), (Role.Sharee, FamilyAccount.Bob, "bob"), (Role.Keeper, FamilyAccount.Carol, null),
    ];

    // The album "Live" with its four files, and one of "Odd names".
    private static readonly (long, long)[] Trashed =
        [.. Enumerable.Range(10000000, 4).Select(file => (1580559962386444L, (long)file)), (1580559962386439L, 10000034L)];

    public static KnownInstance Read() => new(KnownInstances.Recorded, FixtureFolder.Instance, [Moment("t1"), Moment("t2")]);

    private static KnownMoment Moment(string moment) => new(
        moment, FixtureFolder.Instance, FixtureFolder.Dump(moment), Family.Length,
        [.. FixtureFolder.Objects(moment).Select(item => new KnownObject(item.Bucket, item.Key, item.SizeBytes, item.Hash, item.FilePath))],
        [.. Family.Select(person => Person(moment, person.Role, person.Email, person.Export))]);

    private static KnownPerson Person(string moment, Role role, string email, string? export)
    {
        var account = FamilyAccount.Of(moment, email);
        string[] codes = account.Expected.TryGetProperty("auth", out var auth)
            ? [.. auth.EnumerateArray().Select(code => code.GetString()!)]
            : [];
        var official = FixtureFolder.OfficialAuthFile(moment, export);
        return new KnownPerson
        {
            Role = role, Email = email, Password = account.Password, RecoveryWords = account.RecoveryWords, UserId = account.UserId,
            TotpSecret = account.TotpSecret,
            Albums = [.. Albums(account.Expected, "photos"), .. Albums(account.Expected, "locker")], AuthCodes = codes,
            Counts = Counts(moment, role), TrashedSince = moment == "t2" && role == Role.Owner ? Trashed : [],
            Export = export is null ? null : [.. FixtureFolder.OfficialExport(moment, export)],
            AuthFile = official ?? string.Concat(codes.Select(code => code + "\n")),
        };
    }

    // What the recording's README says and no file of it counts.
    private static KnownCounts Counts(string moment, Role role) => role switch
    {
        Role.Owner => new() { Trash = moment == "t1" ? 2 : 7, DerivedObjects = 8, MlData = 6, Entities = 2, Comments = 1, Reactions = 1 },
        Role.Sharee => new() { DerivedObjects = 6, MlData = 6, Comments = 1, Reactions = 1, EntrustedAccounts = 1 },
        _ => new(),
    };

    private static IEnumerable<KnownAlbum> Albums(JsonElement expected, string app) =>
        expected.TryGetProperty(app, out var albums)
            ? albums.EnumerateArray().Select(album => new KnownAlbum(
                album.GetProperty("id").GetInt64(), Text(album, "name")!, app, Text(album, "type")!, album.GetProperty("owner").GetInt64(),
                album.GetProperty("visibility").GetInt32(), album.GetProperty("subType").GetInt32(),
                [.. album.GetProperty("files").EnumerateArray().Select(File)]))
            : [];

    private static KnownFile File(JsonElement file) => new()
    {
        Id = file.GetProperty("id").GetInt64(), OwnerId = file.GetProperty("owner").GetInt64(), Title = Text(file, "title"),
        Name = Text(file, "name"),
        Type = file.GetProperty("type").GetInt32(), CreationTime = file.GetProperty("creationTime").GetInt64(),
        Time = file.GetProperty("creationTime").GetInt64(), Hash = Text(file, "hash"), Caption = Text(file, "caption"),
        Visibility = file.GetProperty("visibility").GetInt32(), SizeBytes = file.TryGetProperty("size", out var size) ? size.GetInt64() : 0,
        Sha256 = Text(file, "sha256") ?? "",
        Parts = file.TryGetProperty("parts", out var parts)
            ? parts.EnumerateObject().ToDictionary(part => part.Name, part => part.Value.GetString()!)
            : [],
        Info = file.TryGetProperty("info", out var info) ? info : null,
    };

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var text) ? text.GetString() : null;
}
