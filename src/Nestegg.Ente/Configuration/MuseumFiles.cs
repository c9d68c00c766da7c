namespace Nestegg.Ente.Configuration;

/// <summary>
/// The YAML files that museum reads, found where it sees them: what compose mounts, or the folder that it runs in. Files of those names
/// that it does not see are none of its.
/// </summary>
internal sealed class MuseumFiles
{
    // A copy of the folder has them under these names; a backup's reader looks there.
    private static readonly string[] OwnNames = ["museum.yaml", "credentials.yaml"];

    private readonly InstanceLocation location;
    private readonly InstancePaths paths;
    private readonly ComposeProject? compose;
    private readonly List<string> looked = [];
    private readonly List<string> unreadable = [];

    private MuseumFiles(InstanceLocation location, InstancePaths paths, ComposeProject? compose)
    {
        this.location = location;
        this.paths = paths;
        this.compose = compose?.Museum is null ? null : compose;
    }

    /// <summary>Its own defaults, in place of those that it ships with; <see langword="null"/> where it has none.</summary>
    public (string Source, string Text)? Defaults { get; private set; }

    /// <summary>The credentials file and museum.yaml, as far as they exist, the weaker first.</summary>
    public List<(string Source, string Text)> Layers { get; } = [];

    /// <summary>The files of this machine behind all of it, with the name of those that museum calls so.</summary>
    public List<(string? Name, string Path)> Paths { get; } = [];

    public string? MuseumYaml { get; private set; }

    /// <summary>Docker made a directory for a bind mount whose file was missing.</summary>
    public bool IsMuseumYamlADirectory { get; private set; }

    public string? CredentialsYaml { get; private set; }

    /// <summary>Where was looked, in order, for a message.</summary>
    public IReadOnlyList<string> Looked => looked;

    /// <summary>Files that museum is given and that are not to be read from here: what they set is not known.</summary>
    public IReadOnlyList<string> Unreadable => unreadable;

    public static MuseumFiles Find(
        InstanceLocation location, InstancePaths paths, ComposeProject? compose, IReadOnlyCollection<EnvironmentVariable> environment)
    {
        var files = new MuseumFiles(location, paths, compose);
        var chosen = environment.LastOrDefault(variable => variable.Name == "ENVIRONMENT")?.Value;
        var defaults = $"configurations/{(string.IsNullOrEmpty(chosen) ? "local" : chosen)}.yaml";
        files.Defaults = files.Read(defaults, named: null, out _);
        var museum = files.Read("museum.yaml", location.MuseumYaml, out var museumPath);
        files.IsMuseumYamlADirectory = Directory.Exists(museumPath);
        files.MuseumYaml = File.Exists(museumPath) ? museumPath : null;

        // The option itself can stand in museum.yaml or in the environment, so both are looked at before the file is known.
        var option = MuseumConfiguration.Create(museum is { } layer ? [layer] : [], environment).Text("credentials-file");
        var credentials = files.Read(option.Length > 0 ? option : "credentials.yaml", location.CredentialsYaml, out var credentialsPath);
        files.CredentialsYaml = File.Exists(credentialsPath) ? credentialsPath : null;
        files.Layers.AddRange(new[] { credentials, museum }.OfType<(string, string)>());
        return files;
    }

    private (string Source, string Text)? Read(string path, string? named, out string? hostPath)
    {
        hostPath = named is not null ? paths.Existing(named) : null;
        var mounted = named is null ? compose?.Find(path) : null;
        if (mounted?.Text is { } text)
        {
            looked.Add($"{mounted.Origin.TrimEnd(',')} ({path})");
            return (mounted.Origin, text);
        }

        hostPath ??= compose is null ? Path.GetFullPath(path, location.Folder) : mounted?.HostPath;
        hostPath = hostPath is null ? null : paths.Present(hostPath);
        looked.Add(hostPath ?? $"{path} in the museum service of compose, which mounts nothing there");
        if (File.Exists(hostPath))
        {
            Paths.Add((OwnNames.Contains(Path.GetFileName(path)) ? Path.GetFileName(path) : null, hostPath));
            return (location.Named(hostPath), ConfigurationText.Read(hostPath));
        }

        if (mounted is not null && !Directory.Exists(hostPath))
        {
            var place = hostPath ?? "a place that only the container engine knows";
            unreadable.Add($"{path}, which {mounted.Origin.TrimEnd(',')} takes from {place}");
        }

        return null;
    }
}
