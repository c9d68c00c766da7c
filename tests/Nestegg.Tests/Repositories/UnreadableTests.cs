using System.Net.Sockets;
using Nestegg.Checks;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Restore;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

/// <summary>One item or one folder that may not be read: it is told, and all else goes on.</summary>
public sealed class UnreadableTests : IDisposable
{
    private static readonly Dictionary<string, byte[]> Objects = Enumerable.Range(1, 5)
        .ToDictionary(i => $"1/{i}", i => SampleRepository.Content(i < 4 ? 1_050_000 + i : 5_000 + i, i));

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("snapshot.json")]
    [InlineData("snapshot.json.minisig")]
    public async Task A_snapshot_of_another_user_keeps_none_of_the_others_from_being_listed(string file)
    {
        using var sample = await MakeAsync();
        var ids = (await sample.Repository.ListSnapshotsAsync(Token)).Finished;
        await DenyAsync(sample, $"snapshots/{ids[1]}/{file}");
        var unread = new List<string>();
        var list = await sample.Repository.ListSnapshotsAsync(Token);
        unread.AddRange(list.Unread.Select(failure => failure.Message));
        var read = await sample.Repository.ReadManifestsAsync((_, failure) =>
        {
            unread.Add(failure.Message);
            return default;
        }, Token).Select(manifest => manifest.Id).ToListAsync(Token);
        Assert.Equal([ids[2], ids[0]], read);
        Assert.Contains("permission denied", Assert.Single(unread));
    }

    [Fact]
    public async Task The_latest_snapshot_is_not_an_older_one_without_a_word_where_a_newer_one_cannot_be_seen()
    {
        using var sample = await MakeAsync();
        var ids = (await sample.Repository.ListSnapshotsAsync(Token)).Finished;
        await DenyAsync(sample, $"snapshots/{ids[^1]}/");
        Assert.Contains("permission denied", Assert.Single(await FindingsOfLatestAsync(ids[^2])).Message);

        await DenyAsync(sample, "snapshots/");
        var failure = await Assert.ThrowsAsync<NesteggException>(() => FindingsOfLatestAsync(ids[0]));
        Assert.Contains("permission denied", failure.Message);

        async Task<IReadOnlyList<Finding>> FindingsOfLatestAsync(SnapshotId expected)
        {
            var events = new RunEvents();
            Assert.Equal(expected, (await sample.Repository.ReadManifestAsync("latest", new RunLog(events), Token)).Id);
            return events.Findings;
        }
    }

    [Fact]
    public async Task The_latest_snapshot_is_not_an_older_one_without_a_word_where_this_machine_has_seen_a_newer_one()
    {
        using var sample = await MakeAsync();
        var ids = (await sample.Repository.ListSnapshotsAsync(Token)).Finished;
        var newest = await sample.Repository.ReadManifestAsync(ids[^1], Token);
        sample.Repository.Remembered = new PreviousManifest(newest.Id, newest.Hash);
        Directory.Delete(folder[$"repository/snapshots/{newest.Id}"], recursive: true);
        var events = new RunEvents();
        Assert.Equal(ids[^2], (await sample.Repository.ReadManifestAsync("latest", new RunLog(events), Token)).Id);
        var finding = Assert.Single(events.Findings);
        Assert.Equal(("rolled-back", Severity.Warning), (finding.Code, finding.Severity));
        Assert.Contains(newest.Id.ToString(), finding.Message);
    }

    [Fact]
    public async Task A_folder_among_the_locks_that_may_not_be_read_bars_nobody_and_locks_that_cannot_be_seen_do()
    {
        using var sample = await MakeAsync();
        var log = new RunLog(new RunEvents());
        Directory.CreateDirectory(folder["repository/locks/x"]);
        File.WriteAllText(folder["repository/locks/x/y"], "");
        await DenyAsync(sample, "locks/x/");
        await using (await sample.Repository.LockAsync("backup", log, TimeProvider.System, Random.Shared, Token))
        {
        }

        await DenyAsync(sample, "locks/");
        var failure = await Assert.ThrowsAsync<NesteggException>(
            () => sample.Repository.LockAsync("backup", log, TimeProvider.System, Random.Shared, Token));
        Assert.Contains("permission denied", failure.Message);
    }

    [Theory]
    [InlineData("locks/a\\b.json", false)]
    [InlineData("index/a\\b", false)]
    [InlineData("damage/a\\b.txt", false)]
    [InlineData("locks/socket.json", true)]
    [InlineData("damage/socket.txt", true)]
    [InlineData("snapshots/20270101T000000Z-00999abc/snapshot.json", true)]
    public async Task An_item_that_is_no_file_or_no_name_of_ours_stops_no_writer(string key, bool isSocket)
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await sample.BackUpAsync(Objects, Token);
        var path = Path.Combine(folder.Path, key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (isSocket)
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
        }
        else
        {
            File.WriteAllText(path, "");
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-2));
        }

        // A lock that cannot be read counts by its age alone.
        if (key.StartsWith("locks/", StringComparison.Ordinal))
        {
            await ExternalProgram.RunAsync("touch", ["-d", "2 days ago", path], Token);
        }

        var log = new RunLog(new RunEvents());
        await using var hold = await sample.Repository.LockAsync("backup", log, TimeProvider.System, Random.Shared, Token);
        Assert.Equal(0, (await sample.BackUpAsync(Objects, Token)).Counts.NewObjects);
    }

    public static TheoryData<string> Kinds => ["snapshots/", "index/", "packs/", "objects/"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_check_names_it_and_looks_at_everything_else(string kind)
    {
        using var sample = await MakeAsync();
        var whole = (await CheckAsync(sample)).Counts;
        var key = await FirstAsync(kind);
        await DenyAsync(sample, key);
        var (findings, counts) = await CheckAsync(sample);
        Assert.NotEmpty(findings);
        Assert.All(findings, finding => Assert.Contains("permission denied", finding.Message));
        Assert.All(findings, finding => Assert.Contains(key, finding.Message));
        Assert.InRange(whole.ReadFiles - counts.ReadFiles, kind == "index/" ? 0 : 1, 3);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_folder_that_may_not_be_listed_is_named_by_a_check(string kind)
    {
        using var sample = await MakeAsync();
        var key = await FirstAsync(kind);
        var denied = key[..(key.LastIndexOf('/') + 1)];
        await DenyAsync(sample, denied);
        var findings = (await CheckAsync(sample)).Findings;
        Assert.Contains(findings, finding => finding.Code == "folder-unreadable" && finding.Message.Contains(denied));
        Assert.DoesNotContain(findings, finding => finding.Code is "snapshot-gone" or "rolled-back");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_next_snapshot_is_made_all_the_same(string kind)
    {
        using var sample = await MakeAsync();
        await DenyAsync(sample, await FirstAsync(kind));
        var manifest = await sample.BackUpAsync(Objects, Token);
        Assert.Equal(Objects.Count, manifest.Index.Sum(index => index.Rows));
        Assert.Equal(kind == "index/" ? Objects.Count : 0, manifest.Counts.NewObjects);
    }

    [Fact]
    public async Task What_cannot_be_listed_is_not_taken_for_gone()
    {
        using var sample = await MakeAsync();
        var key = await FirstAsync("objects/");
        await DenyAsync(sample, key[..(key.LastIndexOf('/') + 1)]);
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var objects = await writer.LoadObjectsAsync(Token);
        Assert.Equal("presence-unknown", Assert.Single(objects.Findings).Code);
        Assert.Equal(0, objects.Known.Lost().Count);
    }

    [Theory]
    [InlineData("objects/")]
    [InlineData("packs/")]
    public async Task A_restore_writes_all_other_objects_however_many_may_not_be_read(string kind)
    {
        using var sample = await MakeAsync();
        var manifest = await sample.Repository.ReadManifestAsync("latest", RunEvents.Nowhere(), Token);
        var denied = await sample.Repository.ReadLiveRowsAsync(manifest, Token).CountAsync(row => row.StoredAs.StartsWith(kind), Token);
        await DenyAsync(sample, kind);
        var log = new RunLog(new RunEvents());
        var transfer = new ObjectTransfer(sample.Repository, new FolderTarget(folder["restored"]), 2, log);
        var counts = await transfer.RunAsync(sample.Repository.ReadLiveRowsAsync(manifest, Token), manifest.Counts, Token);
        Assert.Equal((Objects.Count - denied, denied), (counts.Written, counts.Failed));
    }

    [Fact]
    public async Task A_record_of_damage_that_may_not_be_deleted_fails_no_backup()
    {
        using var sample = await MakeAsync();
        await DenyAsync(sample, "damage/");
        await sample.Repository.DamageClaims.SettleAsync(new VerifiedDamage(["damage/a.txt"], new HashSet<string>(), []), [], Token);
    }

    private async Task<SampleRepository> MakeAsync()
    {
        var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder["repository"]), Token);
        for (var i = 0; i < 3; i++)
        {
            await sample.BackUpAsync(Objects, Token);
        }

        return sample;
    }

    private Task DenyAsync(SampleRepository sample, string key) =>
        sample.ReopenAsync(new DeniedStore(new LocalStore(folder["repository"]), asked => asked == key), Token);

    private async Task<string> FirstAsync(string kind)
    {
        await using var store = new LocalStore(folder["repository"]);
        return await store.ListAsync(kind, Token).Select(item => item.Key).FirstAsync(Token);
    }

    private static async Task<(IReadOnlyList<Finding> Findings, CheckCounts Counts)> CheckAsync(SampleRepository sample)
    {
        using var memory = new TemporaryFolder();
        var log = new RunLog(new RunEvents());
        var options = new CheckOptions { Read = ReadScope.All, MemoryFolder = memory.Path, Random = Random.Shared };
        var counts = await new RepositoryCheck(sample.Repository, options, log).RunAsync(Token);
        return (log.Findings, counts);
    }
}
