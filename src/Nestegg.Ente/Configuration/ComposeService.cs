using YamlDotNet.RepresentationModel;

namespace Nestegg.Ente.Configuration;

/// <summary>A file or folder that a container gets from outside its image. Its text may be a secret, so it is no record.</summary>
/// <param name="origin">Who puts it there, for messages: <c>compose.yaml</c>, <c>compose.yaml, config creds,</c>.</param>
internal sealed class ContainerFile(string origin)
{
    public string Origin { get; } = origin;

    /// <summary>Where it is on the host; <see langword="null"/> when it is elsewhere (a named volume, the engine's own secret).</summary>
    public string? HostPath { get; init; }

    /// <summary>What it holds, where the compose file itself says it.</summary>
    public string? Text { get; init; }

    /// <summary>The same file or folder, <paramref name="rest"/> below it.</summary>
    public ContainerFile Below(string rest) => new(Origin) { HostPath = HostPath is null ? null : Path.Join(HostPath, rest) };
}

/// <summary>A file of <c>env_file</c>.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="IsRaw">Taken to the letter (<c>format: raw</c>), as <c>docker run --env-file</c> takes it.</param>
internal sealed record ComposeVariableFile(string Path, bool IsRaw);

/// <summary>A service of a compose project, after <c>extends</c> and overrides: the later of two values of one name counts.</summary>
internal sealed class ComposeService(string name)
{
    private readonly Dictionary<string, EnvironmentVariable> environment = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    public string? Image { get; private set; }

    /// <summary>Entry point and command, for telling what it runs.</summary>
    public string Command { get; private set; } = "";

    /// <summary>What relative paths in the container start from.</summary>
    public string WorkingFolder { get; private set; } = "/";

    public List<string> Profiles { get; } = [];

    public List<ComposeVariableFile> VariableFiles { get; } = [];

    public IReadOnlyCollection<EnvironmentVariable> Environment => environment.Values;

    /// <summary>By path in the container.</summary>
    public Dictionary<string, ContainerFile> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>The configs and secrets that it asks for: their path in the container, and section and name.</summary>
    public Dictionary<string, (string Section, string Name)> Documents { get; } = new(StringComparer.Ordinal);

    /// <summary>Puts what a file says of the service over what is known of it.</summary>
    public void Apply(YamlNode node, ComposeScope scope)
    {
        Image = scope.Value(node, "image") ?? Image;
        WorkingFolder = scope.Value(node, "working_dir") ?? WorkingFolder;
        Command = string.Join(' ', [.. scope.Values(node, "entrypoint"), .. scope.Values(node, "command"), Command]);
        Profiles.AddRange(scope.Values(node, "profiles"));
        ApplyEnvironment(node, scope);
        ApplyVolumes(node, scope);
        ApplyDocuments(node, scope, "configs", "/");
        ApplyDocuments(node, scope, "secrets", "/run/secrets");
    }

    private void ApplyEnvironment(YamlNode node, ComposeScope scope)
    {
        if (ComposeScope.Replaces(node, "env_file"))
        {
            VariableFiles.Clear();
        }

        if (ComposeScope.Replaces(node, "environment"))
        {
            environment.Clear();
        }

        foreach (var entry in ComposeScope.Items(YamlSettings.Child(node, "env_file")))
        {
            if ((scope.Value(entry) ?? scope.Value(entry, "path")) is { } path)
            {
                VariableFiles.Add(new ComposeVariableFile(scope.HostPath(path), scope.Value(entry, "format") == "raw"));
            }
        }

        foreach (var (key, value) in scope.Pairs(node, "environment"))
        {
            // A name without a value takes the one of the shell or of .env.
            environment[key] = new EnvironmentVariable(key, value ?? scope.Variable(key) ?? "", scope.File);
        }
    }

    private void ApplyVolumes(YamlNode node, ComposeScope scope)
    {
        if (ComposeScope.Replaces(node, "volumes"))
        {
            Files.Clear();
        }

        foreach (var volume in ComposeScope.Items(YamlSettings.Child(node, "volumes")))
        {
            var parts = scope.Value(volume)?.Split(':');
            var source = parts is null ? scope.Value(volume, "source") : parts.Length > 1 ? parts[0] : null;
            var target = parts is null ? scope.Value(volume, "target") : parts[Math.Min(1, parts.Length - 1)];
            if (target is not null)
            {
                // Anything else than a path is a named volume.
                var isPath = source is ['.' or '/' or '~', ..] || (source is not null && scope.Value(volume, "type") == "bind");
                var hostPath = isPath ? scope.HostPath(source!) : source is null ? null : scope.VolumeFolder(source);
                Files[ComposeScope.Normal(target)] = new ContainerFile(scope.File) { HostPath = hostPath };
            }
        }
    }

    private void ApplyDocuments(YamlNode node, ComposeScope scope, string section, string folder)
    {
        foreach (var item in ComposeScope.Items(YamlSettings.Child(node, section)))
        {
            if ((scope.Value(item) ?? scope.Value(item, "source")) is { } source)
            {
                var target = scope.Value(item, "target") ?? source;
                Documents[ComposeScope.Normal(target.StartsWith('/') ? target : $"{folder}/{target}")] = (section, source);
            }
        }
    }
}
