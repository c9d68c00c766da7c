using System.Text.Json;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Backup;

/// <summary>A repository that has lost something, in a folder and in a bucket: the next backup notices and mends.</summary>
public sealed class LossTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData("packs")]
    [InstanceData("objects")]
    public async Task What_is_gone_from_the_folder_is_fetched_again_and_every_snapshot_is_whole(string name, string what)
    {
        using var instance = await StartAsync(name);
        await BackUpAsync(instance.ConfigurationPath);
        var before = Content(instance, what);
        Directory.Delete(Path.Combine(instance.RepositoryFolder, what), recursive: true);
        await ExpectAsync(ExitCode.Damaged, "check", instance.ConfigurationPath);

        var run = await BackUpAsync(instance.ConfigurationPath);
        Assert.Contains("objects-gone", run.FindingCodes("warning"));
        Assert.DoesNotContain("snapshot-lost-objects", run.FindingCodes("warning"));
        Assert.True(run.Summary.GetProperty("complete").GetBoolean());
        Assert.Equal(before, Content(instance, what));
        await ExpectAsync(ExitCode.Done, "check", instance.ConfigurationPath, "--read");
        Assert.DoesNotContain("objects-gone", (await BackUpAsync(instance.ConfigurationPath)).FindingCodes("warning"));
    }

    [Theory]
    [InstanceData]
    public async Task Damage_that_a_check_found_is_mended_by_the_next_backup(string name)
    {
        using var instance = await StartAsync(name);
        await BackUpAsync(instance.ConfigurationPath);
        foreach (var path in Files(instance, "packs").Concat(Files(instance, "objects").Take(1)))
        {
            var bytes = await File.ReadAllBytesAsync(path, Token);
            bytes[600] ^= 1;
            await File.WriteAllBytesAsync(path, bytes, Token);
        }

        var check = await ExpectAsync(ExitCode.Damaged, "check", instance.ConfigurationPath, "--read");
        Assert.All(
            Hints(check).Where(hint => hint.Length > 0),
            hint => Assert.StartsWith("the next nestegg backup fetches it again while the live bucket has it", hint));
        Assert.Contains("objects-gone", (await BackUpAsync(instance.ConfigurationPath)).FindingCodes("warning"));
        await ExpectAsync(ExitCode.Done, "check", instance.ConfigurationPath, "--read");
        Assert.Empty(Files(instance, "damage"));
    }

    [Theory]
    [InstanceData]
    public async Task What_the_bucket_has_lost_as_well_is_told_of_each_snapshot(string name)
    {
        using var instance = await StartAsync(name);
        await BackUpAsync(instance.ConfigurationPath);
        var lost = instance.Moment.Originals().First(item => item.SizeBytes >= 1 << 20);
        File.Delete(Files(instance, "objects").Single(path => Path.GetFileName(path) == lost.Hash.ToString()));
        await instance.DeleteObjectAsync(lost.Key, Token);
        var run = await Cli.ExpectAsync(ExitCode.Incomplete, Token, "backup", "--json", "--config", instance.ConfigurationPath);
        Assert.Contains("snapshot-lost-objects", run.FindingCodes("warning"));
        Assert.Contains("has lost 1 of its", run.Out);
        Assert.Equal(1, run.Summary.GetProperty("missing").GetInt64());
    }

    [Theory]
    [InstanceData]
    public async Task A_lost_pack_of_which_one_object_is_gone_everywhere_costs_earlier_snapshots_that_one_alone(string name)
    {
        using var instance = await StartAsync(name);
        await BackUpAsync(instance.ConfigurationPath);
        var first = Path.GetFileName(Directory.GetDirectories(Path.Combine(instance.RepositoryFolder, "snapshots")).Single());
        var purged = instance.Moment.Objects.First(item => item.SizeBytes < 1 << 20 && item.Key.Split('/').Length == 2);
        await instance.DeleteObjectAsync(purged.Key, Token);
        Directory.Delete(Path.Combine(instance.RepositoryFolder, "packs"), recursive: true);

        var run = await Cli.ExpectAsync(ExitCode.Incomplete, Token, "backup", "--json", "--config", instance.ConfigurationPath);
        Assert.Contains($"the snapshot {first} has lost 1 of its", run.Out);
        var again = await Cli.ExpectAsync(ExitCode.Incomplete, Token, "backup", "--json", "--config", instance.ConfigurationPath);
        Assert.Equal(0, again.Summary.GetProperty("newObjects").GetInt64());
        Assert.Contains("1 object that an earlier run stored is gone", again.Out);

        using var folder = new TemporaryFolder();
        var restore = await TellAsync(ExitCode.Incomplete, "restore", "--snapshot", first, "--objects-to", folder["out"]);
        Assert.Equal(1, restore.Summary.GetProperty("failed").GetInt64());
        Assert.Equal(instance.Moment.Objects.Count - 1, Directory.GetFiles(folder["out"], "*", SearchOption.AllDirectories).Length);
        var audit = await TellAsync(ExitCode.Incomplete, "audit", "--snapshot", first, "--identity", instance.IdentityPath);
        Assert.Equal(1, audit.FindingCodes("error").Count(code => code == "object-missing"));
        var check = await TellAsync(ExitCode.Damaged, "check");
        Assert.Contains($"1 row needs it: {purged.Key}", check.Out);

        async Task<Cli> TellAsync(ExitCode expected, params string[] arguments)
        {
            var told = await Cli.ExpectAsync(expected, Token, [.. arguments, "--json", "--config", instance.ConfigurationPath]);
            Assert.Single(told.FindingCodes("note"), code => code == "objects-elsewhere");
            return told;
        }
    }

    [Theory]
    [InstanceData]
    public async Task An_index_that_is_gone_is_told_and_everything_is_fetched_again(string name)
    {
        using var instance = await StartAsync(name);
        await BackUpAsync(instance.ConfigurationPath);
        Directory.Delete(Path.Combine(instance.RepositoryFolder, "index"), recursive: true);
        var run = await BackUpAsync(instance.ConfigurationPath);
        Assert.Contains("index-missing", run.FindingCodes("warning"));
        Assert.Equal(instance.Moment.Objects.Count, run.Summary.GetProperty("newObjects").GetInt64());
    }

    [Theory]
    [InstanceData("packs")]
    [InstanceData("objects")]
    public async Task An_audit_of_a_snapshot_fails_when_the_repository_lacks_an_object(string name, string what)
    {
        using var instance = await StartAsync(name);
        await BackUpAsync(instance.ConfigurationPath);
        await AuditAsync(ExitCode.Done);
        File.Delete(Files(instance, what).First());
        var run = await AuditAsync(ExitCode.Incomplete);
        Assert.Contains("object-missing", run.FindingCodes("error"));
        Assert.Contains($"the repository has lost it: {what}/", run.Out);

        Task<Cli> AuditAsync(ExitCode expected) => Cli.ExpectAsync(
            expected, Token, "audit", "--json", "--snapshot", "latest", "--identity", instance.IdentityPath, "--config",
            instance.ConfigurationPath);
    }

    [Theory]
    [InstanceData]
    public async Task In_a_bucket_a_check_makes_the_next_backup_fetch_what_is_gone(string name)
    {
        using var instance = await StartAsync(name);
        await using var store = await EmbeddedStore.StartAsync(Token);
        var bucket = await store.CreateBucketAsync(Token);
        var configuration = await instance.UseRepositoryAtAsync(
            $"s3://{bucket}/nestegg?endpoint={store.Endpoint}&path-style=true", EmbeddedStore.AccessKey, EmbeddedStore.SecretKey, Token);
        await BackUpAsync(configuration);
        var packs = await store.Client.ListObjectsV2Async(new() { BucketName = bucket, Prefix = "nestegg/packs/" }, Token);
        foreach (var item in packs.S3Objects)
        {
            await store.Client.DeleteObjectAsync(bucket, item.Key, Token);
        }

        // A listing costs requests here: within a day of the last one a backup relies on that.
        Assert.DoesNotContain("objects-gone", (await BackUpAsync(configuration)).FindingCodes("warning"));
        await ExpectAsync(ExitCode.Damaged, "check", configuration);
        Assert.Contains("objects-gone", (await BackUpAsync(configuration)).FindingCodes("warning"));
        await ExpectAsync(ExitCode.Done, "check", configuration, "--read");
    }

    private Task<RunningInstance> StartAsync(string name) => instances.StartAsync(name, "t1", servers, Token);

    private static Task<Cli> BackUpAsync(string configuration) =>
        Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--json", "--config", configuration);

    private static Task<Cli> ExpectAsync(ExitCode expected, string command, string configuration, params string[] more) =>
        Cli.ExpectAsync(expected, Token, [command, "--json", "--config", configuration, .. more]);

    private static IEnumerable<string> Hints(Cli run) => run.Events()
        .Where(line => line.GetProperty("event").GetString() == "finding")
        .Select(line => line.TryGetProperty("hint", out var hint) && hint.ValueKind == JsonValueKind.String ? hint.GetString()! : "");

    private static string[] Files(RunningInstance instance, string folder) =>
        Directory.GetFiles(Path.Combine(instance.RepositoryFolder, folder), "*", SearchOption.AllDirectories);

    private static Dictionary<string, string> Content(RunningInstance instance, string folder) => Files(instance, folder)
        .ToDictionary(path => path, path => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))));
}
