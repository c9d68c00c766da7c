using Amazon.S3;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.EmbeddedStores;

public sealed class ObjectStoreCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task It_serves_until_it_is_interrupted_and_then_ends_in_order()
    {
        await File.WriteAllTextAsync(folder["keys"], "someone\nsecret\n", Token);
        using var interruption = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var port = ServerProcess.FreePort();
        var run = Cli.RunAsync(interruption.Token, "object-store", "--folder", folder[
            "buckets"], "--listen", $"127.0.0.1:{port}", "--credentials", folder["keys"]);
        using (var client = new AmazonS3Client(
            "someone", "secret", new AmazonS3Config { ServiceURL = $"http://127.0.0.1:{port}", ForcePathStyle = true }))
        {
            await client.PutBucketAsync("photos", Token);
        }

        var second = await Cli.ExpectAsync(ExitCode.OutOfReach, Token, "object-store", "--folder", folder[
            "other"], "--listen", $"127.0.0.1:{port}", "--credentials", folder["keys"]);
        Assert.Contains($"another program listens on 127.0.0.1:{port}", second.Error, StringComparison.Ordinal);
        await interruption.CancelAsync();
        var ended = await run;
        Assert.Equal(ExitCode.Done, ended.ExitCode);
        Assert.Contains("not for production", ended.Out, StringComparison.Ordinal);
        Assert.True(Directory.Exists(folder["buckets/photos"]));
    }

    [Theory]
    [InlineData("one line only")]
    [InlineData("key\n \n")]
    [InlineData(null)]
    public async Task A_file_without_two_lines_is_named(string? content)
    {
        if (content is not null)
        {
            await File.WriteAllTextAsync(folder["keys"], content, Token);
        }

        var run =
            await Cli.ExpectAsync(ExitCode.BadInput, Token, "object-store", "--folder", folder["buckets"], "--credentials", folder["keys"]);
        Assert.Contains(folder["keys"], run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_keys_or_with_a_bad_address_it_says_what_to_give()
    {
        Assert.Contains("NESTEGG_OBJECT_STORE_SECRET", (await Cli.ExpectAsync(
            ExitCode.BadInput, Token, "object-store", "--folder", folder["buckets"])).Error, StringComparison.Ordinal);
        Assert.Contains("'3200'", (await Cli.ExpectAsync(
            ExitCode.BadInput, Token, "object-store", "--folder", folder["buckets"], "--listen", "3200")).Error, StringComparison.Ordinal);
    }
}
