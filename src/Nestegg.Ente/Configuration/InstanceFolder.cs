namespace Nestegg.Ente.Configuration;

/// <summary>
/// The configuration of an instance as it lies on disk: museum.yaml, compose files, .env, credentials, and what they come to.
/// </summary>
public sealed class InstanceFolder
{
    private static readonly string[] ComposeNames = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
    private static readonly string[] ProjectVariableNames = [".env", "stack.env"];

    private readonly InstanceLocation location;
    private readonly InstancePaths paths;
    private readonly ComposeProject? compose;
    private readonly MuseumFiles museum;
    private readonly List<string> environmentFiles = [];

    private InstanceFolder(InstanceLocation location)
    {
        this.location = location = location with { Folder = Path.GetFullPath(location.Folder) };
        if (!Directory.Exists(Folder))
        {
            throw new EnteException(
                $"The instance's folder {Folder} does not exist.", "Name the folder that holds museum.yaml and compose.yaml.");
        }

        paths = new InstancePaths(location);
        var variables = ReadProjectVariables();
        string? Lookup(string name) => Process(name) ?? variables.LastOrDefault(variable => variable.Name == name)?.Value;

        ComposeFiles = FindComposeFiles(Lookup);
        compose = ComposeFiles.Count > 0 ? ComposeProject.Read(paths, ComposeFiles, Lookup, Museum?.Service) : null;
        if (location.ResolvedCompose is { } resolved)
        {
            compose?.Correct(resolved, new InstancePaths(location));
        }

        var environment = CollectEnvironment(variables);
        foreach (var path in (Museum?.HostPaths ?? []).Except(compose?.MuseumPaths ?? []).Where(paths.IsOutside))
        {
            paths.FullPath(path, Folder);
        }

        museum = MuseumFiles.Find(location, paths, compose, environment);
        Configuration = MuseumConfiguration.Create(museum.Layers, environment, museum.Defaults);
        Access = location.Overrides.Count == 0
            ? Configuration
            : MuseumConfiguration.Create(museum.Layers, environment.Concat(Overrides()), museum.Defaults);
    }

    /// <summary>The folder as a full path.</summary>
    public string Folder => location.Folder;

    /// <summary>museum as it runs; <see langword="null"/> when what is here came from files alone.</summary>
    public MuseumProcess? Museum => location.Museum;

    /// <summary>What compose would start museum with otherwise than it runs, in words.</summary>
    public IReadOnlyList<string> Differences =>
        compose?.Museum is null || Museum is null ? [] : [.. Museum.DifferencesFrom(compose)];

    /// <summary>What museum makes of all of it.</summary>
    public MuseumConfiguration Configuration { get; }

    /// <summary>The same with the location's overrides: what we sign in with, where that is not what museum signs in with.</summary>
    public MuseumConfiguration Access { get; }

    /// <summary>The full path of museum.yaml; <see langword="null"/> when there is none.</summary>
    public string? MuseumYaml => museum.MuseumYaml;

    /// <summary>Who has its text, also where no path of this machine leads to it; <see langword="null"/> when museum reads none.</summary>
    public string? MuseumYamlOrigin => museum.MuseumYamlOrigin;

    /// <summary>Docker made a directory for a bind mount whose file was missing; museum ignores it and runs on public defaults.</summary>
    public bool IsMuseumYamlADirectory => museum.IsMuseumYamlADirectory;

    /// <summary>The full path of the credentials file; <see langword="null"/> when there is none, or the compose file holds it.</summary>
    public string? CredentialsYaml => museum.CredentialsYaml;

    /// <summary>The files that compose mounts for museum and that are not where it takes them from, with that place.</summary>
    public IReadOnlyList<string> Absent => museum.Unreadable;

    /// <summary>Museum's folders of certificates, accounts and price lists, by the name that each has in a copy, as full paths.</summary>
    public IReadOnlyList<(string Name, string Path)> Folders =>
        [("credentials", FolderOf("credentials-dir", "credentials")), ("data", FolderOf(null, "data"))];

