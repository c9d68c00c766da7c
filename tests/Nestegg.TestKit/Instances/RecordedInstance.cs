using System.Text.Json;
using Nestegg.Repositories.Files;

namespace Nestegg.TestKit.Instances;

/// <summary>
/// A recording of the real programs, which lies beside the source tree and not in it: an instance at two moments, what an independent
/// reader saw of it, and what the official program exported.
/// </summary>
public static class RecordedInstance
{
    /// <summary>An environment variable: <c>no</c> hides the recording, as in a clone that has nothing beside it.</summary>
    public const string Variable = "NESTEGG_TEST_RECORDED";

    private static readonly string Folder = Path.GetFullPath(RepositoryRoot.Combine("..", "shared", "fixtures", "family"));

    private static readonly (Role Role, string Email, string? Export)[] Family =
    [
        (Role.Owner, "alice@nestegg.example", "alice"), (Role.Sharee, "bob@nestegg.example", "bob"),
        (Role.Keeper, "carol.o-neil+photos@nestegg.example", null),
    ];

    // The album "Live" with its four files, and one of "Odd names".
    private static readonly (long, long)[] Trashed =
        [.. Enumerable.Range(10000000, 4).Select(file => (1580559962386444L, (long)file)), (1580559962386439L, 10000034L)];

    public static bool IsPresent { get; } =
        Environment.GetEnvironmentVariable(Variable) != "no" && File.Exists(Path.Combine(Folder, "t1", "objects.tsv"));

    public static KnownInstance Read() => new(KnownInstances.Recorded, Path.Combine(Folder, "instance"), [Moment("t1"), Moment("t2")]);

    private static KnownMoment Moment(string moment)
    {
        using var accounts = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, moment, "accounts.json")));
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, moment, "expected.json")));
        return new KnownMoment(
            moment, Path.Combine(Folder, "instance"), Path.Combine(Folder, moment, "database.dump"), Family.Length,
            [.. File.ReadLines(Path.Combine(Folder, moment, "objects.tsv")).Skip(1).Select(line => Object(moment, line.Split('\t')))],
            [.. Family.Select(person =>
            {
                var account = accounts.RootElement.EnumerateArray().Single(entry => Text(entry, "email") == person.Email);
                var seen = expected.RootElement.GetProperty(person.Email).Clone();
                return Person(moment, person.Role, account, seen) with { Export = OfficialExport(moment, person.Export) };
            })]);
    }

    private static KnownPerson Person(string moment, Role role, JsonElement account, JsonElement seen)
    {
        string[] codes = seen.TryGetProperty("auth", out var auth) ? [.. auth.EnumerateArray().Select(code => code.GetString()!)] : [];
        return new KnownPerson
        {
            Role = role, Email = Text(account, "email")!, Password = Text(account, "password")!, RecoveryWords = Text(account, "recovery")!,
            UserId = account.GetProperty("userID").GetInt64(), TotpSecret = Text(account, "totp"),
            Albums = [.. Albums(seen, "photos"), .. Albums(seen, "locker")], AuthCodes = codes, Counts = Counts(moment, role),
            TrashedSince = moment == "t2" && role == Role.Owner ? Trashed : [],
            AuthFile = OfficialAuthFile(moment, role) ?? string.Concat(codes.Select(code => code + "\n")),
        };
    }

    /// <summary>A line of <c>objects.tsv</c>: SHA-256, size, ETag, bucket, key.</summary>
    private static KnownObject Object(string moment, string[] columns)
    {
        // The second moment's folder holds only what is new or changed since the first.
        var path = new[] { moment, "t1" }.Select(folder => Path.Combine(Folder, folder, "buckets", columns[3], columns[4]))
            .First(File.Exists);
        var hash = ObjectHash.TryParse(columns[0], out var parsed) ? parsed : throw new FormatException($"objects.tsv: {columns[0]}");
        return new KnownObject(columns[3], columns[4], long.Parse(columns[1]), hash, path);
    }

    private static IReadOnlyList<ExportedPath>? OfficialExport(string moment, string? person) => person is null ? null :
    [
        .. File.ReadLines(Path.Combine(Folder, "official-cli", $"{moment}.tsv")).Skip(1).Select(line => line.Split('\t'))
            .Where(columns => columns[2].StartsWith(person + "/", StringComparison.Ordinal))
            .Select(columns => new ExportedPath(columns[2][(person.Length + 1)..], columns[0])),
    ];

    private static string? OfficialAuthFile(string moment, Role role)
    {
        var path = Path.Combine(Folder, "official-cli", moment, "alice-auth", "ente_auth.txt");
        return role == Role.Owner && File.Exists(path) ? File.ReadAllText(path) : null;
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
                [.. album.GetProperty("files").EnumerateArray().Select(FileOf)]))
            : [];

    private static KnownFile FileOf(JsonElement file) => new()
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
