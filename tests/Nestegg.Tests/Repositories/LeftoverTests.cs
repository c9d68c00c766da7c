using Nestegg.Checks;
using Nestegg.Repositories.Files;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

/// <summary>What interrupted runs leave in a repository: counted by a check, removed by a later writer, and nothing else with it.</summary>
public sealed class LeftoverTests : IDisposable
{
    private static readonly Dictionary<string, byte[]> Objects = new() { ["1/a"] = SampleRepository.Content(5_000, 1) };

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Snapshots_that_never_came_to_be_are_counted_and_removed()
    {
        using var sample = await MakeAsync();
        var committed = Directory.GetDirectories(folder["snapshots"]);
        for (var i = 0; i < 3; i++)
        {
            await BreakOffAsync(sample);
        }

        Assert.Equal(3, (await CheckAsync(sample)).Leftovers);
        Assert.Equal(3, await RemoveAsync(sample));
        Assert.Equal(committed, Directory.GetDirectories(folder["snapshots"]));
        Assert.Equal(0, (await CheckAsync(sample)).Leftovers);
    }

    [Theory]
    [InlineData("snapshot.json.minisig")]
    [InlineData("snapshot.json*")]
    public async Task A_snapshot_whose_signature_somebody_took_away_is_not_removed(string files)
    {
        using var sample = await MakeAsync();
        await sample.BackUpAsync(Objects, Token);
        var first = Directory.GetDirectories(folder["snapshots"]).Order(StringComparer.Ordinal).First();
        foreach (var path in Directory.GetFiles(first, files))
        {
            File.Delete(path);
        }

        Assert.Equal(0, await RemoveAsync(sample));
        Assert.True(File.Exists(Path.Combine(first, "database.dump.zst.age")));
    }

    [Fact]
    public async Task The_newest_snapshot_that_lost_its_manifest_is_no_leftover_to_a_machine_that_remembers_it()
    {
        using var sample = await MakeAsync();
        using var memory = new TemporaryFolder();
        var ids = new[] { (await sample.BackUpAsync(Objects, Token)).Id, (await sample.BackUpAsync(Objects, Token)).Id };
        Assert.Equal(0, (await CheckAsync(sample, memory.Path)).Errors);
        await BreakOffAsync(sample);
        foreach (var id in ids)
        {
            Strip(id);
        }

        var findings = await FindAsync(sample, memory.Path);
        Assert.Equal(ids.Select(id => $"snapshots/{id}/snapshot.json"), Subjects(findings, "snapshot-gone"));

        // Who remembers nothing sees by its number that the later one came after a snapshot that was signed.
        Assert.Equal($"snapshots/{ids[1]}/snapshot.json", Subjects(await FindAsync(sample), "snapshot-gone").First());
        Assert.Equal(1, await RemoveAsync(sample, ids));
        Assert.All(ids, id => Assert.True(File.Exists(folder[$"snapshots/{id}/database.dump.zst.age"])));
    }

    [Fact]
    public async Task Snapshots_that_are_gone_are_told_by_what_the_runs_after_them_signed()
    {
        using var sample = await MakeAsync();
        var run = await sample.BackUpAsync(new Dictionary<string, byte[]> { ["1/b"] = SampleRepository.Content(6_000, 2) }, Token);
        Directory.Delete(folder["snapshots"], recursive: true);
        var finding = Assert.Single(await FindAsync(sample));
        Assert.Equal(("rolled-back", Severity.Error), (finding.Code, finding.Severity));
        Assert.Contains(
            $"{run.Id} has left index files, and there was 1 snapshot before it; the newest that is here is none", finding.Message);
        await using (var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token))
        {
            Assert.Equal("rolled-back", Assert.Single((await writer.LoadObjectsAsync(Token)).Findings).Code);
        }

