using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Restore;

/// <summary>The program itself, ended in the middle and started again.</summary>
public sealed class InterruptedRestoreTests(SharedServers servers, KnownInstances instances) : IDisposable
{
    private readonly TemporaryFolder temporary = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => temporary.Dispose();

    [Theory]
    [InstanceData("KILL", 11)]
    [InstanceData("TERM", 12)]
    [InstanceData("INT", 13)]
    public async Task A_restore_that_is_ended_at_any_moment_goes_on_where_it_was(string name, string signal, int seed)
    {
        using var snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(name, Token))["t1"], Token);
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        var random = new Random(seed);
        var interrupted = 0;
        for (var delayMs = 300; ; delayMs += 300 + random.Next(400))
        {
            var (exitCode, output) = await RunAsync(snapshot, target, signal, delayMs);
            if (exitCode == 0 || output.Contains("rows neutralised:", StringComparison.Ordinal))
            {
                break;
            }

            interrupted++;
            Assert.True(exitCode is 130 or 137, $"exit code {exitCode} after {delayMs} ms: {output}");
            Assert.True(interrupted < 60, output);
        }

        Assert.InRange(interrupted, 1, 60);
        Assert.Equal(0, (await RunAsync(["snapshots", "--repository", snapshot.RepositoryPath], signal, delayMs: 0)).ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(temporary.Path));
        Assert.Equal(NewInstance.Expected(snapshot.Moment), await target.HashObjectsAsync(Token));
        Assert.Equal(snapshot.Moment.Users, await target.AskAsync<long>("SELECT count(*) FROM users", Token));
        Assert.Equal(0L, await target.AskAsync<long>("SELECT count(*) FROM tokens", Token));
        Assert.Equal(0L, await target.AskAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname = 'nestegg_restore'", Token));
        var (again, said) = await RunAsync(snapshot, target, signal, delayMs: 0);
        Assert.True(again == 0, said);

        // Raised once, however many runs it took.
        var highest = await target.AskAsync<long>("SELECT max(file_id) FROM files", Token);
        Assert.InRange(await target.AskAsync<long>("SELECT nextval('files_file_id_seq')", Token) - highest, 1_000_000, 1_001_000);
    }

    [Theory]
    [InstanceData]
    public async Task The_command_shows_its_plan_restores_and_says_what_to_do_next(string name)
    {
        using var snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(name, Token))["t1"], Token);
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        var (planned, plan) = await RunAsync(snapshot, target, "KILL", delayMs: 0, "--dry-run");
        Assert.Equal(0, planned);
        Assert.Contains(target.Bucket, plan);
        Assert.Contains("key.encryption", plan);
        Assert.Contains("is empty and is filled", plan);
        Assert.Empty(await target.HashObjectsAsync(Token));

        var (done, text) = await RunAsync(snapshot, target, "KILL", delayMs: 0);
        Assert.Equal(0, done);
        Assert.Contains("ENTE_JOBS_CRON_SKIP=true", text);
        Assert.Contains("a password that was changed later is not valid", text);
        var (repeated, nothingLeft) = await RunAsync(snapshot, target, "KILL", delayMs: 0);
        Assert.Equal(0, repeated);
        Assert.Contains("was restored from this snapshot by the run of", nothingLeft);

        // As soon as somebody uses it, it is a database like any other.
        await target.ExecuteAsync("INSERT INTO users (email_hash, creation_time) VALUES ('new', 1)", Token);
        var (again, refused) = await RunAsync(snapshot, target, "KILL", delayMs: 0);
        Assert.Equal(2, again);
        Assert.Contains("error: ", refused);
        Assert.Contains($"--overwrite-database {target.Database}", refused);
        Assert.DoesNotContain("   at ", refused);
    }

    [Theory]
    [InstanceData]
    public async Task The_objects_alone_need_no_identity(string name)
    {
        using var snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(name, Token))["t1"], Token);
        using var folder = new TemporaryFolder();
        string[] arguments = ["restore", "--repository", snapshot.RepositoryPath, "--objects-to", folder["objects"]];
        for (var run = 0; run < 2; run++)
        {
            var (exitCode, output) = await RunAsync(arguments, "KILL", delayMs: 0);
            Assert.True(exitCode == 0, output);
        }

        foreach (var item in snapshot.Moment.Objects)
        {
            Assert.Equal(await File.ReadAllBytesAsync(
                item.FilePath, Token), await File.ReadAllBytesAsync(Path.Combine(folder["objects"], item.Key), Token));
        }
    }

    private Task<(int ExitCode, string Output)> RunAsync(
        KnownSnapshot snapshot, NewInstance target, string signal, int delayMs, params string[] more) => RunAsync(
        [
            "restore", "--repository", snapshot.RepositoryPath, "--identity", snapshot.IdentityPath, "--into", target.Folder,
            .. target.Map.SelectMany(entry => new[] { "--map", entry }), .. more,
        ],
        signal, delayMs);

    private async Task<(int ExitCode, string Output)> RunAsync(string[] arguments, string signal, int delayMs)
    {
        await using var run = CliProcess.StartIn(temporary, arguments);
        var end = run.EndAsync(Token);
        if (delayMs > 0 && await Task.WhenAny(end, Task.Delay(delayMs, Token)) != end)
        {
            await run.SignalAsync(signal, Token);
        }

        var ended = await end;
        return ((int)ended.ExitCode, ended.Out + ended.Error);
    }
}
