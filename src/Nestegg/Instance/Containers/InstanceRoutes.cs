using System.Globalization;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Settings;

namespace Nestegg.Instance.Containers;

/// <summary>What is asked when an instance's containers are looked for.</summary>
/// <param name="Folder">Full path of the instance's folder.</param>
internal sealed record RouteSearch(string Folder, MuseumConfiguration Configuration, TimeProvider Time)
{
    /// <summary>As a person wrote it.</summary>
    public EndpointMap Map { get; init; } = EndpointMap.Empty;

    /// <inheritdoc cref="Map"/>
    public PostgresProgramSettings Postgres { get; init; } = new();

    /// <summary>museum's own file, as a full path; <see langword="null"/> where there is none, or it is about to be written.</summary>
    public string? MuseumYaml { get; init; }

    /// <summary>What the engines said a moment ago; they are asked where it is <see langword="null"/>.</summary>
    public RunningContainers? Containers { get; init; }

    /// <summary>museum's own, where it is known.</summary>
    public Container? Museum { get; init; }

    /// <summary>How long a container that runs may take until it answers.</summary>
    public TimeSpan StartLimit { get; init; }

    /// <summary>Told what is waited for.</summary>
    public Action<string> TellWaiting { get; init; } = _ => { };
}

/// <summary>
/// How an instance is reached in this run: what a person wrote, and for the rest what the container engines say now. It is asked anew in
/// each run, for a container that is made anew has another address.
/// </summary>
internal sealed record InstanceRoutes(EndpointMap Map, PostgresProgramSettings Postgres, IReadOnlyList<Finding> Findings)
{
    // By their names alone, so that no value is in an argument; a variable that is not set is left out by the engine.
    private static readonly string[] PassedVariables = ["PGPASSWORD", "PGAPPNAME"];

    public static async Task<InstanceRoutes> FindAsync(RouteSearch search, CancellationToken cancellationToken)
    {
        var containers = search.Containers
            ?? await RunningContainers.FindAsync(search.Folder, ContainerEngine.OfThisMachine(search.Time), cancellationToken);
        var endpoints = Reachability.EndpointsOf(search.Configuration).ToList();
        var unreachable = await Reachability.FindUnreachableAsync(endpoints, search.Map, search.Time, cancellationToken);
        var found = unreachable.Select(containers.Find).OfType<DiscoveredAddress>().ToList();
        var findings = new List<Finding>();
        foreach (var address in found)
        {
            findings.Add(Found(address, await AnswersAsync(address, search, cancellationToken)));
        }

        if (search.MuseumYaml is { } path
            && (search.Museum ?? containers.Given(path)) is { } museum
            && Changed(path, museum) is { } changed)
        {
            findings.Add(changed);
        }

        var lost = unreachable.Except(found.Select(address => address.Configured));
        findings.AddRange(lost.Select(endpoint => Unknown(endpoint, containers)));
        var database = DatabaseSettings.From(search.Configuration).Endpoint;
        var server = containers.Serving(database) ?? containers.Serving(search.Map.Resolve(database));
        return new InstanceRoutes(
            EndpointMap.Parse([.. search.Map.Entries, .. found.Select(address => $"{address.Configured}={address.Reachable}")]),
            search.Postgres with { Container = server is var (container, port) ? ProgramsIn(container, port) : null },
            findings);
    }

    private static async Task<bool> AnswersAsync(DiscoveredAddress address, RouteSearch search, CancellationToken cancellationToken)
    {
        var wait = new StartWait(search.StartLimit, search.Time, search.TellWaiting);
        var what = $"{address.Configured} to answer (the container {address.Container.ShownName}, at {address.Reachable})";
        while (!await Reachability.AnswersAsync(address.Reachable, search.Time, cancellationToken))
        {
            if (!await wait.GoesOnAsync(what, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    private static ContainerPrograms ProgramsIn(Container container, int port) => new(
        [container.Engine, "exec", "-i", .. PassedVariables.SelectMany(name => new[] { "-e", name }), container.Id], container.ShownName,
        port);

    private static Finding Found(DiscoveredAddress address, bool answers) => new(
        answers ? "address-found" : "address-unanswered", answers ? Severity.Ok : Severity.Warning, address.Configured.ToString(),
        $"a name of the containers' network: the container {address.Container.ShownName} has it, which {address.Container.Engine} says "
        + $"is at {address.Reachable} now" + (answers ? "" : ", and nothing answers there"),
        answers
            ? ""
            : $"is it still starting? Where the engine runs in a machine of its own or without root, publish the port and say "
                + ByHand(address.Configured));

    private static Finding? Changed(string path, Container museum)
    {
        var changedAt = new DateTimeOffset(File.GetLastWriteTimeUtc(path));
        return DateTimeOffset.TryParse(museum.State?.StartedAt, CultureInfo.InvariantCulture, out var startedAt) && changedAt > startedAt
            ? new Finding(
                "museum-not-restarted", Severity.Warning, path,
                $"it was changed at {changedAt:u}, and museum (the container {museum.ShownName}) runs since {startedAt.UtcDateTime:u}: "
                + "what museum runs with may be another than what is backed up",
                "start museum again, or put the file back as it was")
            : null;
    }

    private static Finding Unknown(Endpoint endpoint, RunningContainers containers)
    {
        var answered = containers.Engines.Except(containers.Refusals.Keys).ToList();
        var stopped = containers.StoppedServing(endpoint);
        string[] words =
        [
            .. stopped.Select(container => $"the container {container.ShownName} of this project is stopped"),
            .. answered.Where(_ => stopped.Count == 0)
                .Select(program => $"{program} shows no container of this instance with that name"),
            .. containers.Refusals.Values,
        ];
        return new Finding(
            "address-unknown", Severity.Warning, endpoint.ToString(),
            "it does not lead anywhere from this machine, and "
            + (words.Length == 0 ? "neither docker nor podman is on it" : string.Join("; ", words)),
            (stopped.Count > 0
                ? $"start it: {string.Join(" && ", stopped.Select(container => $"{container.Engine} start {container.ShownName}"))}; "
                + "or say "
                : "start the services, or say ")
            + ByHand(endpoint));
    }

    // Only init and restore, which can do without the file, have the option.
    private static string ByHand(Endpoint endpoint) =>
        $"how it is reached: {endpoint}=127.0.0.1:{endpoint.Port} in the map of nestegg.yaml, or with --map where there is none yet";
}
