using System.Text.RegularExpressions;
using Nestegg.IntegrationTests.Restore;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Journeys;

/// <summary>Runs the blocks of docs/recover-by-hand.md as they stand there, in one shell, with none of our code.</summary>
public partial class RecoverByHandTests(SharedServers servers, KnownInstances instances)
{
    private static readonly string[] Programs =
        ["bash", "age", "zstd", "tar", "sha256sum", "awk", "jq", "minisign", "psql", "pg_restore", "rclone"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task The_document_brings_database_and_objects_back_without_nestegg(string name)
    {
        var absent = Programs.Where(program => ExternalProgram.Find(program) is null).ToArray();
        Assert.SkipUnless(absent.Length == 0, $"not installed: {string.Join(", ", absent)}");
        using var instance = await instances.StartAsync(name, "t1", servers, Token);
        await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--config", instance.ConfigurationPath);
        await instance.MoveToAsync("t2", Token);
        await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--config", instance.ConfigurationPath);

        using var target = await NewInstance.CreateAsync(servers, instance.Moment, Token);
        await File.WriteAllTextAsync(instance["rclone.conf"], $"""
            [ente]
            type = s3
            provider = Ceph
            access_key_id = {CephGateway.AccessKey}
            secret_access_key = {CephGateway.SecretKey}
            endpoint = {target.Ceph.Endpoint}
            """, Token);
        var script = string.Join(
            '\n', ShellBlocks(await File.ReadAllTextAsync(RepositoryRoot.Combine("docs", "recover-by-hand.md"), Token)));
        await ExternalProgram.RunAsync("bash", ["-c", script], Token, new Dictionary<string, string?>
        {
            ["REPOSITORY"] = instance.RepositoryFolder,
            ["IDENTITY"] = instance.IdentityPath,
            ["WORK"] = instance["work"],
            ["DATABASE_URL"] = target.Postgres.ConnectionUri(target.Database),
            ["RCLONE_REMOTE"] = $"ente:{target.Bucket}",
            ["RCLONE_CONFIG"] = instance["rclone.conf"],
            ["AWS_CA_BUNDLE"] = null,
        });

        Assert.Equal(NewInstance.Expected(instance.Moment), await target.HashObjectsAsync(Token));
        await NewInstance.AssertTablesAsync(target, instance.Moment, Token);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(instance.Folder, "museum.yaml"), Token), await File.ReadAllTextAsync(
            Path.Combine(instance["work"], "instance", "museum.yaml"), Token));
    }

    private static IEnumerable<string> ShellBlocks(string document) =>
        ShellBlock().Matches(document).Select(match => match.Groups[1].Value);

    [GeneratedRegex("^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
