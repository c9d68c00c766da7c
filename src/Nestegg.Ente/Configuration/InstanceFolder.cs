namespace Nestegg.Ente.Configuration;

/// <summary>
/// The configuration of an instance as it lies on disk: museum.yaml, compose files, .env, credentials, and what they come to.
/// </summary>
public sealed class InstanceFolder
{
    private static readonly string[] ComposeNames = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

    private readonly InstanceLocation location;
    private readonly ComposeProject? compose;
    private readonly List<string> environmentFiles = [];

    private InstanceFolder(InstanceLocation location)
    {
        this.location = location with { Folder = Path.GetFullPath(location.Folder) };
        if (!Directory.Exists(Folder))
        {
            throw new EnteException(
                $"The instance's folder {Folder} does not exist.", "Name the folder that holds museum.yaml and compose.yaml.");
        }

        var dotEnvPath = Path.Join(Folder, ".env");
        var dotEnv = ReadVariables(dotEnvPath, Process, mustExist: false);
        string? Lookup(string name) => Process(name) ?? dotEnv.LastOrDefault(variable => variable.Name == name)?.Value;

        ComposeFiles = FindComposeFiles();
        compose = ComposeFiles.Count > 0 ? ComposeProject.Read(Folder, ComposeFiles, Lookup) : null;
        var museumYaml = FindMuseumYaml();
        IsMuseumYamlADirectory = Directory.Exists(museumYaml);
        MuseumYaml = File.Exists(museumYaml) ? museumYaml : null;

        var environment = CollectEnvironment(dotEnv, Lookup);
        var museumLayer = MuseumYaml is null ? ((string, string)?)null : (Named(MuseumYaml), File.ReadAllText(MuseumYaml));
        var credentialsLayer = FindCredentials(environment, museumLayer);
        (string, string)[] layers = [.. new[] { credentialsLayer, museumLayer }.OfType<(string, string)>()];
        Configuration = MuseumConfiguration.Create(layers, environment);
        Access = location.Overrides.Count == 0 ? Configuration : MuseumConfiguration.Create(layers, environment.Concat(Overrides()));
    }

    /// <summary>The folder as a full path.</summary>
    public string Folder => location.Folder;

    /// <summary>What museum makes of all of it.</summary>
    public MuseumConfiguration Configuration { get; }

    /// <summary>The same with the location's overrides: what we sign in with, where that is not what museum signs in with.</summary>
    public MuseumConfiguration Access { get; }

    /// <summary>The full path of museum.yaml; <see langword="null"/> when there is none.</summary>
    public string? MuseumYaml { get; }

    /// <summary>Docker made a directory for a bind mount whose file was missing; museum ignores it and runs on public defaults.</summary>
    public bool IsMuseumYamlADirectory { get; }

    /// <summary>The full path of the credentials file; <see langword="null"/> when there is none, or the compose file holds it.</summary>
    public string? CredentialsYaml { get; private set; }

    /// <summary>The compose files in force, as full paths.</summary>
    public IReadOnlyList<string> ComposeFiles { get; }

    /// <summary>The museum service's image, from compose.yaml; <see langword="null"/> when there is none.</summary>
    public string? MuseumImage => compose?.MuseumImage;

    /// <exception cref="EnteException">The folder or a file that was named is missing, or a file is not what it should be.</exception>
    public static InstanceFolder Read(InstanceLocation location) => new(location);

    /// <summary>Reads a folder with everything where the quickstart has it.</summary>
    public static InstanceFolder Read(string folder) => new(new InstanceLocation(folder));

    /// <summary>The files that belong into a backup of the configuration, sorted by path, and those that were left out.</summary>
    public (IReadOnlyList<InstanceFile> Files, IReadOnlyList<SkippedFile> Skipped) ListFiles() =>
        new InstanceFileList(Folder, compose?.ForeignFolders ?? []).Collect(
            [("museum.yaml", MuseumYaml), ("credentials.yaml", CredentialsYaml), (".env", Path.Join(Folder, ".env")), .. Others()],
            [("credentials", FolderOf("credentials-dir", "credentials")), ("data", FolderOf(null, "data"))]);

