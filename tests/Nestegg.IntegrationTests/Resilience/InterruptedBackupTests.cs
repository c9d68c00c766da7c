using System.Text.RegularExpressions;
using Nestegg.Settings;
using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>The program itself, ended at many moments of a backup and started again.</summary>
public sealed partial class InterruptedBackupTests(SharedServers servers, KnownInstances instances) : IDisposable
{
    // What each moment is waited for with: a line of the program's output, or milliseconds after its first one.
    private static readonly string[] Steps =
        ["\"step\":\"database\"", "\"step\":\"configuration\"", "\"step\":\"objects\"", "\"event\":\"progress\"", "\"step\":\"commit\""];
    private static readonly int[] DelaysMs = [0, 150, 300, 450, 600, 800, 1100];

    private readonly TemporaryFolder temporary = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => temporary.Dispose();

    [Theory]
    [InstanceData("INT", IsLong = true)]
    [InstanceData("TERM", IsLong = true)]
    [InstanceData("KILL", IsLong = true)]
    public async Task A_backup_that_is_ended_at_any_moment_harms_nothing_and_the_next_fetches_the_rest(string name, string signal)
    {
        using var instance = await StartAsync(name);
        using var earlier = new TemporaryFolder();
        var total = await HalfBackedUpAsync(instance, instance.ConfigurationPath);
        await ExternalProgram.RunAsync("cp", ["-a", instance.RepositoryFolder, earlier["repository"]], Token);
        var interrupted = 0;
        foreach (var moment in Steps.Concat(DelaysMs.Select(delay => $"{delay} ms")))
        {
            Directory.Delete(instance.RepositoryFolder, recursive: true);
            await ExternalProgram.RunAsync("cp", ["-a", earlier["repository"], instance.RepositoryFolder], Token);
            await using var store = new LocalStore(instance.RepositoryFolder);
            interrupted += await InterruptAndGoOnAsync(instance.ConfigurationPath, store, signal, moment, total) ? 1 : 0;
            Assert.Empty(Directory.EnumerateFileSystemEntries(temporary.Path));
        }

        Assert.True(interrupted >= Steps.Length, $"only {interrupted} runs were interrupted: the rest had ended before");
    }

    [Theory]
    [InstanceData("TERM", IsLong = true)]
    [InstanceData("KILL", IsLong = true)]
    public async Task The_same_holds_of_a_repository_in_a_bucket(string name, string signal)
    {
        using var instance = await StartAsync(name);
        var ceph = await servers.CephAsync(Token);
        var address =
            $"s3://{await ceph.CreateBucketAsync(Token)}/nestegg?endpoint={ceph.Endpoint}&region={CephGateway.Region}&path-style=true";
        await using var store = StoreAddress.Parse(address).Open(new(CephGateway.AccessKey, CephGateway.SecretKey));
        var configuration = await instance.UseRepositoryAtAsync(address, CephGateway.AccessKey, CephGateway.SecretKey, Token);
        var total = await HalfBackedUpAsync(instance, configuration);

        // One repository for all moments, in which the objects that are new come from elsewhere each time: nothing is fetched twice all in
        // all.
        var (fetched, snapshots) = (0L, 1);
        foreach (var moment in (string[])["\"step\":\"database\"", "\"step\":\"objects\"", "200 ms", "500 ms", "\"step\":\"commit\""])
        {
            await using var run = CliProcess.Start("backup", "--json", "--parallel", "2", "--config", configuration);
            var (end, _) = await InterruptAsync(run, signal, moment);
            var (before, now) = (snapshots, await NewRepository.AssertIntactAsync(store, moment, Token));
            Assert.InRange(now, before, before + 1);

            // The signal may come between the last deed and the last word: then all that was left was fetched.
            fetched += now > before ? total - fetched : Kept(end);
            snapshots = now;
        }

        fetched += NewObjects(await CliProcess.ExpectAsync(ExitCode.Done, Token, "backup", "--json", "--config", configuration));
        if (signal == "TERM")
        {
            Assert.Equal(total, fetched);
        }

        Assert.Equal(snapshots + 1, await NewRepository.AssertIntactAsync(store, "at the end", Token));
        Assert.Equal(0, NewObjects(await CliProcess.ExpectAsync(ExitCode.Done, Token, "backup", "--json", "--config", configuration)));
    }

    [Theory]
    [InstanceData(IsLong = true)]
    public async Task An_interrupt_from_the_keyboard_that_ends_pg_dump_as_well_is_still_called_a_cancellation(string name)
    {
        using var instance = await StartAsync(name);
        await PgDumpWrapper.ConfigureAsync(instance, "touch \"$MARK\"; sleep 60", Token);
        await using var run = CliProcess.Start("backup", "--json", "--config", instance.ConfigurationPath);
        await PgDumpWrapper.ReachedAsync(instance, Token);
        await run.SignalAsync("INT", Token, toGroup: true);
        var end = await run.ExpectAsync(ExitCode.Cancelled, Token);
        Assert.Contains("\"message\":\"cancelled\"", end.Out);
    }

