using System.Text.Json;
using System.Text.RegularExpressions;
using Nestegg.Ente.Configuration;

namespace Nestegg.Instance;

/// <summary>
/// Runs the container engine's program with these arguments and gives what it printed; <see langword="null"/> when it is absent or fails.
/// </summary>
internal delegate Task<string?> RunEngine(IReadOnlyList<string> arguments, CancellationToken cancellationToken);

/// <summary>Where a host name of the compose network can be reached from here.</summary>
/// <param name="Configured">As the instance's configuration has it.</param>
/// <param name="Reachable">The address to use instead.</param>
/// <param name="Service">The compose service that it belongs to.</param>
/// <param name="IsPublished">
/// Through a port that the engine publishes; else it is the container's own address, which another start may change.
/// </param>
internal sealed record DiscoveredAddress(Endpoint Configured, Endpoint Reachable, string Service, bool IsPublished);

/// <summary>
/// Asks Docker for the addresses behind the host names of a compose network, which exist only inside of it. The quickstart publishes
/// MinIO's port and not PostgreSQL's; and museum's <c>localhost:3200</c> is a relay (socat) in museum's network that leads to MinIO.
/// </summary>
internal sealed partial class ContainerDiscovery(RunEngine docker)
{
    public async Task<IReadOnlyList<DiscoveredAddress>> FindAsync(IEnumerable<Endpoint> wanted, CancellationToken cancellationToken)
    {
        if (await docker(["compose", "ps", "--format", "json"], cancellationToken) is not { } listing)
        {
            return [];
        }

        var ids = ReadIds(listing).ToArray();
        if (ids.Length == 0 || await docker(["inspect", .. ids], cancellationToken) is not { } description)
        {
            return [];
        }

        using var document = JsonDocument.Parse(description);
        var containers = document.RootElement.EnumerateArray().ToArray();
        return [.. wanted.Select(endpoint => Find(endpoint, containers)).OfType<DiscoveredAddress>()];
    }

    private static DiscoveredAddress? Find(Endpoint endpoint, JsonElement[] containers)
    {
        var relayed = IsLoopback(endpoint.Host) ? Relay(endpoint.Port, containers) : endpoint;
        if (relayed is not { } target)
        {
            return null;
        }

        foreach (var container in containers.Where(container => HasName(container, target.Host)))
        {
            var service = Text(container, "Config", "Labels", "com.docker.compose.service") ?? target.Host;
            if (PublishedPort(container, target.Port) is { } published)
            {
                return new DiscoveredAddress(endpoint, published, service, IsPublished: true);
            }

            if (Addresses(container).FirstOrDefault() is { } address)
            {
                return new DiscoveredAddress(endpoint, new Endpoint(address, target.Port), service, IsPublished: false);
            }
        }

        return null;
    }

    // `TCP-LISTEN:3200,fork,reuseaddr TCP:minio:3200`
    private static Endpoint? Relay(int port, JsonElement[] containers) =>
        containers.Select(container => RelayArguments().Match(string.Join(' ', Strings(container, "Args"))))
            .Where(match => match.Success && match.Groups["listen"].Value == port.ToString())
            .Select(match => (Endpoint?)new Endpoint(match.Groups["host"].Value, int.Parse(match.Groups["port"].Value)))
            .FirstOrDefault();

    private static bool HasName(JsonElement container, string host) =>
        Text(container, "Config", "Labels", "com.docker.compose.service") == host
        || Text(container, "Name")?.TrimStart('/') == host
        || Networks(container).Any(network => Strings(network, "Aliases").Contains(host));

    private static Endpoint? PublishedPort(JsonElement container, int port)
    {
        if (Child(container, "NetworkSettings", "Ports", $"{port}/tcp") is not { ValueKind: JsonValueKind.Array } bindings)
        {
            return null;
        }

        foreach (var binding in bindings.EnumerateArray())
        {
            if (!int.TryParse(Text(binding, "HostPort"), out var hostPort))
            {
                continue;
            }

            var address = Text(binding, "HostIp");
            return new Endpoint(address is null or "" or "0.0.0.0" or "::" ? "127.0.0.1" : address, hostPort);
        }

        return null;
    }

    private static IEnumerable<string> Addresses(JsonElement container) =>
        Networks(container).Select(network => Text(network, "IPAddress")).OfType<string>().Where(address => address.Length > 0);

    private static IEnumerable<JsonElement> Networks(JsonElement container) =>
        Child(container, "NetworkSettings", "Networks") is { ValueKind: JsonValueKind.Object } networks
            ? networks.EnumerateObject().Select(network => network.Value)
            : [];

    // Compose prints an array, or since 2.21 an object a line.
    private static IEnumerable<string> ReadIds(string listing)
    {
        var lines = listing.TrimStart().StartsWith('[')
            ? [listing]
            : listing.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var line in lines)
        {
            using var document = JsonDocument.Parse(line);
            var items = document.RootElement.ValueKind == JsonValueKind.Array
                ? document.RootElement.EnumerateArray().ToArray()
                : [document.RootElement];
            foreach (var id in items.Select(item => Text(item, "ID")).OfType<string>())
            {
                yield return id;
            }
        }
    }

    private static bool IsLoopback(string host) => host is "localhost" or "127.0.0.1" or "::1";

    private static JsonElement? Child(JsonElement element, params string[] path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element;
    }

    private static string? Text(JsonElement element, params string[] path) =>
        Child(element, path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static IEnumerable<string> Strings(JsonElement element, string name) =>
        Child(element, name) is { ValueKind: JsonValueKind.Array } list
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)
            : [];

    [GeneratedRegex(@"TCP4?-LISTEN:(?<listen>\d+)\S*\s+TCP4?:(?<host>[^:\s]+):(?<port>\d+)")]
    private static partial Regex RelayArguments();
}
