using YamlDotNet.RepresentationModel;

namespace Nestegg.Ente.Configuration;

/// <summary>
/// A compose project as compose puts it together (overrides, <c>include</c>, <c>extends</c>), and the service in it that runs museum:
/// image, environment, and which files it sees.
/// </summary>
internal sealed class ComposeProject
{
    // Nobody nests deeper; a file that includes itself would go on for ever.
    private const int DeepestNesting = 32;

    private readonly SortedDictionary<string, ComposeService> services = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Section, string Name), ContainerFile> documents = [];
    private readonly SortedSet<string> files = new(StringComparer.Ordinal);
    private readonly SortedSet<string> unsetVariables = new(StringComparer.Ordinal);
    private readonly List<EnvironmentVariable> environment = [];
    private readonly InstancePaths paths;

    private ComposeProject(InstancePaths paths) => this.paths = paths;

    /// <summary>The service that runs museum; without one, compose says nothing about its environment.</summary>
    public ComposeService? Museum { get; private set; }

    /// <summary>The museum service's variables, the weakest first: those of <c>env_file</c>, then those of <c>environment</c>.</summary>
    public IReadOnlyList<EnvironmentVariable> Environment => environment;

    /// <summary>Every file that was read, and those that <c>env_file</c> of the museum service names, as full paths.</summary>
    public IReadOnlyCollection<string> Files => files;

    /// <summary>The variables that compose files ask for, give no default, and nobody sets.</summary>
    public IReadOnlyCollection<string> UnsetVariables => unsetVariables;

    /// <summary>
    /// Folders of the host that belong to other services: a database's files have no place in a copy of the configuration.
    /// </summary>
    public IEnumerable<string> ForeignFolders =>
        services.Values.Where(service => service != Museum).SelectMany(HostPaths).Except(MuseumPaths);

    /// <summary>Files and folders of the host that museum is given.</summary>
    public IEnumerable<string> MuseumPaths => Museum is null ? [] : HostPaths(Museum);

    /// <param name="paths">Those of the instance, told of each that the files name.</param>
    /// <param name="composeFiles">The compose file and then its overrides, as full paths.</param>
    /// <param name="lookup">The variables for <c>${…}</c>.</param>
    /// <param name="running">The service that is known to run museum.</param>
    /// <exception cref="EnteException">A file is missing or is not YAML, or several services could be museum.</exception>
    public static ComposeProject Read(
        InstancePaths paths, IReadOnlyList<string> composeFiles, Func<string, string?> lookup, string? running = null)
    {
        var project = new ComposeProject(paths);
        var active = (lookup("COMPOSE_PROFILES") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var folder = paths.FolderOf(composeFiles[0]);
        foreach (var file in composeFiles)
        {
            project.ReadFile(file, folder, lookup, DeepestNesting);
        }

        project.Museum = running is not null && project.services.TryGetValue(running, out var service)
            ? service
            : MuseumService.Find(project.services.Values, active);
        project.ReadEnvironment(lookup);
        return project;
    }

    /// <summary>
    /// Puts what compose itself says of museum's service in place of what was read; where a value was written stays known.
    /// </summary>
    /// <param name="resolved">What it printed: a compose file without variables, <c>include</c> and <c>extends</c>.</param>
    /// <param name="apart">Not those of this project: how a path was written is no longer seen.</param>
    public void Correct(string resolved, InstancePaths apart)
    {
        const string source = "docker compose config";
        if (YamlSettings.ReadRoot(resolved, source) is not { } root)
        {
            return;
        }

        var said = new ComposeProject(apart);
        said.Take(new ComposeScope(source, apart.Folder, root, _ => null, _ => { }, apart), depth: 0);
        var museum = said.services.GetValueOrDefault(Museum?.Name ?? "") ?? MuseumService.Find(said.services.Values, ["*"]);
        if (museum is null)
        {
            // In a profile that is not active.
            return;
        }

        Museum = museum;
        var written = environment.GroupBy(variable => (variable.Name, variable.Value))
            .ToDictionary(group => group.Key, group => group.Last());
        environment.Clear();
        environment.AddRange(museum.Environment.Select(variable => written.GetValueOrDefault((variable.Name, variable.Value), variable)));
        foreach (var (key, document) in said.documents)
        {
            var origin = documents.GetValueOrDefault(key, document).Origin;
            documents[key] = new ContainerFile(origin) { Text = document.Text, HostPath = document.HostPath };
        }

        services.Clear();
        foreach (var (name, service) in said.services)
        {
            services[name] = service;
        }
    }

    /// <summary>
    /// What museum sees at a path, which may be relative to its working folder; <see langword="null"/> when nothing is mounted there.
    /// </summary>
    public ContainerFile? Find(string path)
    {
        var target = ComposeScope.Normal(Path.Join(path.StartsWith('/') ? "" : Museum?.WorkingFolder, path));
        if (Museum is null)
        {
            return null;
        }

        if (Museum.Documents.TryGetValue(target, out var document))
        {
            return documents.GetValueOrDefault(document, new ContainerFile(document.Name));
        }

        var mount = Museum.Files.Keys.Where(at => target == at || target.StartsWith(at + "/", StringComparison.Ordinal))
            .MaxBy(at => at.Length);
        return mount is null ? null : mount == target ? Museum.Files[mount] : Museum.Files[mount].Below(target[mount.Length..]);
    }

    private static IEnumerable<string> HostPaths(ComposeService service) =>
        service.Files.Values.Select(file => file.HostPath).OfType<string>();

    private void ReadFile(string file, string folder, Func<string, string?> lookup, int depth)
    {
        if (Load(file, folder, lookup, depth) is not { } scope)
        {
            return;
        }

        foreach (var item in ComposeScope.Items(YamlSettings.Child(scope.Root, "include")))
        {
            Include(item, scope, depth);
        }

        Take(scope, depth);
    }

    private void Take(ComposeScope scope, int depth)
    {
        foreach (var section in new[] { "configs", "secrets" })
        {
            ReadDocuments(section, scope);
        }

        foreach (var (name, node) in Services(scope))
        {
            services.TryAdd(name, new ComposeService(name));
            Apply(services[name], node, scope, depth);
        }
    }

    private ComposeScope? Load(string file, string folder, Func<string, string?> lookup, int depth)
    {
        var name = paths.Named(file);
        var present = paths.Present(file);
        if (depth == 0 || !File.Exists(present))
        {
            throw new EnteException(
                depth == 0 ? $"{name} includes or extends itself." : $"The compose file {file} does not exist.",
                "Look at `include` and `extends` of the compose files, and at COMPOSE_FILE.");
        }

        files.Add(file);
        return YamlSettings.ReadRoot(ConfigurationText.Read(present), name) is { } content
            ? new ComposeScope(name, folder, content, lookup, variable => unsetVariables.Add(variable), paths)
            : null;
    }

    private void Include(YamlNode item, ComposeScope scope, int depth)
    {
        string[] included = [.. scope.Value(item) is { } text ? [text] : scope.Values(item, "path")];
        if (included.Length == 0)
        {
            return;
        }

        var first = paths.FolderOf(scope.HostPath(included[0]));
        var folder = scope.Value(item, "project_directory") is { } named ? scope.HostPath(named) : first;
        string[] variableFiles = [.. scope.Values(item, "env_file").Select(scope.HostPath)];

        // What the outer project sets wins over what the included one brings along.
        var own = ReadVariables(variableFiles.Length > 0 ? variableFiles : [Path.Join(folder, ".env")], scope.Lookup);
        foreach (var path in included)
        {
            ReadFile(scope.HostPath(path), folder, name => scope.Lookup(name) ?? own.GetValueOrDefault(name), depth - 1);
        }
    }

    private Dictionary<string, string> ReadVariables(IEnumerable<string> named, Func<string, string?> lookup)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in named.Where(path => File.Exists(paths.Present(path))))
        {
            files.Add(path);
            foreach (var (name, value) in DotEnv.Read(ConfigurationText.Read(paths.Present(path)), lookup))
            {
                variables[name] = value ?? "";
            }
        }

        return variables;
    }

    private static IEnumerable<(string Key, YamlNode Value)> Services(ComposeScope scope) =>
        YamlSettings.Child(scope.Root, "services") is YamlMappingNode map ? YamlSettings.Entries(map) : [];

    // The service that it extends first, then its own settings over that.
    private void Apply(ComposeService service, YamlNode node, ComposeScope scope, int depth)
    {
        var extends = YamlSettings.Child(node, "extends");
        if ((scope.Value(extends) ?? scope.Value(extends, "service")) is { } name)
        {
            var path = scope.Value(extends, "file") is { } file ? scope.HostPath(file) : null;
            var from = path is null ? scope : Load(path, paths.FolderOf(path), scope.Lookup, depth);
            var parent = from is null ? null : YamlSettings.Child(YamlSettings.Child(from.Root, "services"), name);
            if (parent is null || depth == 0)
            {
                throw new EnteException(
                    $"{scope.File} extends the service {name}, which {(depth == 0 ? "extends itself" : "is not there")}.",
                    "Look at `extends` of the compose files.");
            }

            Apply(service, parent, from!, depth - 1);
        }

        service.Apply(node, scope);
    }

    private void ReadDocuments(string section, ComposeScope scope)
    {
        if (YamlSettings.Child(scope.Root, section) is not YamlMappingNode map)
        {
            return;
        }

        foreach (var (name, node) in YamlSettings.Entries(map))
        {
            documents[(section, name)] = new ContainerFile($"{scope.File}, {section[..^1]} {name},")
            {
                Text = scope.Value(node, "content") ?? (scope.Value(node, "environment") is { } variable ? scope.Variable(variable) : null),
                HostPath = scope.Value(node, "file") is { } path ? scope.HostPath(path) : null,
            };
        }
    }

    private void ReadEnvironment(Func<string, string?> lookup)
    {
        foreach (var file in Museum?.VariableFiles ?? [])
        {
            files.Add(file.Path);
            if (paths.Present(file.Path) is var present && File.Exists(present))
            {
                var text = ConfigurationText.Read(present);
                environment.AddRange((file.IsRaw ? RawVariables.Read(text) : DotEnv.Read(text, lookup))
                    .Select(entry => new EnvironmentVariable(entry.Name, entry.Value ?? lookup(entry.Name) ?? "", paths.Named(file.Path))));
            }
        }

        environment.AddRange(Museum?.Environment ?? []);
    }
}
