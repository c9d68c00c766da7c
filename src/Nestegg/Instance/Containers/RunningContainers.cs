using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Nestegg.Ente.Configuration;

namespace Nestegg.Instance.Containers;

/// <summary>Where a host name of the containers' network can be reached from here, in this run: another start may change it.</summary>
/// <param name="Configured">As the instance's configuration has it.</param>
/// <param name="Reachable">The address to use instead.</param>
/// <param name="Container">The one that serves it.</param>
/// <param name="Port">The port that it serves it at inside.</param>
internal sealed record DiscoveredAddress(Endpoint Configured, Endpoint Reachable, Container Container, int Port);

/// <summary>
/// The containers that belong to an instance, found by what they are labelled with, what they mount and which networks they share; and
/// what is behind the host names that exist only inside of those networks. The quickstart publishes MinIO's port and not PostgreSQL's; and
/// museum's <c>localhost:3200</c> is a relay (socat) in museum's network that leads to MinIO.
/// </summary>
internal sealed partial class RunningContainers
{
    private const string FolderLabel = "com.docker.compose.project.working_dir";

    private readonly IReadOnlyList<Container> own;
    private readonly IReadOnlyList<Container> containers;
    private readonly IReadOnlyList<ContainerEngine> engines;

    private RunningContainers(
        IReadOnlyList<Container> all, string folder, IReadOnlyList<ContainerEngine> engines, IReadOnlyDictionary<string, string> refusals)
    {
        var running = all.Where(container => container.IsRunning).ToList();
        own = FindOwn(running, folder);
        IsFolders = own.Count > 0;
        own = IsFolders ? own : FindOnlyMuseum(running);
        containers = WithNeighbours(own, running);
        Stopped = StoppedOf(own, [.. all.Except(running)], folder);
        this.engines = engines;
        Refusals = refusals;
    }

    /// <summary>They name the folder or mount something of it; otherwise they are only those around the one museum that runs.</summary>
    public bool IsFolders { get; }

    /// <summary>
    /// Those that are museum by what they are given and called, of those that belong to the folder; several alike count once.
    /// </summary>
    public IReadOnlyList<Container> Museums
    {
        get
        {
            var ranked = own.Where(container => container.Label("com.docker.compose.oneoff") != "True")
                .Select(container => (Container: container, Rank: Rank(container)))
                .Where(entry => entry.Rank > 0).ToList();
            var best = ranked.Count > 0 ? ranked.Max(entry => entry.Rank) : 0;
            return [.. ranked.Where(entry => entry.Rank == best).Select(entry => entry.Container).DistinctBy(WhatItIsGiven)];
        }
    }

    /// <summary>The programs of the engines that were asked.</summary>
    public IEnumerable<string> Engines => engines.Select(engine => engine.Program);

    /// <summary>What engines said that could not be asked, by program.</summary>
    public IReadOnlyDictionary<string, string> Refusals { get; }

    /// <summary>Those of the instance that do not run.</summary>
    public IReadOnlyList<Container> Stopped { get; }

    /// <param name="folder">Full path of the instance's folder.</param>
    public static async Task<RunningContainers> FindAsync(
        string folder, IReadOnlyList<ContainerEngine> engines, CancellationToken cancellationToken)
    {
        var refusals = new ConcurrentDictionary<string, string>();
        var listed = await Task.WhenAll(engines.Select(async engine =>
        {
            try
            {
                return await engine.ListAsync(cancellationToken);
            }
            catch (NesteggException refusal)
            {
                refusals[engine.Program] = refusal.Message;
                return [];
            }
        }));

        // Docker's client may well speak to Podman.
        return new RunningContainers([.. listed.SelectMany(all => all).DistinctBy(container => container.Id)], folder, engines, refusals);
    }

    /// <inheritdoc cref="ContainerEngine.ReadFileAsync"/>
    public Task<string?> ReadFileAsync(Container container, string path, CancellationToken cancellationToken) =>
        engines.First(engine => engine.Program == container.Engine).ReadFileAsync(container.Id, path, cancellationToken);

    /// <summary>The address from here of what the configuration calls so; <see langword="null"/> when no container has that name.</summary>
    public DiscoveredAddress? Find(Endpoint endpoint)
    {
        var relayed = IsLoopback(endpoint.Host) ? Relay(endpoint.Port) : endpoint;
        return relayed is { } target
            ? containers.Where(container => HasName(container, target.Host))
                .Select(container => AddressOf(container, target.Port) is { } address
                    ? new DiscoveredAddress(endpoint, address, container, target.Port)
                    : null)
                .FirstOrDefault(found => found is not null)
            : null;
    }

    /// <summary>The container that serves an endpoint: by its name, or by the port that it publishes on this machine.</summary>
    public (Container Container, int Port)? Serving(Endpoint endpoint) =>
        Find(endpoint) is { } found ? (found.Container, found.Port)
            : IsLoopback(endpoint.Host) ? Publishing(endpoint.Port)
            : null;

    /// <summary>Those of the instance that would serve this if they ran: by their name, or at a port of this machine.</summary>
    public IReadOnlyList<Container> StoppedServing(Endpoint endpoint) => [.. Stopped.Where(container => IsLoopback(endpoint.Host)
        ? container.WouldPublish(endpoint.Port) || Relayed(container, endpoint.Port) is not null
        : HasName(container, endpoint.Host))];

    /// <summary>The container that is given this file of the host.</summary>
    public Container? Given(string path) =>
        containers.FirstOrDefault(container => container.Mounts?.Any(mount => mount.Source == path) == true);

