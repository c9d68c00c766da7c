using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Database;
using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Export;

/// <summary>Known instances, exported from their dumps and objects, compared with what was put into them or what independent programs saw and wrote.</summary>
public sealed class InstanceExportTests(KnownInstances instances) : IDisposable
{
    private const string Aside = "Removed/2030-01-02/";

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => folder["photos"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InstanceData("t1", Role.Owner)]
    [InstanceData("t1", Role.Sharee)]
    [InstanceData("t2", Role.Owner)]
    [InstanceData("t2", Role.Sharee)]
    [InstanceData("t1", Role.Keeper, Only = KnownInstances.Sample)]
    [InstanceData("t2", Role.Keeper, Only = KnownInstances.Sample)]
    [InstanceData("t1", Role.Elder, Only = KnownInstances.Sample)]
    [InstanceData("t2", Role.Elder, Only = KnownInstances.Sample)]
    [InstanceData("older", Role.Owner, Only = KnownInstances.Sample)]
    [InstanceData("older", Role.Sharee, Only = KnownInstances.Sample)]
    [InstanceData("older", Role.Keeper, Only = KnownInstances.Sample)]
    [InstanceData("older", Role.Elder, Only = KnownInstances.Sample)]
    public async Task Every_path_and_byte_is_the_official_program_s(string name, string moment, Role role)
    {
        var (instance, summary) = await ExportAsync(name, moment, role, new ExportOptions());

        Assert.Empty(summary.Log.Findings);
        Assert.True(summary.IsComplete);
        Assert.Equal(Lines(instance[moment][role].Export!), Tree(Target).Where(line => !line.StartsWith("ente_auth", StringComparison.Ordinal)));
    }

    [Theory]
    [InstanceData("t2")]
    public async Task Auth_codes_are_written_as_the_official_program_writes_them(string name, string moment)
    {
        var (instance, _) = await ExportAsync(name, moment, Role.Owner, new ExportOptions());
        Assert.NotEmpty(instance[moment][Role.Owner].AuthFile);
        Assert.Equal(instance[moment][Role.Owner].AuthFile, await File.ReadAllTextAsync(Path.Combine(Target, "ente_auth.txt"), Token));
    }