    /// <summary>The places of those of the location's stand-ins that were read in place of what is not there.</summary>
    public IReadOnlyCollection<string> UsedStandIns => paths.UsedStandIns;

    /// <summary>The compose files in force, as full paths.</summary>
    public IReadOnlyList<string> ComposeFiles { get; }

    /// <summary>The files of variables that compose is started with, as full paths.</summary>
    public IReadOnlyList<string> VariableFiles => environmentFiles;

    /// <summary>What compose calls the museum service; <see langword="null"/> when it has none.</summary>
    public string? MuseumServiceName => compose?.Museum?.Name;

    /// <summary>museum's image, as it runs or from compose.yaml; <see langword="null"/> when there is none.</summary>
    public string? MuseumImage => Museum?.Image ?? compose?.Museum?.Image;

    /// <exception cref="EnteException">The folder or a file that was named is missing, or a file is not what it should be.</exception>
    public static InstanceFolder Read(InstanceLocation location) => new(location);

    /// <summary>Reads a folder with everything where the quickstart has it.</summary>
    public static InstanceFolder Read(string folder) => new(new InstanceLocation(folder));

    /// <summary>The compose files that compose itself finds in a folder: the first of its names and the override; often none.</summary>
    public static IReadOnlyList<string> ComposeFilesIn(string folder)
    {
        var found = ComposeNames.Select(name => Path.Join(folder, name)).FirstOrDefault(File.Exists);
        if (found is null)
        {
            return [];
        }

        var overrides = ComposeNames.Select(name => Path.Join(folder, name.Replace(".y", ".override.y", StringComparison.Ordinal)));
        return [found, .. overrides.Where(File.Exists).Take(1)];
    }

    /// <summary>Museum's own configuration was found, and nothing that may hold its keys is out of reach.</summary>
    public bool HasConfiguration
    {
        get
        {
            var isNothing = museum.Layers.Count == 0 && museum.Defaults is null && !museum.IsMuseumYamlADirectory
                && !Configuration.Environment.Any(variable => MuseumKeys.KeyOf(variable.Name) is not null);
            var areKeysPublic = MuseumDefaults.IsPublic("key.encryption", Configuration.Text("key.encryption"));
            return !isNothing && !(areKeysPublic && museum.Unreadable.Count > 0);
        }
    }

    /// <summary>
    /// Demands that museum's own configuration was found. Without it all settings would be museum's public defaults, and a backup would
    /// keep those as the keys of an instance that has others.
    /// </summary>
    /// <exception cref="EnteException">Nothing was found, or something is out of reach that may hold the instance's keys.</exception>
    public void RequireConfiguration()
    {
        if (HasConfiguration)
        {
            return;
        }

        var unset = compose?.UnsetVariables ?? [];
        throw new EnteException(
            museum.Unreadable.Count > 0
                ? $"museum's configuration cannot be read from here: {string.Join("; ", museum.Unreadable)}.{Unset(unset)}"
                : $"No configuration of museum was found. Looked at {string.Join(", ", museum.Looked)}, and for ENTE_… variables."
                    + Unset(unset) + UnreadForms.Describe(Folder),
            "Name museum.yaml with --museum-yaml of nestegg init (instance.museum-yaml in nestegg.yaml), and with --env-file "
            + "(instance.env-files) the file of variables that museum or compose is started with; where there is no such file, write what "
            + "museum runs with into one.");
    }

    /// <summary>The files that belong into a backup of the configuration, sorted by path, and those that were left out.</summary>
    public (IReadOnlyList<InstanceFile> Files, IReadOnlyList<SkippedFile> Skipped) ListFiles(CancellationToken cancellationToken)
    {
        IEnumerable<string> given = [.. compose?.MuseumPaths ?? [], .. Museum?.HostPaths ?? []];
        return new InstanceFileList(paths, [.. compose?.ForeignFolders ?? []], given, cancellationToken).Collect(
            [.. museum.Paths, (null, Path.Join(Folder, ".env")), .. Others()], Folders);
    }

