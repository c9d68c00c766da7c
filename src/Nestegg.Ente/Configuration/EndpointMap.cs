namespace Nestegg.Ente.Configuration;

/// <summary>A host and a port. IPv6 addresses are written in brackets: <c>[::1]:5432</c>.</summary>
public readonly record struct Endpoint(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c>, or <c>host</c> alone, whose port is then 0.</summary>
    public static bool TryParse(string text, out Endpoint endpoint)
    {
        endpoint = default;
        var port = 0;
        var host = text;
        var colon = text.LastIndexOf(':');
        if (colon >= 0 && !text.EndsWith(']'))
        {
            host = text[..colon];
            if (!int.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out port) || port is < 1 or > 65535)
                return false;
        }

        var isBracketed = host.StartsWith('[') && host.EndsWith(']');
        if (host.Length == 0 || host.Any(char.IsWhiteSpace) || (host.Contains(':') && !isBracketed))
            return false;

        endpoint = new Endpoint(isBracketed ? host[1..^1] : host, port);
        return true;
    }

    /// <summary><c>host:port</c>.</summary>
    public override string ToString() => (Host.Contains(':') ? $"[{Host}]" : Host) + (Port > 0 ? $":{Port}" : "");
}

/// <summary>
/// Which address to use for a host name that only exists inside the instance's own network: <c>postgres:5432=127.0.0.1:5432</c>.
/// An entry without ports is for every port of that host.
/// </summary>
public sealed class EndpointMap
{
    private readonly Dictionary<Endpoint, Endpoint> entries = [];

    /// <summary>Maps nothing.</summary>
    public static EndpointMap Empty { get; } = new();

    /// <summary>The entries in the form that <see cref="Parse"/> reads.</summary>
    public IEnumerable<string> Entries => entries.Select(entry => $"{entry.Key}={entry.Value}");

    /// <exception cref="EnteException">An entry is not <c>host:port=host:port</c>.</exception>
    public static EndpointMap Parse(IEnumerable<string> texts)
    {
        var map = new EndpointMap();
        foreach (var text in texts)
        {
            var sides = text.Split('=');
            if (sides.Length != 2 || !Endpoint.TryParse(Folded(sides[0]), out var from) || !Endpoint.TryParse(sides[1].Trim(), out var to))
                throw new EnteException($"The map entry `{text}` is not of the form host:port=host:port.", "For example: postgres:5432=127.0.0.1:5432");

            map.entries[from] = to;
        }

        return map;
    }

    /// <summary>Where to connect to for an address of the configuration; the address itself when nothing is said about it.</summary>
    public Endpoint Resolve(Endpoint endpoint)
    {
        var key = endpoint with { Host = Folded(endpoint.Host) };
        if (!entries.TryGetValue(key, out var target) && !entries.TryGetValue(key with { Port = 0 }, out target))
            return endpoint;

        return target.Port > 0 ? target : target with { Port = endpoint.Port };
    }

    /// <summary>The same for the address of a service.</summary>
    public Uri Resolve(Uri address)
    {
        var target = Resolve(new Endpoint(address.IdnHost.Trim('[', ']'), address.Port));
        return new UriBuilder(address) { Host = target.Host, Port = target.Port }.Uri;
    }

    private static string Folded(string host) => host.Trim().ToLowerInvariant();
}