    [Theory]
    [InstanceData("t1", Role.Owner)]
    [InstanceData("t1", Role.Sharee)]
    [InstanceData("t2", Role.Owner)]
    [InstanceData("t2", Role.Sharee)]
    [InstanceData("t1", Role.Keeper)]
    [InstanceData("t2", Role.Keeper)]
    public async Task Everything_that_is_known_of_a_person_is_there(string name, string moment, Role role)
    {
        var (instance, _) = await ExportAsync(name, moment, role, new ExportOptions());
        Assert.NotEmpty(instance[moment][role].Albums);
        foreach (var album in instance[moment][role].Albums)
        {
            var path = Directory.EnumerateFiles(Target, "album_meta.json", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
                .Select(file => Path.GetDirectoryName(Path.GetDirectoryName(file))!).Single(found => Id(found) == album.Id);
            var sidecars = Sidecars(path);
            Assert.Equal(album.Files.Select(file => file.Id).Order(), sidecars.Select(FileId).Order());
            foreach (var file in album.Files) Compare(file, sidecars.Single(found => FileId(found) == file.Id), path);
        }
    }

    [Theory]
    [InstanceData]
    public async Task A_second_run_fetches_nothing_and_changes_nothing(string name)
    {
        var (instance, _) = await ExportAsync(name, "t2", Role.Owner, new ExportOptions { Xmp = true, Trash = true });
        var before = Tree(Target).ToList();

        var (_, again) = await ExportAsync(name, "t2", Role.Owner, new ExportOptions { Xmp = true, Trash = true });

        Assert.Equal(before, Tree(Target));
        Assert.Equal((0, again.Files), (again.Written, again.Kept));
        Assert.Contains(before, line => line.StartsWith("Trash/", StringComparison.Ordinal));
        var picture = instance["t2"][Role.Owner].Export!.First(path => !path.Path.Contains("/.meta/"));
        Assert.Contains(before, line => line.StartsWith($"{picture.Path}.xmp ", StringComparison.Ordinal));
    }

    [Theory]
    [InstanceData]
    public async Task A_lost_or_damaged_record_is_made_again_from_the_sidecars(string name)
    {
        await ExportAsync(name, "t1", Role.Owner, new ExportOptions());
        var before = Tree(Target).ToList();
        await File.WriteAllTextAsync(Path.Combine(Target, ".nestegg", "export.db"), "no database at all, and longer than its header so that SQLite looks at it and says so, which takes a hundred bytes", Token);

        var (_, again) = await ExportAsync(name, "t1", Role.Owner, new ExportOptions());

        Assert.Equal(before, Tree(Target));
        Assert.Equal(0, again.Written);
    }

    [Theory]
    [InstanceData]
    public async Task The_folder_follows_the_library_and_keeps_what_was_removed(string name)
    {
        await ExportAsync(name, "t1", Role.Owner, new ExportOptions());

        var (instance, second) = await ExportAsync(name, "t2", Role.Owner, new ExportOptions());

        var (before, after) = (instance["t1"][Role.Owner], instance["t2"][Role.Owner]);
        Assert.NotEmpty(New(before, after));
        Assert.Equal(New(before, after).Count(), second.Written);
        Assert.NotEmpty(Removed(before, after));
        Assert.Equal(Removed(before, after).Count(), second.RemovedUpstream);
        Assert.Equal(
            Lines([.. after.Export!, .. Gone(before, after)]).Where(line => !line.Contains("/.meta/")),
            Tree(Target).Where(line => !line.Contains("/.meta/") && !line.StartsWith("ente_auth", StringComparison.Ordinal)));
    }

    [Theory]
    [InstanceData]
    public async Task What_was_removed_moves_aside_when_asked(string name)
    {
        await ExportAsync(name, "t1", Role.Owner, new ExportOptions());
        var tree = Tree(Target).ToList();

        var (instance, second) = await ExportAsync(name, "t2", Role.Owner, new ExportOptions { MoveRemoved = true });

        var (before, after) = (instance["t1"][Role.Owner], instance["t2"][Role.Owner]);
        Assert.Equal(Removed(before, after).Count(), second.MovedAside);
        Assert.Equal(
            Lines([.. after.Export!, .. Gone(before, after).Select(path => path with { Path = Aside + path.Path })]),
            Tree(Target).Where(line => !line.StartsWith("ente_auth", StringComparison.Ordinal) && !IsOfDeletedAlbum(line)));
        Assert.Empty(tree.Where(line => !line.Contains("/.meta/")).Select(Hash).Except(Tree(Target).Select(Hash)));
        Assert.All(before.Albums.ExceptBy(after.Albums.Select(album => album.Id), album => album.Id), album => Assert.False(Directory.Exists(Path.Combine(Target, album.Name))));
        var (_, third) = await ExportAsync(name, "t2", Role.Owner, new ExportOptions { MoveRemoved = true });
        Assert.Equal((0L, 0L), (third.MovedAside, third.Written));

        static bool IsOfDeletedAlbum(string line) => line.StartsWith("Removed/", StringComparison.Ordinal) && line.Contains("/.meta/album_meta.json ");
    }

    [Theory]
    [InstanceData("Ben's garden", "The garden", "beans.png", Only = KnownInstances.Sample)]
    public async Task The_folder_of_a_renamed_album_follows_and_bytes_that_were_edited_replace_the_old_ones(string name, string oldAlbum, string newAlbum, string edited)
    {
        await ExportAsync(name, "t1", Role.Sharee, new ExportOptions());

        var (instance, second) = await ExportAsync(name, "t2", Role.Sharee, new ExportOptions());

        var (before, after) = (instance["t1"][Role.Sharee], instance["t2"][Role.Sharee]);
        Assert.Empty(second.Log.Findings);
        var removed = Gone(before, after).Where(path => !path.Path.StartsWith(oldAlbum, StringComparison.Ordinal) && !path.Path.Contains("/.meta/"));
        var replaced = before.Export!.Single(path => path.Path == $"{oldAlbum}/{edited}") with { Path = $"{Aside}{newAlbum}/{edited}" };
        Assert.Equal(
            Lines([.. after.Export!.Where(path => !path.Path.Contains("/.meta/")), .. removed, replaced]), Tree(Target).Where(line => !line.Contains("/.meta/")));
    }

    [Theory]
    [InstanceData]
    public async Task A_file_in_two_albums_is_written_once_unless_copies_are_asked_for(string name)
    {
        var owner = (await instances.OpenAsync(name, Token))["t1"][Role.Owner];
        var (first, second, shared) = (from one in owner.Albums from other in owner.Albums
            let both = one.Files.IntersectBy(other.Files.Select(file => file.Id), file => file.Id).ToList()
            where one.Id < other.Id && both.Count > 0 select (one, other, both)).First();
        var (_, summary) = await ExportAsync(name, "t1", Role.Owner, new ExportOptions { Albums = [first.Name.ToLowerInvariant(), second.Name.ToUpperInvariant() + " "] });
        Assert.Equal((2L, shared.Count), (summary.Albums, summary.Linked));
        await File.AppendAllTextAsync(Path.Combine(Target, first.Name, shared[0].Name!), "x", Token);
        Assert.EndsWith("x", await File.ReadAllTextAsync(Path.Combine(Target, second.Name, shared[0].Name!), Token));

        await ExportAsync(name, "t1", Role.Owner, new ExportOptions { Albums = [first.Name, second.Name], Copies = true }, "copies");
        await File.AppendAllTextAsync(Path.Combine(folder["copies"], first.Name, shared[0].Name!), "x", Token);
        Assert.False((await File.ReadAllTextAsync(Path.Combine(folder["copies"], second.Name, shared[0].Name!), Token)).EndsWith('x'));
    }

    [Theory]
    [InstanceData]
    public async Task A_file_that_somebody_changed_is_moved_aside_and_written_again(string name)
    {
        var (instance, _) = await ExportAsync(name, "t1", Role.Sharee, new ExportOptions());
        var album = OwnAlbum(instance["t1"][Role.Sharee]);
        var before = Tree(Target).ToList();
        await File.WriteAllTextAsync(Path.Combine(Target, album.Name, album.Files[0].Name!), "edited by hand", Token);
        File.Delete(Path.Combine(Target, album.Name, album.Files[1].Name!));

        var (_, again) = await ExportAsync(name, "t1", Role.Sharee, new ExportOptions());

        Assert.Equal(2, again.Written);
        Assert.Equal(before, Tree(Target).Where(line => !line.StartsWith("Removed/", StringComparison.Ordinal)));
        Assert.Equal("edited by hand", await File.ReadAllTextAsync(Path.Combine(Target, Aside, album.Name, album.Files[0].Name!), Token));
    }

    [Theory]
    [InstanceData]
    public async Task Filters_leave_out_what_they_say(string name)
    {
        var instance = await instances.OpenAsync(name, Token);
        var owner = instance["t1"][Role.Owner];
        var videos = owner.Albums.First(album => album.Files.Any(file => file.Type == 1));
        var albums = owner.Albums.Where(album => album.OwnerId == owner.UserId && album.Visibility != 2 && album != videos).ToList();
        var times = albums.SelectMany(album => album.Files).Select(file => file.Time).Order().ToList();
        var (from, until) = (times[times.Count / 3], times[times.Count * 2 / 3]);
        var (_, summary) = await ExportAsync(name, "t1", Role.Owner, new ExportOptions
        {
            Shared = false, Hidden = false, ExcludedAlbums = [videos.Name.ToLowerInvariant()], From = Date(from), Until = Date(until),
        });
        Assert.Empty(summary.Log.Findings);
        Assert.All(owner.Albums.Except(albums), album => Assert.False(Directory.Exists(Path.Combine(Target, album.Name))));
        Assert.Equal(
            albums.SelectMany(album => album.Files).Where(file => file.Time >= from && file.Time < until).Select(file => file.Id).Distinct().Order(),
            FileIds(Target));

        var sharee = instance["t1"][Role.Sharee].UserId;
        var (_, theirs) = await ExportAsync(name, "t1", Role.Owner, new ExportOptions { Owners = [sharee] }, "theirs");
        var expected = owner.Files.Where(file => file.OwnerId == sharee).ToList();
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Count, theirs.Files);
        Assert.Equal(expected.Select(file => file.Id).Order(), FileIds(folder["theirs"]));
    }

