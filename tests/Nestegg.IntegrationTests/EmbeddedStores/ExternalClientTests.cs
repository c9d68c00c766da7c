using System.Security.Cryptography;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.EmbeddedStores;

/// <summary>The programs that people use, against our store.</summary>
public sealed class ExternalClientTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private EmbeddedStore store = null!;
    private string bucket = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await EmbeddedStore.StartAsync(Token);
        bucket = await store.CreateBucketAsync(Token);
        Directory.CreateDirectory(folder["up/sub folder/é"]);
        File.WriteAllBytes(folder["up/one"], RandomNumberGenerator.GetBytes(1000));
        File.WriteAllBytes(folder["up/empty"], []);
        File.WriteAllBytes(folder["up/sub folder/é/two+three%20.bin"], RandomNumberGenerator.GetBytes(300_000));
        File.WriteAllBytes(folder["up/big"], RandomNumberGenerator.GetBytes(12 * 1024 * 1024));
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Rclone_syncs_up_checks_copies_and_syncs_down()
    {
        Assert.SkipUnless(ExternalProgram.Find("rclone") is not null, "rclone is not installed");
        await RcloneAsync("sync", folder["up"], $"s3:{bucket}/in");
        await RcloneAsync("check", "--download", folder["up"], $"s3:{bucket}/in");
        await RcloneAsync("copy", $"s3:{bucket}/in", $"s3:{bucket}/copied");
        await RcloneAsync("sync", $"s3:{bucket}/copied", folder["down"]);
        Same(folder["up"], folder["down"]);
        File.Delete(folder["up/one"]);
        await RcloneAsync("sync", folder["up"], $"s3:{bucket}/in");
        Assert.DoesNotContain("one", await RcloneAsync("lsf", $"s3:{bucket}/in"), StringComparison.Ordinal);
        await RcloneAsync("purge", $"s3:{bucket}/in");
        Assert.Equal("copied/", (await RcloneAsync("lsf", $"s3:{bucket}")).Trim());
    }

    [Fact]
    public async Task S3cmd_syncs_up_lists_and_syncs_down()
    {
        Assert.SkipUnless(ExternalProgram.Find("s3cmd") is not null, "s3cmd is not installed");
        await S3cmdAsync("mb", "s3://made-by-s3cmd");
        await S3cmdAsync("sync", "--multipart-chunk-size-mb=5", folder["up"] + "/", "s3://made-by-s3cmd/in/");
        var listed = await S3cmdAsync("ls", "--recursive", "s3://made-by-s3cmd/");
        Assert.Contains("s3://made-by-s3cmd/in/sub folder/é/two+three%20.bin", listed, StringComparison.Ordinal);
        Assert.Equal(4, listed.Trim().Split('\n').Length);
        await S3cmdAsync("cp", "s3://made-by-s3cmd/in/big", "s3://made-by-s3cmd/in/big2");
        await S3cmdAsync("del", "s3://made-by-s3cmd/in/big2");
        Directory.CreateDirectory(folder["down"]);
        await S3cmdAsync("sync", "s3://made-by-s3cmd/in/", folder["down"] + "/");
        Same(folder["up"], folder["down"]);
        await S3cmdAsync("rb", "--recursive", "--force", "s3://made-by-s3cmd");
    }

    private Task<string> RcloneAsync(params string[] arguments) => ExternalProgram.RunAsync(
        "rclone", [.. arguments, "--retries=1", "--low-level-retries=1", "--s3-chunk-size=5Mi", "--s3-upload-cutoff=5Mi"], Token,
        new Dictionary<string, string?>
        {
            ["RCLONE_CONFIG"] = folder["rclone.conf"], ["RCLONE_CONFIG_S3_TYPE"] = "s3", ["RCLONE_CONFIG_S3_PROVIDER"] = "Other",
            ["RCLONE_CONFIG_S3_ENDPOINT"] = store.Endpoint.ToString(), ["RCLONE_CONFIG_S3_ACCESS_KEY_ID"] = EmbeddedStore.AccessKey,
            ["RCLONE_CONFIG_S3_SECRET_ACCESS_KEY"] = EmbeddedStore.SecretKey,
            ["RCLONE_CONFIG_S3_FORCE_PATH_STYLE"] = "true", ["AWS_CA_BUNDLE"] = null,
        });

    private async Task<string> S3cmdAsync(params string[] arguments)
    {
        await File.WriteAllTextAsync(folder["s3cfg"], $"""
            [default]
            access_key = {EmbeddedStore.AccessKey}
            secret_key = {EmbeddedStore.SecretKey}
            host_base = {store.Endpoint.Authority}
            host_bucket = {store.Endpoint.Authority}
            use_https = False
            """, Token);
        return await ExternalProgram.RunAsync("s3cmd", [
            "--config=" + folder["s3cfg"], "--no-progress", .. arguments
        ], Token, new Dictionary<string, string?> { ["LC_ALL"] = "C.UTF-8" });
    }

    private static void Same(string expected, string actual)
    {
        static Dictionary<string, string> Contents(string root) => Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .ToDictionary(
                path => Path.GetRelativePath(root, path), path => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
        Assert.Equal(Contents(expected).OrderBy(file => file.Key), Contents(actual).OrderBy(file => file.Key));
    }
}
