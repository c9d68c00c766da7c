using System.Net;
using System.Net.Sockets;

namespace Nestegg.TestKit.Servers;

/// <summary>Stands between a client and a server and breaks the connection in the middle of an answer, or lets it fall silent.</summary>
public sealed class FaultyProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Uri target;
    private readonly Task serving;
    private int faults;
    private int connections;

    public FaultyProxy(Uri target)
    {
        this.target = target;
        listener.Start();
        Endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        serving = ServeAsync();
    }

    public Uri Endpoint { get; }

    public int Connections => Volatile.Read(ref connections);

    /// <summary>After so many bytes of an answer, a connection that has a fault left breaks.</summary>
    public long CutAfterBytes { get; set; } = long.MaxValue;

    /// <summary>Instead of breaking, the connection stays open and silent.</summary>
    public bool FallSilent { get; set; }

    /// <summary>How many more connections are to break; each breaks once.</summary>
    public int Faults
    {
        get => Volatile.Read(ref faults);
        set => Volatile.Write(ref faults, value);
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await serving;
        listener.Dispose();
        ending.Dispose();
    }

    private async Task ServeAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(ending.Token);
                Interlocked.Increment(ref connections);
                open.Add(RelayAsync(client));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(target.Host, target.Port, ending.Token);
                var up = client.GetStream().CopyToAsync(server.GetStream(), ending.Token);
                var down = AnswerAsync(server.GetStream(), client.GetStream());
                await Task.WhenAny(up, down);
                client.Close();
                server.Close();
                await Task.WhenAll(up, down);
            }
            catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException or OperationCanceledException
                or InvalidOperationException)
            {
                // A broken connection is what this is for.
                return;
            }
        }
    }

    private async Task AnswerAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[16 * 1024];
        for (long passed = 0; ;)
        {
            var count = await from.ReadAsync(buffer, ending.Token);
            if (count == 0)
            {
                return;
            }

            passed += count;
            if (passed > CutAfterBytes && Interlocked.Decrement(ref faults) >= 0)
            {
                if (FallSilent)
                {
                    await Task.Delay(Timeout.Infinite, ending.Token);
                }

                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, count), ending.Token);
        }
    }
}