    private IEnumerable<(string?, string)> Others() =>
        ComposeFiles.Concat(environmentFiles).Concat(compose?.Files ?? []).Distinct().Select(path => ((string?)null, path));

    private static string Unset(IReadOnlyCollection<string> names) =>
        names.Count == 0 ? "" : $" The compose files ask for variables that are not set: {string.Join(", ", names)}.";

    private string FolderOf(string? key, string name)
    {
        var configured = key is null ? "" : Configuration.Text(key);
        var path = configured.Length > 0 ? configured : name;
        return Museum?.Find(path)?.HostPath is { } given && Directory.Exists(given)
            ? paths.WithinFolder(given)
            : paths.Present(compose?.Find(path)?.HostPath ?? Path.GetFullPath(path.TrimStart('/'), Folder));
    }

    private IReadOnlyList<string> FindComposeFiles(Func<string, string?> lookup)
    {
        if (location.ComposeFiles.Count > 0)
        {
            return [.. location.ComposeFiles.Select(paths.Existing)];
        }

        if (Museum is { ComposeFiles: { Count: > 0 } started } && started.All(File.Exists))
        {
            return [.. started.Select(paths.WithinFolder).Select(paths.Existing)];
        }

        if (lookup("COMPOSE_FILE") is { Length: > 0 } listed)
        {
            var separator = lookup("COMPOSE_PATH_SEPARATOR") is { Length: > 0 } other ? other : Path.PathSeparator.ToString();
            return [.. listed.Split(separator, StringSplitOptions.RemoveEmptyEntries).Select(paths.Existing)];
        }

        return ComposeFilesIn(Folder);
    }

    // What compose fills in: the files that it is given with --env-file, or else .env; Portainer writes stack.env.
    private List<EnvironmentVariable> ReadProjectVariables()
    {
        string[] own = Museum is { VariableFiles: { Count: > 0 } given } && given.All(File.Exists)
            ? [.. given.Select(paths.WithinFolder)]
            : [.. ProjectVariableNames.Select(name => Path.Join(Folder, name)).Where(File.Exists).Take(1)];
        string[] named = location.EnvironmentFiles.Count > 0 ? [.. location.EnvironmentFiles.Select(paths.Existing)] : own;
        environmentFiles.AddRange(named);
        return [.. named.SelectMany(path => Variables(path, DotEnv.Read(ConfigurationText.Read(paths.Present(path)), Process)))];
    }

    private List<EnvironmentVariable> CollectEnvironment(List<EnvironmentVariable> projectVariables)
    {
        var own = location.ProcessEnvironment.Where(entry => entry.Key.StartsWith("ENTE_", StringComparison.Ordinal))
            .Select(entry => new EnvironmentVariable(entry.Key, entry.Value, "the environment"));

        // With a museum service, these files only fill ${…}: compose does not pass them into the container.
        var named = location.EnvironmentFiles.Count == 0 || compose?.Museum is not null
            ? []
            : environmentFiles.SelectMany(path => Variables(path, RawVariables.Read(ConfigurationText.Read(path))));
        if (Museum is not null)
        {
            // A person's own stand in for what the image's entry point sets later.
            return [.. own, .. named, .. Museum.Variables];
        }

        return compose?.Museum is not null ? [.. compose.Environment, .. own]
            : location.EnvironmentFiles.Count == 0 ? [.. projectVariables, .. own]
            : [.. own, .. named];
    }

    private IEnumerable<EnvironmentVariable> Overrides() =>
        location.Overrides.Select(entry => new EnvironmentVariable(MuseumKeys.VariableName(entry.Key), entry.Value, "nestegg.yaml"));

    private IEnumerable<EnvironmentVariable> Variables(string path, IEnumerable<(string Name, string? Value)> entries) =>
        entries.Select(entry => new EnvironmentVariable(entry.Name, entry.Value ?? Process(entry.Name) ?? "", Path.GetFileName(path)));

    private string? Process(string name) => location.ProcessEnvironment.GetValueOrDefault(name);
}
