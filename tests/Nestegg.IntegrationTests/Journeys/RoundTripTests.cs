using Nestegg.IntegrationTests.Restore;
using Nestegg.Repositories.Files;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Journeys;

/// <summary>
/// The main job from end to end, on the command line, with real servers: two moments into one repository, everything lost, both brought
/// back.
/// </summary>
public class RoundTripTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task Two_moments_are_backed_up_lost_and_restored_byte_for_byte(string name)
    {
        using var instance = await instances.StartAsync(name, "t1", servers, Token);
        var (first, before) = (await BackupAsync(instance), instance.Moment);
        await instance.MoveToAsync("t2", Token);
        var second = await BackupAsync(instance);
        await ExpectCleanAsync(instance, "check", "--read");
        await ExpectCleanAsync(instance, "audit", "--live");
        await ExpectCleanAsync(instance, "audit", "--snapshot", first, "--identity", instance.IdentityPath);
        await ExpectCleanAsync(instance, "audit", "--snapshot", second, "--identity", instance.IdentityPath);

        await instance.DestroyAsync(Token);
        await RestoreAsync(instance, first, before);
        await RestoreAsync(instance, second, instance.Moment);
    }

    [Theory]
    [InstanceData("Ceph")]
    [InstanceData("embedded")]
    public async Task A_repository_in_a_bucket_is_written_checked_audited_and_read_back(string name, string kind)
    {
        var ceph = await servers.CephAsync(Token);
        await using var embedded = await EmbeddedStore.StartAsync(Token);
        using var instance = await instances.StartAsync(name, "t2", servers, Token);
        var (bucket, endpoint) = kind == "Ceph"
            ? (await ceph.CreateBucketAsync(Token), ceph.Endpoint)
            : (await embedded.CreateBucketAsync(Token), embedded.Endpoint);
        var address = $"s3://{bucket}/backups?endpoint={endpoint}&region={CephGateway.Region}&path-style=true";
        var (accessKey, secretKey) = kind == "Ceph"
            ? (CephGateway.AccessKey, CephGateway.SecretKey)
            : (EmbeddedStore.AccessKey, EmbeddedStore.SecretKey);
        var configuration = await instance.UseRepositoryAtAsync(address, accessKey, secretKey, Token);

        await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--config", configuration);
        await Cli.ExpectAsync(ExitCode.Done, Token, "check", "--read", "--config", configuration);
        await Cli.ExpectAsync(
            ExitCode.Done, Token, "audit", "--snapshot", "latest", "--identity", instance.IdentityPath, "--config", configuration);
        await Cli.ExpectAsync(ExitCode.Done, Token, "restore", "--objects-to", instance["objects"], "--config", configuration);
        Assert.All(
            instance.Moment.Objects,
            item => Assert.Equal(item.Hash, ObjectHash.Of(File.ReadAllBytes(Path.Combine(instance["objects"], item.Key)))));
    }

    private static async Task<string> BackupAsync(RunningInstance instance)
    {
        var run = await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--json", "--config", instance.ConfigurationPath);
        Assert.True(run.Summary.GetProperty("complete").GetBoolean());
        return run.Summary.GetProperty("snapshot").GetString()!;
    }

    private static async Task ExpectCleanAsync(RunningInstance instance, params string[] command)
    {
        var run = await Cli.ExpectAsync(ExitCode.Done, Token, [.. command, "--json", "--config", instance.ConfigurationPath]);
        Assert.Empty(run.FindingCodes("error"));
        Assert.Empty(run.FindingCodes("warning"));
    }

    private async Task RestoreAsync(RunningInstance instance, string snapshot, KnownMoment moment)
    {
        // Nothing but the repository and the identity, on a machine with a new database, a new bucket and new secrets.
        using var target = await NewInstance.CreateAsync(servers, moment, Token);
        string[] map = [.. target.Map.SelectMany(entry => new[] { "--map", entry })];
        var run = await Cli.ExpectAsync(
            ExitCode.Done, Token,
            ["restore", "--json", "--repository", instance.RepositoryFolder, "--identity", instance.IdentityPath, "--snapshot", snapshot,
            "--into", target.Folder, .. map]);
        Assert.True(run.Summary.GetProperty("complete").GetBoolean());
        Assert.Equal(NewInstance.Expected(moment), await target.HashObjectsAsync(Token));
        await NewInstance.AssertTablesAsync(target, moment, Token);
    }
}
