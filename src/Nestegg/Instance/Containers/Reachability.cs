using System.Net;
using System.Net.Sockets;
using Nestegg.Ente.Configuration;

namespace Nestegg.Instance.Containers;

/// <summary>Which of an instance's addresses do not lead anywhere from this machine.</summary>
internal static class Reachability
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);

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

    /// <summary>Whether something takes a connection there within two seconds.</summary>
    public static async Task<bool> AnswersAsync(Endpoint endpoint, TimeProvider time, CancellationToken cancellationToken)
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
