using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Nestegg.Ente.Configuration;
using Nestegg.Instance.Programs;

namespace Nestegg.Instance;

/// <summary>
/// Which of an instance's addresses do not lead anywhere from this machine, and what the container engine says about them.
/// </summary>
internal static class Reachability
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EngineLimit = TimeSpan.FromSeconds(20);

    /// <summary>The database and the configured buckets, as configured, each once.</summary>
    public static IEnumerable<Endpoint> EndpointsOf(MuseumConfiguration configuration) =>
        BucketSlots.From(configuration).Configured.Select(slot => slot.Address).OfType<Uri>()
            .Select(address => new Endpoint(address.IdnHost.Trim('[', ']'), address.Port))
            .Prepend(DatabaseSettings.From(configuration).Endpoint)
            .Where(endpoint => !endpoint.Host.StartsWith('/'))
            .Distinct();

    /// <summary>Those whose name does not resolve, or that are on this machine and do not answer.</summary>
    public static async Task<IReadOnlyList<Endpoint>> FindUnreachableAsync(
        IEnumerable<Endpoint> endpoints, EndpointMap map, TimeProvider time, CancellationToken cancellationToken)
    {
        var unreachable = new List<Endpoint>();
        foreach (var endpoint in endpoints)
        {
            var target = map.Resolve(endpoint);
            var isLocal = target.Host is "localhost" or "127.0.0.1" or "::1";
            if (isLocal ? !await AnswersAsync(target, time, cancellationToken) : !await ResolvesAsync(target.Host, cancellationToken))
            {
                unreachable.Add(endpoint);
            }
        }

        return unreachable;
    }

    /// <summary>Runs <c>docker</c> in the instance's folder.</summary>
    public static RunEngine Docker(string folder, TimeProvider time) => async (arguments, cancellationToken) =>
    {
        using var clock = new CancellationTokenSource(EngineLimit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellationToken);
        var start = new ProcessStartInfo("docker", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        try
        {
            await using var run = new ProgramRun("docker", start, []);
            run.StandardInput.Close();
            using var reader = new StreamReader(run.StandardOutput);
            var text = await reader.ReadToEndAsync(limit.Token);
            return await run.WaitAsync(limit.Token) == 0 ? text : null;
        }
        catch (Exception exception) when (exception is NesteggException or Win32Exception
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // No engine, no answer: the caller says how to give the addresses by hand.
            return null;
        }
    };

    private static async Task<bool> ResolvesAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            return (await Dns.GetHostAddressesAsync(host, cancellationToken)).Length > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<bool> AnswersAsync(Endpoint endpoint, TimeProvider time, CancellationToken cancellationToken)
    {
        using var clock = new CancellationTokenSource(ConnectLimit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellationToken);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(endpoint.Host, endpoint.Port, limit.Token);
            return true;
        }
        catch (Exception exception) when (exception is SocketException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
