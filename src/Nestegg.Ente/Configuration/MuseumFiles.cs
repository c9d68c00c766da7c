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
    private readonly Func<string, ContainerFile?>? see;
    private readonly string giver;
    private readonly List<string> looked = [];
    private readonly List<string> unreadable = [];

    private MuseumFiles(InstanceLocation location, InstancePaths paths, ComposeProject? compose)
    {
        this.location = location;
        this.paths = paths;
        see = location.Museum is { } running ? running.Find : compose?.Museum is null ? null : compose.Find;
        giver = location.Museum?.Name ?? "the museum service of compose";
    }

    /// <summary>Its own defaults, in place of those that it ships with; <see langword="null"/> where it has none.</summary>
    public (string Source, string Text)? Defaults { get; private set; }

    /// <summary>The credentials file and museum.yaml, as far as they exist, the weaker first.</summary>
    public List<(string Source, string Text)> Layers { get; } = [];

    /// <summary>The files of this machine behind all of it, with the name of those that museum calls so.</summary>
    public List<(string? Name, string Path)> Paths { get; } = [];

    public string? MuseumYaml { get; private set; }

    public string? MuseumYamlOrigin { get; private set; }

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
        files.Defaults = files.Read(DefaultsOf(environment).Path, named: null, out _);
        var museum = files.Read("museum.yaml", location.MuseumYaml, out var museumPath);
        files.IsMuseumYamlADirectory = Directory.Exists(museumPath);
        files.MuseumYaml = File.Exists(museumPath) ? museumPath : null;
        files.MuseumYamlOrigin = museum?.Source.TrimEnd(',');

        var credentials = files.Read(CredentialsOf(museum, environment), location.CredentialsYaml, out var credentialsPath);
        files.CredentialsYaml = File.Exists(credentialsPath) ? credentialsPath : null;
        files.Layers.AddRange(new[] { credentials, museum }.OfType<(string, string)>());
        return files;
    }

    /// <summary>Museum's name of the environment that it runs in, and the file of that environment's defaults.</summary>
    public static (string Environment, string Path) DefaultsOf(IEnumerable<EnvironmentVariable> environment)
    {
        var chosen = environment.LastOrDefault(variable => variable.Name == "ENVIRONMENT")?.Value is { Length: > 0 } set ? set : "local";
        return (chosen, $"configurations/{chosen}.yaml");
    }

    /// <summary>The credentials file; the option itself can stand in museum.yaml or in the environment.</summary>
    public static string CredentialsOf((string Source, string Text)? museumYaml, IEnumerable<EnvironmentVariable> environment) =>
        MuseumConfiguration.Create(museumYaml is { } layer ? [layer] : [], environment).Text("credentials-file") is { Length: > 0 } option
            ? option
            : "credentials.yaml";

    private (string Source, string Text)? Read(string path, string? named, out string? hostPath)
    {
        hostPath = named is not null ? paths.Existing(named) : null;
        var mounted = named is null ? see?.Invoke(path) : null;
        if (mounted?.Text is { } text)
        {
            looked.Add($"{mounted.Origin.TrimEnd(',')} ({path})");
            return (mounted.Origin, text);
        }

        hostPath ??= see is null ? Path.GetFullPath(path, location.Folder) : mounted?.HostPath;
        hostPath = hostPath is null ? null : paths.Present(paths.WithinFolder(hostPath));
        looked.Add(hostPath ?? $"{path} in {giver}, which mounts nothing there");
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
