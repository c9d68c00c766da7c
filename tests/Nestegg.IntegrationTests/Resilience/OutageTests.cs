using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>What a backup needs goes away while it runs: it says what and where, harms nothing, and the next run completes.</summary>
public sealed class OutageTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData(IsLong = true)]
    public async Task A_PostgreSQL_that_is_killed_while_it_is_dumped(string name)
    {
        Assert.SkipUnless(PostgresServer.MissingReason is null, PostgresServer.MissingReason ?? "");
        await using var postgres = await PostgresServer.StartAsync(Token);
        using var instance = await StartAsync(name, postgres, await servers.CephAsync(Token));
        await PgDumpWrapper.ConfigureAsync(
            instance, "touch \"$MARK\"; while [ ! -e \"$GO\" ]; do sleep 0.05; done; exec \"$PG_DUMP\" \"$@\"", Token);
        await using (var run = CliProcess.Start("backup", "--config", instance.ConfigurationPath))
        {
            await PgDumpWrapper.ReachedAsync(instance, Token);
            postgres.Kill();
            PgDumpWrapper.GoOn(instance);
            await AssertDatabaseOutOfReachAsync(run, instance);
        }

        await PgDumpWrapper.RemoveAsync(instance, Token);
        await using (var run = CliProcess.Start("backup", "--config", instance.ConfigurationPath))
        {
            await AssertRefusalAsync(run, ExitCode.OutOfReach, instance.Database, "nothing listens");
        }

        await postgres.StartAgainAsync(Token);
        await AssertNextRunCompletesAsync(instance, earlier: 0);
    }

    [Theory]
    [InstanceData(IsLong = true)]
    public async Task A_connection_to_PostgreSQL_that_an_administrator_ends(string name)
    {
        using var instance = await StartAsync(name);

        // The connection whose moment pg_dump is to share: once pg_dump has it and the objects are listed, it is no longer needed.
        await PgDumpWrapper.ConfigureAsync(
            instance, "touch \"$MARK\"; while [ ! -e \"$GO\" ]; do sleep 0.05; done; \"$PG_DUMP\" \"$@\"", Token);
        await using var run = CliProcess.Start("backup", "--config", instance.ConfigurationPath);
        await PgDumpWrapper.ReachedAsync(instance, Token);
        await instance.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", Token);
        PgDumpWrapper.GoOn(instance);

        await AssertDatabaseOutOfReachAsync(run, instance);
        await PgDumpWrapper.RemoveAsync(instance, Token);
        await AssertNextRunCompletesAsync(instance, earlier: 0);
    }

    [Theory]
    [InstanceData(
        "\"$PG_DUMP\" \"$@\" | head -c 20000; echo 'pg_dump: error: the dog ate the rest' >&2; exit 1",
        "the dog ate the rest", IsLong = true)]
    [InstanceData("\"$PG_DUMP\" \"$@\" | head -c 20000; kill -KILL $$", "137", IsLong = true)]
    [InstanceData("exit 3", "3", IsLong = true)]
    public async Task A_pg_dump_that_dies_never_leaves_a_snapshot(string name, string script, string said)
    {
        using var instance = await StartAsync(name);
        await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--config", instance.ConfigurationPath);
        await PgDumpWrapper.ConfigureAsync(instance, script, Token);
        await using (var run = CliProcess.Start("backup", "--config", instance.ConfigurationPath))
        {
            await AssertRefusalAsync(run, ExitCode.OutOfReach, "pg_dump", said);
        }

        await PgDumpWrapper.RemoveAsync(instance, Token);
        await AssertNextRunCompletesAsync(instance, earlier: 1);
    }

    [Theory]
    [InstanceData(IsLong = true)]
    public async Task A_pg_dump_that_is_older_than_the_server(string name)
    {
        using var instance = await StartAsync(name);
        await PgDumpWrapper.ConfigureAsync(instance, "exit 1", Token, "pg_dump (PostgreSQL) 13.4");
        await using var run = CliProcess.Start("backup", "--config", instance.ConfigurationPath);
        await AssertRefusalAsync(run, ExitCode.BadInput, "pg_dump 13.4", "older than the server");
        await PgDumpWrapper.RemoveAsync(instance, Token);
        await AssertNextRunCompletesAsync(instance, earlier: 0);
    }

    [Theory]
    [InstanceData(IsLong = true)]
    public async Task A_bucket_that_goes_away_or_refuses_or_freezes_while_objects_are_copied(string name)
    {
        Assert.SkipUnless(CephGateway.MissingReason is null, CephGateway.MissingReason ?? "");
        await using var ceph = await CephGateway.StartAsync(Token);
        using var instance = await StartAsync(name, await servers.PostgresAsync(Token), ceph);

        // Nothing listens any more.
        await using (var run = await AtTheObjectsAsync(instance))
        {
            ceph.Kill();
            PgDumpWrapper.GoOn(instance);
            await AssertRefusalAsync(run, ExitCode.OutOfReach, instance.Bucket, "nothing listens");
        }

        Assert.Equal(0, await IntactAsync(instance));
        await ceph.StartGatewayAsync(Token);

        // The key was revoked.
        await using (var run = await AtTheObjectsAsync(instance))
        {
            await ceph.SetAllowedAsync(false, Token);
            PgDumpWrapper.GoOn(instance);
            await AssertRefusalAsync(run, ExitCode.OutOfReach, instance.Bucket, "403");
        }

        Assert.Equal(0, await IntactAsync(instance));
        await ceph.SetAllowedAsync(true, Token);

        // It freezes for some seconds: the run waits and completes.
        await using (var run = await AtTheObjectsAsync(instance))
        {
            await ceph.SuspendAsync(Token);
            PgDumpWrapper.GoOn(instance);
            await Task.Delay(5000, Token);
            await ceph.ResumeAsync(Token);
            await run.ExpectAsync(ExitCode.Done, Token);
        }

        Assert.Equal(1, await IntactAsync(instance));

        // It freezes, and a person gives up.
        await using (var run = await AtTheObjectsAsync(instance))
        {
            await ceph.SuspendAsync(Token);
            PgDumpWrapper.GoOn(instance);
            await Task.Delay(1000, Token);
            await run.SignalAsync("INT", Token);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            Assert.Contains((await run.EndAsync(limit.Token)).ExitCode, (ExitCode[])[ExitCode.Cancelled, ExitCode.Done]);
            await ceph.ResumeAsync(Token);
        }

        await PgDumpWrapper.RemoveAsync(instance, Token);
        await CliProcess.ExpectAsync(ExitCode.Done, Token, "backup", "--config", instance.ConfigurationPath);
    }

    [Theory]
    [InstanceData(IsLong = true)]
    public async Task A_disk_that_is_full(string name)
    {
        using var instance = await StartAsync(name);
        await using var disk = await SmallDisk.TryMountAsync("size=64m", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        await PutRepositoryOnAsync(instance, disk.Path);

        // At the first byte, in the dump, among the objects: as much room as that is left.
        foreach (var kilobytes in (int[])[0, 8, 200, 3_000, 8_000])
        {
            await FillAsync(disk.Path, 1024L * kilobytes);
            await using (var run = CliProcess.Start("backup", "--config", instance.ConfigurationPath))
            {
                await AssertRefusalAsync(run, ExitCode.OutOfReach, disk.Path, "the disk is full");
            }

            await using var store = new LocalStore(disk.Path);
            Assert.Equal(0, await NewRepository.AssertIntactAsync(store, $"{kilobytes} KiB left", Token));
            File.Delete(Path.Combine(disk.Path, "filler"));
        }

        await CliProcess.ExpectAsync(ExitCode.Done, Token, "backup", "--config", instance.ConfigurationPath);
    }

    [Theory]
    [InstanceData(IsLong = true)]
    public async Task A_repository_that_is_read_only(string name)
    {
        using var instance = await StartAsync(name);
        await using var disk = await SmallDisk.TryMountAsync("size=128m", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        await PutRepositoryOnAsync(instance, disk.Path);
        await disk.RemountAsync("ro", Token);
        await using (var run = CliProcess.Start("backup", "--config", instance.ConfigurationPath))
        {
            await AssertRefusalAsync(run, ExitCode.OutOfReach, disk.Path, "read-only");
        }

        await disk.RemountAsync("rw", Token);
        await CliProcess.ExpectAsync(ExitCode.Done, Token, "backup", "--config", instance.ConfigurationPath);
    }

    [Theory]
    [InstanceData(IsLong = true)]
    public async Task A_folder_for_temporary_files_that_is_full(string name)
    {
        using var instance = await StartAsync(name);
        await using var disk = await SmallDisk.TryMountAsync("size=64k", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        await FillAsync(disk.Path, 0);
        await using (var run = CliProcess.Start(
            new Dictionary<string, string> { ["TMPDIR"] = disk.Path }, "backup", "--config", instance.ConfigurationPath))
        {
            await AssertRefusalAsync(run, ExitCode.OutOfReach, disk.Path, "the disk is full");
        }

        await AssertNextRunCompletesAsync(instance, earlier: 0);
    }

    private async Task<RunningInstance> StartAsync(string name) =>
        await StartAsync(name, await servers.PostgresAsync(Token), await servers.CephAsync(Token));

    private async Task<RunningInstance> StartAsync(string name, PostgresServer postgres, CephGateway ceph)
    {
        Assert.SkipUnless(ExternalProgram.Find("setsid") is not null, "setsid is not installed");
        return await RunningInstance.StartAsync(await instances.OpenAsync(name, Token), "t1", postgres, ceph, Token);
    }

    /// <summary>Starts a backup and holds it between the dump and the copying, after the buckets were found to be in order.</summary>
    private static async Task<CliProcess> AtTheObjectsAsync(RunningInstance instance)
    {
        await PgDumpWrapper.ConfigureAsync(
            instance, "\"$PG_DUMP\" \"$@\"; touch \"$MARK\"; while [ ! -e \"$GO\" ]; do sleep 0.05; done", Token);
        var run = CliProcess.Start("backup", "--config", instance.ConfigurationPath);
        await PgDumpWrapper.ReachedAsync(instance, Token);
        return run;
    }

    private static async Task AssertRefusalAsync(CliProcess run, ExitCode expected, params string[] words)
    {
        var end = await run.ExpectAsync(expected, Token);
        ErrorTexts.AssertGood(end, words);
    }

    /// <summary>
    /// Rows are read while pg_dump runs, so either may be the first to find that the server or the shared connection has gone.
    /// </summary>
    private static async Task AssertDatabaseOutOfReachAsync(CliProcess run, RunningInstance instance)
    {
        var end = await run.ExpectAsync(ExitCode.OutOfReach, Token);
        ErrorTexts.AssertGood(end, end.Error.Contains("pg_dump", StringComparison.Ordinal) ? "pg_dump" : instance.Database);
    }

    private static async Task AssertNextRunCompletesAsync(RunningInstance instance, int earlier)
    {
        Assert.Equal(earlier, await IntactAsync(instance));
        await CliProcess.ExpectAsync(ExitCode.Done, Token, "backup", "--config", instance.ConfigurationPath);
        Assert.Equal(earlier + 1, await IntactAsync(instance));
    }

    private static async Task<int> IntactAsync(RunningInstance instance)
    {
        await using var store = new LocalStore(instance.RepositoryFolder);
        return await NewRepository.AssertIntactAsync(store, "after the outage", Token);
    }

    private static async Task PutRepositoryOnAsync(RunningInstance instance, string folder)
    {
        await ExternalProgram.RunAsync("cp", ["-a", instance.RepositoryFolder + "/.", folder], Token);
        var text = await File.ReadAllTextAsync(instance.ConfigurationPath, Token);
        await File.WriteAllTextAsync(instance.ConfigurationPath, text.Replace(
            $"repository: {instance.RepositoryFolder}", $"repository: {folder}", StringComparison.Ordinal), Token);
    }

    /// <summary>Leaves so much room and no more.</summary>
    private static async Task FillAsync(string folder, long leftBytes)
    {
        var length = Math.Max(0, new DriveInfo(folder).AvailableFreeSpace - leftBytes);
        await ExternalProgram.RunAsync("fallocate", ["-l", length.ToString(), Path.Combine(folder, "filler")], Token);
    }
}