    [Theory]
    [InstanceData]
    public async Task Times_are_those_of_the_metadata(string name)
    {
        var album = OwnAlbum((await instances.OpenAsync(name, Token))["t1"][Role.Sharee]);
        await ExportAsync(name, "t1", Role.Sharee, new ExportOptions { Albums = [album.Name] });
        var sidecars = Sidecars(Path.Combine(Target, album.Name));
        Assert.Equal(album.Files.Count, sidecars.Count);
        foreach (var sidecar in sidecars)
        {
            var file = Path.Combine(Target, album.Name, sidecar.GetProperty("info").GetProperty("fileNames")[0].GetString()!);
            Assert.Equal(sidecar.GetProperty("modificationTime").GetDateTime(), File.GetLastWriteTimeUtc(file));
        }
    }

    [Theory]
    [InstanceData]
    public async Task Missing_and_damaged_objects_are_listed_and_the_rest_is_written(string name)
    {
        var bad = 0;
        var moment = (await instances.OpenAsync(name, Token))["t1"];
        var (_, summary) = await ExportAsync(name, "t1", Role.Sharee, new ExportOptions(), content: new KnownContent(moment)
        {
            Change = (file, bytes) => file.Id % 5 > 1 ? bytes : ++bad % 2 == 0 ? null : Damage(bytes),
        });

        Assert.Equal(bad, summary.Failed);
        Assert.Equal(bad, summary.Log.Findings.Count);
        Assert.Equal(["object-damaged", "object-missing"], summary.Log.Findings.Select(finding => finding.Code).Distinct().Order());
        Assert.Equal(summary.Files - bad, summary.Written);
        Assert.False(summary.IsComplete);

        var (_, mended) = await ExportAsync(name, "t1", Role.Sharee, new ExportOptions());
        Assert.Equal((bad, true), (mended.Written, mended.IsComplete));
    }

