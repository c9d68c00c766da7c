using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Export;

/// <summary>
/// Known instances, exported from their dumps and objects, compared with what was put into them or what independent programs saw and wrote.
/// </summary>
public sealed class InstanceExportTests(KnownInstances instances) : ExportedInstance(instances)
{
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
        Assert.Equal(Lines(instance[moment][role].Export!),
            Tree(Target).Where(line => !line.StartsWith("ente_auth", StringComparison.Ordinal)));
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
            var path = Directory.EnumerateFiles(
                Target, "album_meta.json", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
                .Select(file => Path.GetDirectoryName(Path.GetDirectoryName(file))!).Single(found => Id(found) == album.Id);
            var sidecars = Sidecars(path);
            Assert.Equal(album.Files.Select(file => file.Id).Order(), sidecars.Select(FileId).Order());
            foreach (var file in album.Files)
            {
                Compare(file, sidecars.Single(found => FileId(found) == file.Id), path);
            }
        }
    }

    [Theory]
    [InstanceData]
    public async Task A_file_in_two_albums_is_written_once_unless_copies_are_asked_for(string name)
    {
        var owner = (await MomentAsync(name, "t1"))[Role.Owner];
        var (first, second, shared) = (from one in owner.Albums
                                       from other in owner.Albums
                                       let both = one.Files.IntersectBy(other.Files.Select(file => file.Id), file => file.Id).ToList()
                                       where one.Id < other.Id && both.Count > 0
                                       select (one, other, both)).First();
        var (_, summary) = await ExportAsync(
            name, "t1", Role.Owner, new ExportOptions { Albums = [first.Name.ToLowerInvariant(), second.Name.ToUpperInvariant() + " "] });
        Assert.Equal((2L, shared.Count), (summary.Albums, summary.Linked));
        await File.AppendAllTextAsync(Path.Combine(Target, first.Name, shared[0].Name!), "x", Token);
        Assert.EndsWith("x", await File.ReadAllTextAsync(Path.Combine(Target, second.Name, shared[0].Name!), Token));

        await ExportAsync(name, "t1", Role.Owner, new ExportOptions { Albums = [first.Name, second.Name], Copies = true }, "copies");
        await File.AppendAllTextAsync(Path.Combine(At("copies"), first.Name, shared[0].Name!), "x", Token);
        Assert.False((await File.ReadAllTextAsync(Path.Combine(At("copies"), second.Name, shared[0].Name!), Token)).EndsWith('x'));
    }

    [Theory]
    [InstanceData]
    public async Task Filters_leave_out_what_they_say(string name)
    {
        var moment = await MomentAsync(name, "t1");
        var owner = moment[Role.Owner];
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
            albums.SelectMany(album => album.Files).Where(file => file.Time >= from && file.Time < until).Select(file => file.Id)
                .Distinct().Order(),
            FileIds(Target));

        var sharee = moment[Role.Sharee].UserId;
        var (_, theirs) = await ExportAsync(name, "t1", Role.Owner, new ExportOptions { Owners = [sharee] }, "theirs");
        var expected = owner.Files.Where(file => file.OwnerId == sharee).ToList();
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Count, theirs.Files);
        Assert.Equal(expected.Select(file => file.Id).Order(), FileIds(At("theirs")));
    }

    [Theory]
    [InstanceData]
    public async Task Times_are_those_of_the_metadata(string name)
    {
        var album = OwnAlbum((await MomentAsync(name, "t1"))[Role.Sharee]);
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
    public async Task Several_files_are_fetched_at_once(string name)
    {
        var content = new KnownContent(await MomentAsync(name, "t1")) { Delay = TimeSpan.FromMilliseconds(20) };
        await ExportAsync(name, "t1", Role.Sharee, new ExportOptions { Parallel = 4 }, content: content);
        Assert.Equal(4, content.MostOpen);
    }

    private static DateTimeOffset Date(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    private static IEnumerable<long> FileIds(string root) =>
        Directory.GetDirectories(root).Where(album => Directory.Exists(Path.Combine(album, ".meta"))).SelectMany(Sidecars)
            .Select(FileId).Distinct().Order();

    private static List<JsonElement> Sidecars(string album) =>
        [.. Directory.GetFiles(Path.Combine(album, ".meta")).Where(file => Path.GetFileName(file) != "album_meta.json").Select(Read)];

    private static void Compare(KnownFile expected, JsonElement sidecar, string folder)
    {
        var names = sidecar.GetProperty("info").GetProperty("fileNames").EnumerateArray().Select(name => name.GetString()!).ToList();
        if (expected.Caption is not null)
        {
            Assert.Equal(expected.Caption, sidecar.GetProperty("description").GetString());
        }

        if (expected.Info is { } info)
        {
            Assert.Equal($"{expected.Name}.json", Assert.Single(names));
            Assert.True(JsonElement.DeepEquals(info, Read(Path.Combine(folder, names[0]))));
            return;
        }

        Assert.Equal(expected.Name, sidecar.GetProperty("title").GetString());
        var hashes = names.Select(name => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, name)))))
            .ToList();
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
}
