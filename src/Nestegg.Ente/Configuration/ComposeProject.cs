using YamlDotNet.RepresentationModel;

namespace Nestegg.Ente.Configuration;

/// <summary>What a compose file says about the museum service: image, environment, and what is mounted where.</summary>
internal sealed class ComposeProject
{
    private readonly List<YamlMappingNode> roots = [];
    private readonly List<EnvironmentVariable> environment = [];
    private readonly List<string> environmentFiles = [];
    private readonly Dictionary<string, string> mounts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Source, string Text)> inlineFiles = new(StringComparer.Ordinal);
    private readonly List<string> foreignFolders = [];
    private readonly string folder;
    private readonly Func<string, string?> lookup;

    private ComposeProject(string folder, Func<string, string?> lookup)
    {
        this.folder = folder;
        this.lookup = lookup;
    }

    /// <summary>Whether a service runs museum here; without one, compose says nothing about its environment.</summary>
    public bool HasMuseum { get; private set; }

    public string? MuseumImage { get; private set; }

    /// <summary>The museum service's variables, the weakest first: those of <c>env_file</c>, then those of <c>environment</c>.</summary>
    public IReadOnlyList<EnvironmentVariable> Environment => environment;

    /// <summary>The files that <c>env_file</c> of the museum service names, as full paths.</summary>
    public IReadOnlyList<string> EnvironmentFiles => environmentFiles;

    /// <summary>
    /// Folders of the host that belong to other services: a database's files have no place in a copy of the configuration.
    /// </summary>
    public IReadOnlyList<string> ForeignFolders => foreignFolders;

    /// <param name="folder">What relative paths start from.</param>
    /// <param name="files">The compose file and then its overrides, as full paths.</param>
    /// <param name="lookup">The variables for <c>${…}</c>.</param>
    public static ComposeProject Read(string folder, IEnumerable<string> files, Func<string, string?> lookup)
    {
        var project = new ComposeProject(folder, lookup);
        foreach (var file in files)
        {
            var name = Path.GetFileName(file);
            if (YamlSettings.ReadRoot(File.ReadAllText(file), name) is not { } root)
            {
                continue;
            }

            project.roots.Add(root);
            project.ReadServices(root, name);
        }

        return project;
    }

    /// <summary>The file or folder of the host behind a path in the museum container.</summary>
    public string? FindMount(string containerPath) => mounts.GetValueOrDefault(Normal(containerPath));

    /// <summary>The text of a file that the compose file itself holds and mounts at that path.</summary>
    public (string Source, string Text)? FindInlineFile(string containerPath) =>
        inlineFiles.TryGetValue(Normal(containerPath), out var file) ? file : null;

    private void ReadServices(YamlMappingNode root, string file)
    {
        if (YamlSettings.Child(root, "services") is not YamlMappingNode services)
        {
            return;
        }

        var museum = YamlSettings.Entries(services).Where(service => IsMuseum(service.Key, service.Value)).Select(service => service.Key)
            .FirstOrDefault();
        foreach (var (name, service) in YamlSettings.Entries(services))
        {
            if (name == museum)
            {
                ReadMuseum(service, file);
            }
            else
            {
                foreignFolders.AddRange(Volumes(service).Select(volume => volume.HostPath));
            }
        }
    }

    private bool IsMuseum(string name, YamlNode service) =>
        name == "museum" || Value(YamlSettings.Child(service, "image")) is { } image
            && image.Split('@', ':')[0].EndsWith("ente/server", StringComparison.Ordinal);

    private void ReadMuseum(YamlNode service, string file)
    {
        HasMuseum = true;
        MuseumImage = Value(YamlSettings.Child(service, "image")) ?? MuseumImage;
        foreach (var path in EnvFilePaths(YamlSettings.Child(service, "env_file")))
        {
            environmentFiles.Add(path);
            if (File.Exists(path))
            {
                environment.AddRange(
                    DotEnv.Read(File.ReadAllText(path), lookup).Select(entry => Variable(entry.Name, entry.Value, Path.GetFileName(path))));
            }
        }

        environment.AddRange(Variables(YamlSettings.Child(service, "environment"), file));
        foreach (var (host, container) in Volumes(service))
        {
            mounts[Normal(container)] = host;
        }

        ReadConfigs(service, file);
    }

    private IEnumerable<EnvironmentVariable> Variables(YamlNode? node, string file)
    {
        if (node is YamlMappingNode map)
        {
            return YamlSettings.Entries(map).Select(entry => Variable(entry.Key, Value(entry.Value), file));
        }

        return node is not YamlSequenceNode list
            ? []
            : list.Children.Select(Value).OfType<string>().Select(text =>
            {
                var equals = text.IndexOf('=');
                return equals < 0 ? Variable(text, null, file) : Variable(text[..equals], text[(equals + 1)..], file);
            });
    }

    // A name without a value takes the one of the shell or of .env.
    private EnvironmentVariable Variable(string name, string? value, string source) => new(name, value ?? lookup(name) ?? "", source);

    private IEnumerable<string> EnvFilePaths(YamlNode? node)
    {
        var entries = node is YamlSequenceNode list ? list.Children : node is null ? [] : [node];
        return entries.Select(entry => Value(entry) ?? Value(YamlSettings.Child(entry, "path"))).OfType<string>().Select(HostPath);
    }

    private IEnumerable<(string HostPath, string ContainerPath)> Volumes(YamlNode service)
    {
        if (YamlSettings.Child(service, "volumes") is not YamlSequenceNode volumes)
        {
            yield break;
        }

        foreach (var volume in volumes.Children)
        {
            var parts = Value(volume)?.Split(':');
            var source = parts?[0] ?? Value(YamlSettings.Child(volume, "source"));
            var target = parts is null ? Value(YamlSettings.Child(volume, "target")) : parts.ElementAtOrDefault(1);

            // Anything else than a path is a named volume, which lives with the engine.
            if (source is not null && target is not null && source.StartsWith('.') | source.StartsWith('/') | source.StartsWith('~'))
            {
                yield return (HostPath(source), target);
            }
        }
    }

    private void ReadConfigs(YamlNode service, string file)
    {
        if (YamlSettings.Child(service, "configs") is not YamlSequenceNode configs)
        {
            return;
        }

        foreach (var config in configs.Children)
        {
            var source = Value(config) ?? Value(YamlSettings.Child(config, "source"));
            if (source is null)
            {
                continue;
            }

            var target = Value(YamlSettings.Child(config, "target")) ?? "/" + source;
            var definition = roots.Select(root => YamlSettings.Child(YamlSettings.Child(root, "configs"), source))
                .LastOrDefault(node => node is not null);
            if (Value(YamlSettings.Child(definition, "content")) is { } text)
            {
                inlineFiles[Normal(target)] = ($"{file}, config {source},", text);
            }
            else if (Value(YamlSettings.Child(definition, "file")) is { } path)
            {
                mounts[Normal(target)] = HostPath(path);
            }
        }
    }

    private string? Value(YamlNode? node) => YamlSettings.Text(node) is { } text ? Interpolation.Expand(text, lookup) : null;

    private string HostPath(string path) => path.StartsWith('~')
        ? Path.Join(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), path[1..])
        : Path.GetFullPath(path, folder);

    private static string Normal(string containerPath) => "/" + containerPath.Trim('/');
}
