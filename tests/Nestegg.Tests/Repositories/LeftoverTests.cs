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

    private static async Task<int> RemoveAsync(SampleRepository sample)
    {
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        return await sample.Repository.Leftovers.RemoveAsync(writer.Id, TimeProvider.System.GetUtcNow(), Token);
    }

    private static async Task<CheckCounts> CheckAsync(SampleRepository sample, string? memory = null)
    {
        using var fresh = new TemporaryFolder();
        var options = new CheckOptions { MemoryFolder = memory ?? fresh.Path, Random = Random.Shared };
        return await new RepositoryCheck(sample.Repository, options, new RunLog(new RunEvents())).RunAsync(Token);
    }

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
