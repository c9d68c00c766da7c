using System.Globalization;

namespace Nestegg.Ente.Configuration;

/// <summary>A host and a port. IPv6 addresses are written in brackets: <c>[::1]:5432</c>.</summary>
public readonly record struct Endpoint(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c>.</summary>
    public static bool TryParse(string text, out Endpoint endpoint)
    {
        var isParsed = TryParse(text, out var host, out var port) && port is not null;
        endpoint = isParsed ? new Endpoint(host, port!.Value) : default;
        return isParsed;
    }

    /// <summary><c>host:port</c>.</summary>
    public override string ToString() => Format(Host, Port);

    /// <summary>Reads <c>host:port</c>, or <c>host</c> alone.</summary>
    internal static bool TryParse(string text, out string host, out int? port)
    {
        (host, port) = (text, null);
        var colon = text.LastIndexOf(':');
        if (colon >= 0 && !text.EndsWith(']'))
        {
            host = text[..colon];
            port = int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        }

        var isBracketed = host.StartsWith('[') && host.EndsWith(']');
        var isHost = host.Length > 0 && !host.Any(char.IsWhiteSpace) && (isBracketed || !host.Contains(':'));
        host = isBracketed ? host[1..^1] : host;
        return isHost && port is null or >= 1 and <= 65535;
    }

    internal static string Format(string host, int? port) => (host.Contains(':') ? $"[{host}]" : host) + (port is null ? "" : $":{port}");
}

/// <summary>
/// Which address to use for a host name that only exists inside the instance's own network: <c>postgres:5432=127.0.0.1:5432</c>.
/// An entry without ports is for every port of that host.
/// </summary>
public sealed class EndpointMap
{
    // A side without a port is for every port, and leaves the port as it is.
    private readonly Dictionary<(string Host, int? Port), (string Host, int? Port)> entries = [];

    /// <summary>Maps nothing.</summary>
    public static EndpointMap Empty { get; } = new();

    /// <summary>The entries in the form that <see cref="Parse"/> reads.</summary>
    public IEnumerable<string> Entries =>
        entries.Select(entry => $"{Endpoint.Format(entry.Key.Host, entry.Key.Port)}={Endpoint.Format(entry.Value.Host, entry.Value.Port)}");

    /// <exception cref="EnteException">An entry is not <c>host:port=host:port</c>.</exception>
    public static EndpointMap Parse(IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var map = new EndpointMap();
        foreach (var text in texts)
        {
            if (text.Split('=') is not [var from, var to]
                || !Endpoint.TryParse(Folded(from), out var host, out var port)
                || !Endpoint.TryParse(to.Trim(), out var toHost, out var toPort))
            {
                throw new EnteException(
                    $"The map entry `{text}` is not of the form host:port=host:port.", "For example: postgres:5432=127.0.0.1:5432");
            }

            map.entries[(host, port)] = (toHost, toPort);
        }

        return map;
    }

    /// <summary>Where to connect to for an address of the configuration; the address itself when nothing is said about it.</summary>
    public Endpoint Resolve(Endpoint endpoint)
    {
        var host = Folded(endpoint.Host);
        return entries.TryGetValue((host, endpoint.Port), out var target) || entries.TryGetValue((host, null), out target)
            ? new Endpoint(target.Host, target.Port ?? endpoint.Port)
            : endpoint;
    }

    /// <summary>The same for the address of a service.</summary>
    public Uri Resolve(Uri address)
    {
        var target = Resolve(new Endpoint(address.IdnHost.Trim('[', ']'), address.Port));
        return new UriBuilder(address) { Host = target.Host, Port = target.Port }.Uri;
    }

    private static string Folded(string host) => host.Trim().ToLowerInvariant();
}
