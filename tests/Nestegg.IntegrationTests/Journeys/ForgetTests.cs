using Nestegg.Repositories.Files;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Journeys;

/// <summary>Snapshots of whole instances are forgotten and kept again, in a folder and in a bucket.</summary>
public class ForgetTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData("folder")]
    [InstanceData("Ceph")]
    public async Task What_was_forgotten_and_kept_again_is_restored_byte_for_byte(string name, string kind)
    {
        using var instance = await instances.StartAsync(name, "t1", servers, Token);
        var configuration = kind == "folder" ? instance.ConfigurationPath : await UseCephAsync(instance);
        var (first, before) = (await BackupAsync(configuration), instance.Moment);
        await instance.MoveToAsync("t2", Token);
        var second = await BackupAsync(configuration);

        var forgotten = await RunAsync("forget", "--keep-last", "1");
        Assert.Equal([false, true], forgotten.Events()
            .Where(line => line.GetProperty("event").GetString() == "plan").Select(line => line.GetProperty("kept").GetBoolean()));
        Assert.Equal([second], await ListAsync());
        Assert.Contains("snapshot-forgotten", await RestoreAsync(first, "while-forgotten", before));
        Assert.Empty((await RunAsync("check", "--read")).FindingCodes("error"));

        Assert.Equal(1, (await RunAsync("unforget", first)).Summary.GetProperty("kept").GetInt32());
        Assert.Equal([first, second], await ListAsync());
        Assert.DoesNotContain("snapshot-forgotten", await RestoreAsync(first, "kept-again", before));
        await RestoreAsync(second, "latest", instance.Moment);
        await RunAsync("audit", "--snapshot", first, "--identity", instance.IdentityPath);
        Assert.Empty((await RunAsync("check", "--read")).FindingCodes("error"));

        Task<Cli> RunAsync(params string[] command) =>
            Cli.ExpectAsync(ExitCode.Done, Token, [.. command, "--json", "--config", configuration]);

        async Task<IReadOnlyList<string>> ListAsync() =>
        [
            .. (await RunAsync("snapshots")).Events().Where(line => line.GetProperty("event").GetString() == "snapshot")
                .Select(line => line.GetProperty("id").GetString()!),
        ];

        async Task<IEnumerable<string>> RestoreAsync(string snapshot, string folder, KnownMoment moment)
        {
            var run = await RunAsync("restore", "--snapshot", snapshot, "--objects-to", instance[folder]);
            Assert.All(moment.Objects, item => Assert.Equal(item.Hash, ObjectHash.Of(File.ReadAllBytes(instance[$"{folder}/{item.Key}"]))));
            return run.FindingCodes("note");
        }
    }

    [Theory]
    [InstanceData(Only = KnownInstances.Sample)]
    public async Task The_zone_of_the_machine_changes_nothing(string name)
    {
        using var instance = await instances.StartAsync(name, "t1", servers, Token);
        await BackupAsync(instance.ConfigurationPath);
        await File.AppendAllTextAsync(instance.ConfigurationPath, "\nretention:\n  time-zone: Europe/Berlin\n  keep-hourly: 3\n", Token);
        var here = await Cli.ExpectAsync(
            ExitCode.Done, Token, "forget", "--dry-run", "--json", "--config", instance.ConfigurationPath);
        foreach (var zone in new[] { "America/Los_Angeles", "Pacific/Kiritimati", "UTC" })
        {
            await using var there = CliProcess.Start(
                new Dictionary<string, string>(Cli.Variables) { ["TZ"] = zone },
                "forget", "--dry-run", "--json", "--config", instance.ConfigurationPath);
            Assert.Equal(here.Out.TrimEnd(), (await there.EndAsync(Token)).Out.TrimEnd());
        }
    }

    private static async Task<string> BackupAsync(string configuration) =>
        (await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--json", "--config", configuration)).Summary
            .GetProperty("snapshot").GetString()!;

    private async Task<string> UseCephAsync(RunningInstance instance)
    {
        var ceph = await servers.CephAsync(Token);
        var bucket = await ceph.CreateBucketAsync(Token);
        var address = $"s3://{bucket}/backups?endpoint={ceph.Endpoint}&region={CephGateway.Region}&path-style=true";
        return await instance.UseRepositoryAtAsync(address, CephGateway.AccessKey, CephGateway.SecretKey, Token);
    }
}
