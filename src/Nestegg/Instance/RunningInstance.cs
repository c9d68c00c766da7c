using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Instance.Containers;

namespace Nestegg.Instance;

/// <summary>
/// An instance's configuration as museum runs with it, where museum is found running, and else as the files have it. What cannot be asked
/// is said, and never ends the work: the files are still there.
/// </summary>
/// <param name="Museum">museum's container; <see langword="null"/> when it runs in none that is known.</param>
internal sealed record RunningInstance(
    InstanceFolder Folder, RunningContainers Containers, Container? Museum, IReadOnlyList<Finding> Findings)
{
    /// <exception cref="EnteException">Neither what runs nor the files tell with what museum runs.</exception>
    public static async Task<RunningInstance> ReadAsync(InstanceLocation location, TimeProvider time, CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(location.Folder);
        var containers = await RunningContainers.FindAsync(folder, ContainerEngine.OfThisMachine(time), cancellationToken);
        return await ReadAsync(location, containers, ComposeProgram.OfThisMachine(time), cancellationToken);
    }

    /// <inheritdoc cref="ReadAsync(InstanceLocation, TimeProvider, CancellationToken)"/>
    public static async Task<RunningInstance> ReadAsync(
        InstanceLocation location, RunningContainers containers, IReadOnlyList<ComposeProgram> composes,
        CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        if (containers.IsFolders && await AskAsync(location, containers, findings, cancellationToken) is { } asked)
        {
            return asked;
        }

        var files = InstanceFolder.Read(location);
        if (files.ComposeFiles.Count == 0 && !containers.IsFolders)
        {
            var (process, said) = ProcessOfMuseum.Find(files.Folder);
            findings.AddRange(said);
            if (process is not null && TryRead(location, process, findings) is { } running)
            {
                return new RunningInstance(running, containers, null, findings);
            }
        }

        // The one museum that runs need not be that of a folder that has a configuration of its own.
        if (!files.HasConfiguration && !containers.IsFolders
            && await AskAsync(location, containers, findings, cancellationToken) is { } only)
        {
            return only;
        }

        files = await ResolveAsync(files, location, composes, findings, cancellationToken);
        files.RequireConfiguration();
        var isAnswered = containers.Engines.Except(containers.Refusals.Keys).Any();
        findings.AddRange(containers.Refusals.Where(_ => !isAnswered).Select(refusal => new Finding(
            "museum-unasked", Severity.Note, refusal.Key,
            $"it does not say whether museum runs: {refusal.Value}. What the files say counts",
            "run Nestegg as a user who may ask the engine, if it runs museum")));
        return new RunningInstance(files, containers, null, findings);
    }

    // museum does not run: Compose says with what it would.
    private static async Task<InstanceFolder> ResolveAsync(
        InstanceFolder files, InstanceLocation location, IEnumerable<ComposeProgram> composes, List<Finding> findings,
        CancellationToken cancellationToken)
    {
        foreach (var compose in files.ComposeFiles.Count == 0 ? [] : composes)
        {
            if (await compose.IsThereAsync(cancellationToken))
            {
                try
                {
                    // What opens a repository is nothing to Compose.
                    var variables = location.ProcessEnvironment
                        .Where(entry => !entry.Key.StartsWith("NESTEGG_", StringComparison.Ordinal));
                    var resolved = await compose.ResolveAsync(files, variables, cancellationToken);
                    var read = InstanceFolder.Read(location with { ResolvedCompose = resolved });
                    findings.Add(new Finding(
                        "compose-asked", Severity.Ok, $"{compose.Name} config",
                        "museum does not run here: what Compose would start it with counts"));
                    return read;
                }
                catch (Exception refusal) when (refusal is NesteggException or EnteException)
                {
                    findings.Add(new Finding(
                        "compose-refused", Severity.Note, $"{compose.Name} config",
                        $"Compose does not resolve the files, and what Nestegg makes of them counts: {refusal.Message}",
                        "correct the compose files, or name those that Compose is started with by instance.compose-files and instance.env-files"));
                    return files;
                }
            }
        }

        return files;
    }

    private static async Task<RunningInstance?> AskAsync(
        InstanceLocation location, RunningContainers containers, List<Finding> findings, CancellationToken cancellationToken)
    {
        var museums = containers.Museums;
        if (museums.Count > 1)
        {
            findings.Add(new Finding(
                "museum-ambiguous", Severity.Warning, string.Join(", ", museums.Select(container => container.ShownName)),
                "each of these containers could be the instance's museum, and what they are given differs: what the files say counts",
                "name the folder of the right one as the instance's folder, or stop the one that is not needed"));
        }

        if (museums.Count != 1)
        {
            return null;
        }

        var museum = museums[0];
        var process = ProcessIn(museum);
        await process.ReadFilesAsync((path, token) => ReadFileAsync(containers, museum, path, token), cancellationToken);
        return TryRead(location, process, findings) is { } folder ? new RunningInstance(folder, containers, museum, findings) : null;
    }

    private static InstanceFolder? TryRead(InstanceLocation location, MuseumProcess process, List<Finding> findings)
    {
        findings.AddRange(process.Refusals.Select(refusal => new Finding(
            "museum-unread", Severity.Warning, process.Name, $"a file that museum may read cannot be asked for: {refusal}",
            "see what the engine says when its cp is typed")));
        InstanceFolder folder;
        try
        {
            folder = InstanceFolder.Read(location with { Museum = process });
            folder.RequireConfiguration();
        }
        catch (EnteException failure)
        {
            findings.Add(new Finding(
                "museum-unread", Severity.Warning, process.Name,
                $"what museum runs with cannot be made out, and what the files say counts: {failure.Message}", failure.Hint ?? ""));
            return null;
        }

        findings.Add(new Finding(
            "museum-asked", Severity.Ok, process.Name,
            $"museum runs here: its environment and the files that it sees count (working folder {process.WorkingFolder})"));
        if (folder.Differences is { Count: > 0 } differences)
        {
            findings.Add(new Finding(
                "museum-not-recreated", Severity.Warning, process.Name,
                $"it runs with other settings than compose would start it with now: {string.Join("; ", differences)}. What runs is backed up",
                "docker compose up -d makes it anew from the files; or put back in them what it runs with"));
        }

        return folder;
    }

    private static MuseumProcess ProcessIn(Container museum) => new($"the container {museum.ShownName}")
    {
        WorkingFolder = museum.Config?.WorkingDir is { Length: > 0 } folder ? folder : "/",
        Environment = museum.Config?.Env ?? [],
        Mounts = (museum.Mounts ?? []).Where(mount => mount.Destination is ['/', ..])
            .GroupBy(mount => Path.GetFullPath(mount.Destination!))
            .ToDictionary(group => group.Key, group => group.Last().Source is ['/', ..] source ? source : null),
        Image = museum.Config?.Image,
        Service = museum.Service,
        ComposeFiles = PathsIn(museum, "com.docker.compose.project.config_files"),
        VariableFiles = PathsIn(museum, "com.docker.compose.project.environment_file"),
    };

    // podman-compose writes names without their folder.
    private static string[] PathsIn(Container container, string label) =>
        (container.Label(label) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries) is var paths && paths.All(Path.IsPathRooted)
            ? paths
            : [];

    private static async Task<string?> ReadFileAsync(
        RunningContainers containers, Container museum, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await containers.ReadFileAsync(museum, path, cancellationToken);
        }
        catch (NesteggException refusal)
        {
            throw new EnteException(refusal.Message, refusal.Hint, refusal);
        }
    }
}
