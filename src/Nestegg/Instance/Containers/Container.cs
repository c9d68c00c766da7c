using System.Text.Json.Serialization;

namespace Nestegg.Instance.Containers;

/// <summary>A container as <c>inspect</c> describes it, as far as it is read; Docker and Podman name these things alike.</summary>
internal sealed record Container
{
    public required string Id { get; init; }

    public string? Name { get; init; }

    /// <summary>The program that it runs.</summary>
    public string? Path { get; init; }

    public IReadOnlyList<string>? Args { get; init; }

    public ContainerSettings? Config { get; init; }

    public ContainerHost? HostConfig { get; init; }

    public IReadOnlyList<ContainerMount>? Mounts { get; init; }

    public ContainerNetworks? NetworkSettings { get; init; }

    public ContainerState? State { get; init; }

    /// <summary>The program of the engine that said it.</summary>
    [JsonIgnore]
    public string Engine { get; init; } = "";

    /// <summary>What a person calls it.</summary>
    [JsonIgnore]
    public string ShownName => Name?.TrimStart('/') ?? Id;

    [JsonIgnore]
    public string? Project => Label("com.docker.compose.project") ?? Label("io.podman.compose.project");

    [JsonIgnore]
    public string? Service => Label("com.docker.compose.service") ?? Label("io.podman.compose.service");

    /// <summary>Whether it runs; one of which the engine does not say it does.</summary>
    [JsonIgnore]
    public bool IsRunning => State?.Running != false;

    /// <summary>Its places in networks that names are given in; those that every container shares are none.</summary>
    [JsonIgnore]
    public IEnumerable<KeyValuePair<string, NetworkPlace>> Networks =>
        NetworkSettings?.Networks?.Where(network => network.Key is not ("bridge" or "podman" or "host" or "none")) ?? [];

    /// <summary>Whether it publishes something at this port of the machine when it runs.</summary>
    public bool WouldPublish(int hostPort) =>
        HostConfig?.PortBindings?.Values.Any(port => port?.Any(binding => binding.HostPort == hostPort.ToString()) == true) == true;

    public string? Label(string name) => Config?.Labels?.GetValueOrDefault(name);
}

internal sealed record ContainerSettings
{
    public string? Image { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The whole environment, <c>NAME=value</c>.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    public string? WorkingDir { get; init; }
}

internal sealed record ContainerHost
{
    public string? NetworkMode { get; init; }

    /// <summary>What it publishes when it runs.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?>? PortBindings { get; init; }
}

internal sealed record ContainerState
{
    public bool? Running { get; init; }

    /// <summary>A time as the engine writes it.</summary>
    public string? StartedAt { get; init; }
}

internal sealed record ContainerMount
{
    public string? Source { get; init; }

    /// <summary>Where it is inside.</summary>
    public string? Destination { get; init; }
}

internal sealed record ContainerNetworks
{
    public IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?>? Ports { get; init; }

    public IReadOnlyDictionary<string, NetworkPlace>? Networks { get; init; }
}

internal sealed record PortBinding
{
    public string? HostIp { get; init; }

    public string? HostPort { get; init; }
}

internal sealed record NetworkPlace
{
    public IReadOnlyList<string>? Aliases { get; init; }

    [JsonPropertyName("IPAddress")]
    public string? IpAddress { get; init; }

    [JsonPropertyName("GlobalIPv6Address")]
    public string? Ip6Address { get; init; }
}

[JsonSerializable(typeof(List<Container>))]
internal sealed partial class EngineJson : JsonSerializerContext;