    private IEnumerable<(string, string?)> Others() =>
        ComposeFiles.Concat(environmentFiles).Concat(compose?.EnvironmentFiles ?? [])
            .Select(path => (Path.GetFileName(path), (string?)path));

    private string FolderOf(string? key, string name)
    {
        var configured = key is null ? "" : Configuration.Text(key);
        var path = configured.Length > 0 ? configured : name;
        return compose?.FindMount(path) ?? Path.GetFullPath(path.TrimStart('/'), Folder);
    }

    private string FindMuseumYaml() =>
        location.MuseumYaml is { } named ? Existing(named) : compose?.FindMount("/museum.yaml") ?? Path.Join(Folder, "museum.yaml");

    private List<string> FindComposeFiles()
    {
        if (location.ComposeFiles.Count > 0)
        {
            return [.. location.ComposeFiles.Select(Existing)];
        }

        var found = ComposeNames.Select(name => Path.Join(Folder, name)).FirstOrDefault(File.Exists);
        if (found is null)
        {
            return [];
        }

        var overrides = ComposeNames.Select(name => Path.Join(Folder, name.Replace(".y", ".override.y", StringComparison.Ordinal)));
        return [found, .. overrides.Where(File.Exists).Take(1)];
    }

    private List<EnvironmentVariable> CollectEnvironment(List<EnvironmentVariable> dotEnv, Func<string, string?> lookup)
    {
        // With a museum service, .env only fills ${…}: compose does not pass it into the container.
        var environment = new List<EnvironmentVariable>(compose is { HasMuseum: true } ? compose.Environment : dotEnv);
        environment.AddRange(location.ProcessEnvironment.Where(entry => entry.Key.StartsWith("ENTE_", StringComparison.Ordinal))
            .Select(entry => new EnvironmentVariable(entry.Key, entry.Value, "the environment")));
        foreach (var file in location.EnvironmentFiles.Select(Existing))
        {
            environmentFiles.Add(file);
            environment.AddRange(ReadVariables(file, lookup, mustExist: true));
        }

        return environment;
    }

    private IEnumerable<EnvironmentVariable> Overrides() =>
        location.Overrides.Select(entry => new EnvironmentVariable(MuseumKeys.VariableName(entry.Key), entry.Value, "nestegg.yaml"));

    private (string, string)? FindCredentials(List<EnvironmentVariable> environment, (string, string)? museumLayer)
    {
        if (location.CredentialsYaml is { } named)
        {
            return ReadCredentials(Existing(named));
        }

        // The option itself can stand in museum.yaml or in the environment, so both are looked at before the file is known.
        var chosen = MuseumConfiguration.Create(museumLayer is { } layer ? [layer] : [], environment).Text("credentials-file");
        var containerPath = chosen.Length > 0 ? chosen : "credentials.yaml";
        if (compose?.FindInlineFile(containerPath) is { } inline)
        {
            return inline;
        }

        var path = compose?.FindMount(containerPath)
            ?? Path.GetFullPath(compose is null ? containerPath : containerPath.TrimStart('/'), Folder);
        return File.Exists(path) ? ReadCredentials(path) : null;
    }

    private (string, string) ReadCredentials(string path)
    {
        CredentialsYaml = path;
        return (Named(path), File.ReadAllText(path));
    }

    private static List<EnvironmentVariable> ReadVariables(string path, Func<string, string?> lookup, bool mustExist) =>
        !mustExist && !File.Exists(path)
            ? []
            : [.. DotEnv.Read(File.ReadAllText(path), lookup)
                .Select(entry => new EnvironmentVariable(entry.Name, entry.Value ?? lookup(entry.Name) ?? "", Path.GetFileName(path)))];

    private string? Process(string name) => location.ProcessEnvironment.GetValueOrDefault(name);

    private string Existing(string path)
    {
        var full = Path.GetFullPath(path, Folder);
        return File.Exists(full) || Directory.Exists(full)
            ? full
            : throw new EnteException(
                $"The file {full} of the instance's configuration does not exist.", "Correct its path under `instance:` in nestegg.yaml.");
    }

    private string Named(string path)
    {
        var relative = Path.GetRelativePath(Folder, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