    [Theory]
    [InstanceData]
    public async Task Another_account_s_folder_is_refused(string name)
    {
        await ExportAsync(name, "t1", Role.Keeper, new ExportOptions());
        var refused = await Assert.ThrowsAsync<NesteggException>(() => ExportAsync(name, "t1", Role.Sharee, new ExportOptions()));
        Assert.Equal(FailureKind.BadInput, refused.Kind);
    }

    [Theory]
    [InstanceData]
    public async Task Several_files_are_fetched_at_once(string name)
    {
        var content = new KnownContent((await instances.OpenAsync(name, Token))["t1"]) { Delay = TimeSpan.FromMilliseconds(20) };
        await ExportAsync(name, "t1", Role.Sharee, new ExportOptions { Parallel = 4 }, content: content);
        Assert.Equal(4, content.MostOpen);
    }

    private static byte[] Damage(byte[] bytes)
    {
        bytes[bytes.Length / 2] ^= 1;
        return bytes;
    }

    private static KnownAlbum OwnAlbum(KnownPerson person) => person.Albums.First(album => album.OwnerId == person.UserId);

    /// <summary>Files that only the later moment has.</summary>
    private static IEnumerable<KnownFile> New(KnownPerson before, KnownPerson after) => after.Files.ExceptBy(before.Files.Select(file => file.Id), file => file.Id);

    /// <summary>Places in albums that only the earlier moment has.</summary>
    private static IEnumerable<(long Album, long File)> Removed(KnownPerson before, KnownPerson after) => Places(before).Except(Places(after));

    private static IEnumerable<(long Album, long File)> Places(KnownPerson person) => person.Albums.SelectMany(album => album.Files, (album, file) => (album.Id, file.Id));

    /// <summary>What only the earlier export has of files; an album's own record is not moved.</summary>
    private static IEnumerable<ExportedPath> Gone(KnownPerson before, KnownPerson after) =>
        before.Export!.ExceptBy(after.Export!.Select(path => path.Path), path => path.Path).Where(path => !path.Path.EndsWith("/album_meta.json", StringComparison.Ordinal));