    [Theory]
    [InstanceData(IsLong = true)]
    public async Task The_second_interrupt_ends_it_where_it_stands(string name)
    {
        using var instance = await StartAsync(name);
        await PgDumpWrapper.ConfigureAsync(instance, "trap '' INT; touch \"$MARK\"; sleep 60", Token);
        await using var run = CliProcess.Start("backup", "--json", "--config", instance.ConfigurationPath);
        await PgDumpWrapper.ReachedAsync(instance, Token);
        await run.SignalAsync("INT", Token);
        await run.SignalAsync("INT", Token);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        Assert.Equal(ExitCode.Cancelled, (await run.EndAsync(limit.Token)).ExitCode);
    }

    private async Task<RunningInstance> StartAsync(string name)
    {
        Assert.SkipUnless(ExternalProgram.Find("setsid") is not null, "setsid is not installed");
        return await instances.StartAsync(name, "t1", servers, Token);
    }

    /// <summary>Takes a snapshot while the database names only every other file.</summary>
    /// <returns>How many objects are new after that.</returns>
    private static async Task<long> HalfBackedUpAsync(RunningInstance instance, string configuration)
    {
        await instance.ExecuteAsync(
            "CREATE TABLE set_aside AS SELECT * FROM object_keys; DELETE FROM object_keys WHERE file_id % 2 = 0", Token);
        var first = await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--json", "--config", configuration);
        await instance.ExecuteAsync(
            "DELETE FROM object_keys; INSERT INTO object_keys SELECT * FROM set_aside; DROP TABLE set_aside", Token);
        var total = instance.Moment.Objects.Count - NewObjects(first);
        Assert.True(total > 20);
        return total;
    }

    /// <returns>Whether the signal came before the end.</returns>
    private async Task<bool> InterruptAndGoOnAsync(string configuration, LocalStore store, string signal, string moment, long total)
    {
        await using var run = CliProcess.StartIn(temporary, "backup", "--json", "--parallel", "2", "--config", configuration);
        var (end, took) = await InterruptAsync(run, signal, moment);
        Assert.True(took < TimeSpan.FromSeconds(20), $"{moment}: it took {took.TotalSeconds:0.0} s to end");

        // The signal may come between the last deed and the last word: then the snapshot is there, whatever the exit code says.
        var snapshots = await NewRepository.AssertIntactAsync(store, moment, Token);
        Assert.InRange(snapshots, end.ExitCode == ExitCode.Done ? 2 : 1, 2);
        await using var again = CliProcess.StartIn(temporary, "backup", "--json", "--config", configuration);
        var next = await again.ExpectAsync(ExitCode.Done, Token);
        Assert.Equal(snapshots + 1, await NewRepository.AssertIntactAsync(store, moment, Token));
        if (snapshots == 2)
        {
            Assert.Equal(0, NewObjects(next));
        }
        else if (signal == "KILL")
        {
            Assert.InRange(NewObjects(next), 0, total);
        }
        else
        {
            Assert.True(
                Kept(end) + NewObjects(next) == total, $"{moment}: {Kept(end)} + {NewObjects(next)}, not {total}\n{end.Out}{end.Error}");
        }

        return end.ExitCode != ExitCode.Done;
    }

    private static async Task<(Cli End, TimeSpan Took)> InterruptAsync(CliProcess run, string signal, string moment)
    {
        var isDelay = moment.EndsWith(" ms", StringComparison.Ordinal);
        await run.WaitForAsync(isDelay ? "\"event\"" : moment, Token);
        if (isDelay)
        {
            await Task.Delay(int.Parse(moment[..^3]), Token);
        }

        await run.SignalAsync(signal, Token);
        var began = TimeProvider.System.GetTimestamp();
        var end = await run.EndAsync(Token);
        Assert.True(end.ExitCode is ExitCode.Done
            || (int)end.ExitCode == (signal == "KILL" ? 137 : 130), $"{moment}: exit code {(int)end.ExitCode}\n{end.Out}{end.Error}");
        return (end, TimeProvider.System.GetElapsedTime(began));
    }

    /// <summary>The objects that a run stored, whether it came to its end or not.</summary>
    private static long Kept(Cli run) => run.ExitCode == ExitCode.Done ? NewObjects(run)
        : StoppedText().Match(run.Out) is { Success: true } stopped ? long.Parse(stopped.Groups[1].Value) : 0;

    private static long NewObjects(Cli run) => run.Summary.GetProperty("newObjects").GetInt64();

    [GeneratedRegex("\"step\":\"stopped\",\"text\":\"(\\d+) objects? ")]
    private static partial Regex StoppedText();
}