    // A stopped container may share a network with anything: only labels and mounts say whose it is.
    private static IReadOnlyList<Container> StoppedOf(IReadOnlyList<Container> own, IReadOnlyList<Container> stopped, string folder)
    {
        var found = FindOwn(stopped, folder);
        var projects = own.Concat(found).Select(container => container.Project).OfType<string>().ToHashSet();
        return [.. found
            .Concat(stopped.Where(container => container.Project is { } project && projects.Contains(project)))
            .Distinct()];
    }

    // By the labels of Compose in all of its forms; else by what is mounted from the folder.
    private static List<Container> FindOwn(IReadOnlyList<Container> all, string folder)
    {
        // A link may lead to the folder, or the engine may say where it leads.
        string[] folders = [.. new[] { folder, LinkedPath.Resolve(folder) ?? folder }.Distinct()];
        var started = all.Where(container => folders.Any(name => IsStartedFrom(container, name))).ToList();
        return started.Count > 0
            ? started
            : [.. all.Where(container => container.Mounts?.Any(mount => folders.Any(name => IsInside(mount.Source, name))) == true)];
    }

    private static List<Container> FindOnlyMuseum(IReadOnlyList<Container> all)
    {
        var museums = all.Where(container => MuseumService.IsServerImage(container.Config?.Image)).ToList();
        return museums.Count == 1 && museums[0].Label(FolderLabel) is null ? museums : [];
    }

    private static IReadOnlyList<Container> WithNeighbours(IReadOnlyList<Container> own, IReadOnlyList<Container> all)
    {
        var projects = own.Select(container => container.Project).OfType<string>().ToHashSet();
        var networks = own.SelectMany(container => container.Networks).Select(network => network.Key).ToHashSet();
        return [.. own
            .Concat(all.Where(container => container.Project is { } project && projects.Contains(project)))
            .Concat(all.Where(container => container.Networks.Any(network => networks.Contains(network.Key))))
            .Distinct()];
    }

    private static int Rank(Container container) => MuseumService.Rank(
        container.Config?.Image, container.Service ?? container.ShownName, string.Join(' ', [container.Path, .. container.Args ?? []]),
        (container.Mounts ?? []).Select(mount => mount.Destination ?? ""),
        (container.Config?.Env ?? []).Select(entry => entry.Split('=')[0]));

    // Two of one kind behind a balancer.
    private static string WhatItIsGiven(Container container) => string.Join(
        '\0',
        (container.Config?.Env ?? []).Where(entry => MuseumConfiguration.Counts(entry.Split('=')[0]))
            .Concat((container.Mounts ?? []).Select(mount => $"{mount.Source}:{mount.Destination}"))
            .Append(container.Config?.WorkingDir ?? "").Order(StringComparer.Ordinal));

    private static bool IsStartedFrom(Container container, string folder) =>
        IsSame(container.Label(FolderLabel), folder)
        || (container.Label("com.docker.compose.project.config_files") ?? "").Split(',')
            .Any(file => Path.IsPathRooted(file) && IsSame(Path.GetDirectoryName(file), folder));

    private static bool IsSame(string? path, string folder) =>
        path is not null && Path.TrimEndingDirectorySeparator(path) == Path.TrimEndingDirectorySeparator(folder);

    private static bool IsInside(string? path, string folder) =>
        path?.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal) == true;

    // `TCP-LISTEN:3200,fork,reuseaddr TCP:minio:3200`
    private Endpoint? Relay(int port) =>
        containers.Select(container => Relayed(container, port)).FirstOrDefault(target => target is not null);

    private static Endpoint? Relayed(Container container, int port)
    {
        var match = RelayArguments().Match(string.Join(' ', container.Args ?? []));
        return match.Success && match.Groups["listen"].Value == port.ToString()
            ? new Endpoint(match.Groups["host"].Value, int.Parse(match.Groups["port"].Value))
            : null;
    }

    private (Container, int)? Publishing(int hostPort) =>
        (from container in containers
         from port in container.NetworkSettings?.Ports ?? new Dictionary<string, IReadOnlyList<PortBinding>?>()
         where port.Value?.Any(binding => binding.HostPort == hostPort.ToString()) == true
         select ((Container, int)?)(container, int.Parse(port.Key.Split('/')[0]))).FirstOrDefault();

    private static bool HasName(Container container, string host) =>
        container.Service == host
        || container.ShownName == host
        || container.Networks.Any(network => network.Value.Aliases?.Contains(host) == true);

    private static Endpoint? AddressOf(Container container, int port) =>
        PublishedPort(container, port)
        ?? (container.HostConfig?.NetworkMode == "host" ? new Endpoint("127.0.0.1", port) : (Endpoint?)null)
        ?? container.Networks.SelectMany(network => new[] { network.Value.IpAddress, network.Value.Ip6Address })
            .Where(address => !string.IsNullOrEmpty(address))
            .Select(address => (Endpoint?)new Endpoint(address!, port))
            .FirstOrDefault();

    private static Endpoint? PublishedPort(Container container, int port) =>
        (container.NetworkSettings?.Ports?.GetValueOrDefault($"{port}/tcp") ?? [])
            .Where(binding => int.TryParse(binding.HostPort, out _))
            .Select(binding => (Endpoint?)new Endpoint(
                binding.HostIp is null or "" or "0.0.0.0" or "::" ? "127.0.0.1" : binding.HostIp, int.Parse(binding.HostPort!)))
            .FirstOrDefault();

    private static bool IsLoopback(string host) => host is "localhost" or "127.0.0.1" or "::1";

    [GeneratedRegex(@"TCP4?-LISTEN:(?<listen>\d+)\S*\s+TCP4?:(?<host>[^:\s]+):(?<port>\d+)")]
    private static partial Regex RelayArguments();
}