    private async Task<(KnownInstance Instance, ExportSummary Summary)> ExportAsync(
        string name, string moment, Role role, ExportOptions options, string? target = null, KnownContent? content = null)
    {
        var instance = await instances.OpenAsync(name, Token);
        await using var dump = File.OpenRead(instance[moment].DumpPath);
        await using var database = await ArchiveDatabase.LoadAsync(dump, Token);
        var reader = await LibraryReader.OpenAsync(database.Connection, Token);
        var person = instance[moment][role];
        using var keys = await person.OpenAsync(reader, Token);
        var account = new ExportAccount(person.UserId, keys, reader, content ?? new KnownContent(instance[moment]));
        return (instance, await Exporter.RunAsync(account, target is null ? Target : folder[target], options, new FixedTime(), RunEvents.Nowhere(), Token));
    }

    private static DateTimeOffset Date(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    private static IEnumerable<string> Lines(IEnumerable<ExportedPath> paths) => paths.Select(path => $"{path.Path} {path.Sha256}").Order(StringComparer.Ordinal);

    private static IEnumerable<long> FileIds(string root) =>
        Directory.GetDirectories(root).Where(album => Directory.Exists(Path.Combine(album, ".meta"))).SelectMany(Sidecars).Select(FileId).Distinct().Order();

    private static List<JsonElement> Sidecars(string album) =>
        [.. Directory.GetFiles(Path.Combine(album, ".meta")).Where(file => Path.GetFileName(file) != "album_meta.json").Select(Read)];

    /// <summary>Every file with its hash, by path, without our own folder.</summary>
    private static IEnumerable<string> Tree(string root) =>
        Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(path => (Path.GetRelativePath(root, path), path)).Where(pair => !pair.Item1.StartsWith(".nestegg/", StringComparison.Ordinal))
            .Select(pair => $"{pair.Item1} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(pair.path)))}").Order(StringComparer.Ordinal);

    private static string Hash(string line) => line[^64..];

    private static void Compare(KnownFile expected, JsonElement sidecar, string folder)
    {
        var names = sidecar.GetProperty("info").GetProperty("fileNames").EnumerateArray().Select(name => name.GetString()!).ToList();
        if (expected.Caption is not null) Assert.Equal(expected.Caption, sidecar.GetProperty("description").GetString());
        if (expected.Info is { } info)
        {
            Assert.Equal($"{expected.Name}.json", Assert.Single(names));
            Assert.True(JsonElement.DeepEquals(info, Read(Path.Combine(folder, names[0]))));
            return;
        }

        Assert.Equal(expected.Name, sidecar.GetProperty("title").GetString());
        var hashes = names.Select(name => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, name))))).ToList();
        var wanted = expected.Parts.Count > 0 ? expected.Parts.Values : [expected.Sha256];
        Assert.Equal(wanted.Order(), hashes.Order());
    }

    private static long Id(string folder) => Read(Path.Combine(folder, ".meta", "album_meta.json")).GetProperty("id").GetInt64();

    private static long FileId(JsonElement sidecar) => sidecar.GetProperty("info").GetProperty("id").GetInt64();

    private static JsonElement Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path, Encoding.UTF8));
        return document.RootElement.Clone();
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);
    }
}

/// <summary>The objects of a known instance, changed as a test likes.</summary>
internal sealed class KnownContent(KnownMoment moment) : IContentSource
{
    private readonly Lock counting = new();
    private int open;

    /// <summary>Gives other bytes, or none.</summary>
    public Func<LibraryFile, byte[], byte[]?>? Change { get; init; }

    public TimeSpan Delay { get; init; }

    public int MostOpen { get; private set; }

    public async Task<Stream?> OpenAsync(LibraryFile file, CancellationToken cancellationToken)
    {
        lock (counting) MostOpen = Math.Max(MostOpen, ++open);
        await Task.Delay(Delay, cancellationToken);
        lock (counting) open--;
        var path = moment.Paths[file.Content!.Value.Key];
        return Change is null ? File.OpenRead(path) : Change(file, await File.ReadAllBytesAsync(path, cancellationToken)) is { } bytes ? new MemoryStream(bytes) : null;
    }
}