        // What nobody signed says nothing.
        var name = Directory.GetFiles(folder["index"]).Order(StringComparer.Ordinal).Last();
        File.WriteAllBytes(name, [.. File.ReadAllBytes(name)[..^1], 7]);
        Assert.DoesNotContain(await FindAsync(sample), finding => finding.Code == "rolled-back");
    }

    [Fact]
    public async Task An_empty_folder_is_counted_and_removed_like_other_leftovers()
    {
        using var sample = await MakeAsync();
        Directory.CreateDirectory(folder["snapshots/20260101T000000Z-00002abc"]);
        Directory.CreateDirectory(folder["proofs/of-somebody-who-writes-now"]);
        Assert.Equal(2, (await CheckAsync(sample)).Leftovers);
        Assert.Equal(1, await RemoveAsync(sample));
        Assert.Single(Directory.GetDirectories(folder["snapshots"]));
        Directory.SetLastWriteTimeUtc(folder["proofs/of-somebody-who-writes-now"], DateTime.UtcNow.AddHours(-25));
        Assert.Equal(1, await RemoveAsync(sample));
        Assert.Equal(0, (await CheckAsync(sample)).Leftovers);
    }

    [Fact]
    public async Task What_was_being_written_is_counted_at_once_and_removed_a_day_later()
    {
        using var sample = await MakeAsync();
        File.WriteAllText(folder["tmp/0123"], "half");
        Assert.Equal(1, (await CheckAsync(sample)).Leftovers);
        Assert.Equal(0, await RemoveAsync(sample));
        File.SetLastWriteTimeUtc(folder["tmp/0123"], DateTime.UtcNow.AddHours(-25));
        Assert.Equal(1, await RemoveAsync(sample));
        Assert.Equal(0, (await CheckAsync(sample)).Leftovers);
    }

    [Fact]
    public async Task A_check_remembers_a_repository_at_its_place_and_not_its_copy()
    {
        using var sample = await MakeAsync();
        Copy(folder["."], folder["copy"]);
        await sample.BackUpAsync(Objects, Token);
        using var memory = new TemporaryFolder();
        Assert.Equal(0, (await CheckAsync(sample, memory.Path)).Errors);

        // Older than the original, and rightly so.
        await sample.ReopenAsync(new LocalStore(folder["copy"]), Token);
        Assert.Equal(0, (await CheckAsync(sample, memory.Path)).Errors);
        await sample.ReopenAsync(new LocalStore(folder.Path), Token);
        Directory.Delete(Directory.GetDirectories(folder["snapshots"]).Order(StringComparer.Ordinal).Last(), recursive: true);
        Assert.NotEqual(0, (await CheckAsync(sample, memory.Path)).Errors);
    }

    private async Task<SampleRepository> MakeAsync()
    {
        var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder.Path), Token);
        await sample.BackUpAsync(Objects, Token);
        return sample;
    }

    private static async Task BreakOffAsync(SampleRepository sample)
    {
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        await writer.PutSecretAsync(
            SecretPart.Database, (stream, token) => stream.WriteAsync(SampleRepository.Database, token).AsTask(), 1000, Token);
    }

    private void Strip(SnapshotId id)
    {
        File.Delete(folder[$"snapshots/{id}/snapshot.json"]);
        File.Delete(folder[$"snapshots/{id}/snapshot.json.minisig"]);
    }

    private static IEnumerable<string> Subjects(IEnumerable<Finding> findings, string code) =>
        findings.Where(finding => finding.Code == code).Select(finding => finding.Subject);

    private static async Task<int> RemoveAsync(SampleRepository sample, params SnapshotId[] committed)
    {
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var now = TimeProvider.System.GetUtcNow();
        return (await sample.Repository.Leftovers.RemoveAsync(writer.Id, committed.ToHashSet(), now, Token)).Removed;
    }

    private static async Task<CheckCounts> CheckAsync(SampleRepository sample, string? memory = null)
    {
        using var fresh = new TemporaryFolder();
        return await CheckAsync(sample, memory ?? fresh.Path, new RunLog(new RunEvents()));
    }

    private static async Task<IReadOnlyList<Finding>> FindAsync(SampleRepository sample, string? memory = null)
    {
        using var fresh = new TemporaryFolder();
        var log = new RunLog(new RunEvents());
        await CheckAsync(sample, memory ?? fresh.Path, log);
        return log.Findings;
    }

    private static Task<CheckCounts> CheckAsync(SampleRepository sample, string memory, RunLog log) =>
        new RepositoryCheck(sample.Repository, new CheckOptions { MemoryFolder = memory, Random = Random.Shared }, log).RunAsync(Token);

    private static void Copy(string from, string to)
    {
        foreach (var path in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
    }
}
