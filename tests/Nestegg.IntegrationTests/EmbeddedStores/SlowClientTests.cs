using System.Net.Sockets;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.EmbeddedStores;

/// <summary>Clients that hold a connection and do nothing with it. How long each test takes is the server's patience.</summary>
public sealed class SlowClientTests : IAsyncLifetime
{
    private EmbeddedStore store = null!;
    private string bucket = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await EmbeddedStore.StartImpatientAsync(Token);
        bucket = await store.CreateBucketAsync(Token);
    }

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public async Task An_upload_that_stands_still_is_ended_and_leaves_nothing()
    {
        var link = await LinkAsync(HttpVerb.PUT, "stalled");
        var answer = await TalkAsync(
            $"PUT {link.PathAndQuery} HTTP/1.1\r\nHost: {link.Authority}\r\nContent-Length: 1000\r\n\r\n0123456789");
        Assert.Contains("<Code>RequestTimeout</Code>", answer, StringComparison.Ordinal);
        Assert.Empty((await store.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Token)).S3Objects ?? []);
        Assert.Empty(Directory.GetFiles(Path.Combine(store.Folder, ".incoming")));
    }

    [Fact]
    public async Task Headers_that_never_end_are_ended()
    {
        var answer = await TalkAsync($"GET /{bucket} HTTP/1.1\r\nHost: {store.Endpoint.Authority}\r\nX-Slow: ");
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
    }

    // What was taken at first is no credit for later, however much it was.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(8 * 1024 * 1024, 0)]
    [InlineData(1024 * 1024, 8)]
    public async Task A_download_that_is_not_taken_is_ended(int atOnce, int eachTime)
    {
        const int length = 64 * 1024 * 1024;
        await store.Client.PutObjectAsync(
            new PutObjectRequest { BucketName = bucket, Key = "large", InputStream = new MemoryStream(new byte[length]) }, Token);
        var link = await LinkAsync(HttpVerb.GET, "large");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var client = await ConnectAsync($"GET {link.PathAndQuery} HTTP/1.1\r\nHost: {link.Authority}\r\n\r\n");
        var received = 0L;
        try
        {
            var buffer = new byte[1 << 20];
            await client.GetStream().ReadExactlyAsync(new byte[atOnce], limit.Token);
            received += atOnce;
            while (!client.Client.Poll(0, SelectMode.SelectError))
            {
                await Task.Delay(20, limit.Token);
                received += eachTime == 0 ? 0 : await client.GetStream().ReadAsync(buffer.AsMemory(0, eachTime), limit.Token);
            }

            while (await client.GetStream().ReadAsync(buffer, limit.Token) is > 0 and var count)
            {
                received += count;
            }
        }
        catch (IOException)
        {
            // The server has cut it off, which is what is wanted.
        }

        Assert.InRange(received, atOnce, length - 1);
    }

    private async Task<Uri> LinkAsync(HttpVerb verb, string key) => new(await store.Client.GetPreSignedURLAsync(new GetPreSignedUrlRequest
    {
        BucketName = bucket, Key = key, Verb = verb, Expires = DateTime.UtcNow.AddHours(1), Protocol = Protocol.HTTP,
    }));

    private async Task<TcpClient> ConnectAsync(string request)
    {
        var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(store.Endpoint.Host, store.Endpoint.Port, Token);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), Token);
        return client;
    }

    /// <summary>Everything that comes until the server closes the connection.</summary>
    private async Task<string> TalkAsync(string request)
    {
        using var client = await ConnectAsync(request);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(Token);
    }
}
