namespace Nestegg.Ente.Configuration;

/// <summary>Reads a file as museum sees it; <see langword="null"/> when there is none.</summary>
/// <param name="path">Absolute, without <c>.</c> and <c>..</c>.</param>
/// <param name="cancellationToken">Who is asked can be slow.</param>
/// <exception cref="EnteException">It cannot be asked.</exception>
public delegate Task<string?> ReadMuseumFile(string path, CancellationToken cancellationToken);

/// <summary>
/// museum as it runs, in a container or by itself: what it was started with and which files it sees. Its environment holds secrets, so it
/// is no record.
/// </summary>
/// <param name="name">What a person calls it: <c>the container my-ente-museum-1</c>.</param>
public sealed class MuseumProcess(string name)
{
    private readonly Dictionary<string, ContainerFile?> files = new(StringComparer.Ordinal);
    private readonly List<string> refusals = [];

    /// <summary>What a person calls it.</summary>
    public string Name { get; } = name;

    /// <summary>What its relative paths start from.</summary>
    public string WorkingFolder { get; init; } = "/";

    /// <summary>Its whole environment, <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Path in its view of the disk, and the place on the host; <see langword="null"/> for one that no path leads to.</summary>
    public IReadOnlyDictionary<string, string?> Mounts { get; init; } = new Dictionary<string, string?>();

    /// <summary>The image that it was started from; <see langword="null"/> when it runs without one.</summary>
    public string? Image { get; init; }

    /// <summary>Its name in the compose files; <see langword="null"/> when compose did not start it.</summary>
    public string? Service { get; init; }

    /// <summary>The compose files that it was started with, as full paths.</summary>
    public IReadOnlyList<string> ComposeFiles { get; init; } = [];

    /// <summary>The files of variables that compose was given for it, as full paths.</summary>
    public IReadOnlyList<string> VariableFiles { get; init; } = [];

    /// <summary>What could not be asked, in words.</summary>
    public IReadOnlyList<string> Refusals => refusals;

    // Go takes the first of two of one name.
    internal IEnumerable<EnvironmentVariable> Variables =>
        from entry in Environment.Reverse()
        let at = entry.IndexOf('=')
        where at > 0
        select new EnvironmentVariable(entry[..at], entry[(at + 1)..], $"the environment of {Name}");

    /// <summary>The places of the host that it is given; the whole disk is none.</summary>
    internal IEnumerable<string> HostPaths => Mounts.Where(mount => mount.Key != "/").Select(mount => mount.Value).OfType<string>();

    /// <summary>Finds the files that museum reads: on the host, and through <paramref name="read"/> those that the host has not.</summary>
    public async Task ReadFilesAsync(ReadMuseumFile read, CancellationToken cancellationToken)
    {
        var variables = Variables.ToList();
        var (environment, defaults) = MuseumFiles.DefaultsOf(variables);
        await ReadAsync(defaults, read, cancellationToken);
        if (Find(defaults) is { Text: { } text } own && !IsMounted(Inside(defaults))
            && MuseumDefaults.AreThose(environment, own.Origin, text))
        {
            files[Inside(defaults)] = null;
        }

        await ReadAsync("museum.yaml", read, cancellationToken);
        var museum = Find("museum.yaml") is { } file && TextOf(file) is { } yaml ? (file.Origin, yaml) : ((string, string)?)null;
        await ReadAsync(MuseumFiles.CredentialsOf(museum, variables), read, cancellationToken);
    }

    /// <summary>
    /// What it sees at a path, which may be relative to its working folder; <see langword="null"/> when nothing is known to be there.
    /// </summary>
    internal ContainerFile? Find(string path)
    {
        var target = Inside(path);
        return files.TryGetValue(target, out var file) ? file : Mounted(target);
    }

    /// <summary>What compose would start it with otherwise, in words; nothing when it was not started by compose.</summary>
    internal IEnumerable<string> DifferencesFrom(ComposeProject compose)
    {
        var own = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in Variables)
        {
            own[variable.Name] = variable.Value;
        }

        // What was not set when the files were read may have been when compose read them.
        var written = compose.UnsetVariables.Count > 0 ? [] : compose.Environment.GroupBy(variable => variable.Name);
        foreach (var variable in written.Select(group => group.Last()).Where(variable => variable.Value.Length > 0))
        {
            if (MuseumConfiguration.Counts(variable.Name) && own.GetValueOrDefault(variable.Name, "") != variable.Value)
            {
                yield return $"{variable} is {(own.ContainsKey(variable.Name) ? "another value" : "not set")} there";
            }
        }

        foreach (var path in new[] { "museum.yaml", MuseumFiles.CredentialsOf(null, [.. Variables]) })
        {
            var (now, next) = (Mounted(Inside(path))?.HostPath, compose.Find(path)?.HostPath);
            if (File.Exists(next) && (now is null || (File.Exists(now) && LinkedPath.Resolve(now) != LinkedPath.Resolve(next))))
            {
                yield return $"{path} is {next} for compose, and {now ?? "not mounted"} there";
            }
        }
    }

    private static string? TextOf(ContainerFile file) =>
        file.Text ?? (File.Exists(file.HostPath) ? ConfigurationText.Read(file.HostPath) : null);

    private async Task ReadAsync(string path, ReadMuseumFile read, CancellationToken cancellationToken)
    {
        var target = Inside(path);
        var mounted = Mounted(target);
        if (mounted?.HostPath is { } host && IsReadable(host))
        {
            return;
        }

        try
        {
            // Who did not answer once need not be waited for again.
            files[target] = refusals.Count > 0 ? mounted
                : await read(target, cancellationToken) is { } text ? new ContainerFile($"{target} in {Name}") { Text = text }
                : null;
        }
        catch (EnteException refusal)
        {
            refusals.Add($"{target}: {refusal.Message}");
            files[target] = mounted;
        }
    }

    private static bool IsReadable(string hostPath)
    {
        if (Directory.Exists(hostPath))
        {
            return true;
        }

        using var handle = File.Exists(hostPath) ? ConfigurationText.TryOpen(hostPath, out _) : null;
        return handle is not null;
    }

    private string Inside(string path) => ComposeScope.Normal(Path.Join(path.StartsWith('/') ? "" : WorkingFolder, path));

    private bool IsMounted(string target) => Mounts.Keys.Any(at => at != "/" && LinkedPath.IsWithin(target, at));

    private ContainerFile? Mounted(string target)
    {
        var at = Mounts.Keys.Where(at => LinkedPath.IsWithin(target, at)).MaxBy(at => at.Length);
        if (at is null)
        {
            return null;
        }

        var host = Mounts[at] is { } place ? Path.Join(place, target[at.Length..]).TrimEnd('/') : null;
        return at == "/" && !Path.Exists(host) ? null : new ContainerFile(Name) { HostPath = host };
    }
}
