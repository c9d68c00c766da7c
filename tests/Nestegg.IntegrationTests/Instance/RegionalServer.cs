using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Nestegg.IntegrationTests.Instance;

/// <summary>Answers every request as an S3 endpoint does that is asked for a bucket of another region.</summary>
internal sealed class RegionalServer : IAsyncDisposable
{
    private const string Body = "<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong; expecting 'eu-central-1'</Message><Region>eu-central-1</Region></Error>";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;

    private RegionalServer()
    {
        listener.Start();
        serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public static RegionalServer Start() => new();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        listener.Dispose();
        stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(stop.Token);
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, leaveOpen: true);
                while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 })
                {
                }

                var answer = $"HTTP/1.1 400 Bad Request\r\nContent-Type: application/xml\r\nContent-Length: {Body.Length}\r\nDate: {DateTimeOffset.UtcNow:R}\r\nConnection: close\r\n\r\n{Body}";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
