using System.Text;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Formats.Minisign;
using YamlDotNet.RepresentationModel;

namespace Nestegg.Settings;

/// <summary>
/// Turns the text of nestegg.yaml into a <see cref="NesteggConfiguration"/>; what it does not know it refuses, and names what it does.
/// </summary>
internal sealed class NesteggConfigurationReader(string path, IReadOnlyDictionary<string, string> environment)
{
    private readonly string name = Path.GetFileName(path);
    private readonly string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;

    public NesteggConfiguration Read(string text)
    {
        var root = new ConfigurationSection(Root(text), "", name);
        root.AllowOnly("instance", "access", "map", "postgresql", "repository", "recipients", "signing-key",
            "signing-public-key", "identity-made-at", "parallel", "retention");
        var instance = root.Section("instance", scalarKey: "folder");
        return new NesteggConfiguration
        {
            Path = path,
            InstanceName = instance?.Text("name") ?? InstanceNameOf(instance),
            Instance = instance is null ? null : ReadInstance(instance, root.Section("access")),
            Map = ReadMap(root),
            Postgres = ReadPostgres(root.Section("postgresql")),
            Repository = root.Section("repository", scalarKey: "location") is { } repository ? ReadRepository(repository) : null,
            Recipients = root.List("recipients"),
            SigningKeyPath = root.Text("signing-key") is { } key ? FullPath(key) : null,
            SigningPublicKey = ReadPublicKey(root),
            IdentityMadeAt = root.Text("identity-made-at") is { } made ? FullPath(made) : null,
            Parallel = root.Number("parallel", 8, 1, 256),
            Retention = root.Section("retention") is { } retention ? RetentionReader.Read(retention) : new(),
        };
    }

    private static string? ReadPublicKey(ConfigurationSection root)
    {
        const string key = "signing-public-key";
        return root.Text(key) is not { } text || MinisignPublicKey.TryParse(text, out _)
            ? root.Text(key)
            : throw root.Wrong(
                key, $"`{text}` is no minisign public key", "write the line that begins with RW: nestegg.json has it as signingKey");
    }

    /// <summary>The repository's settings from a location alone, with what the environment says about credentials.</summary>
    public static RepositorySettings RepositoryAt(string location, string workingFolder, IReadOnlyDictionary<string, string> environment) =>
        new NesteggConfigurationReader(Path.Join(workingFolder, NesteggConfiguration.FileName), environment)
            .ReadRepository(new ConfigurationSection(new YamlMappingNode("location", location), "repository", "--repository"));

    private YamlMappingNode Root(string text)
    {
        try
        {
            return YamlSettings.ReadRoot(text, name) ?? [];
        }
        catch (EnteException exception)
        {
            throw new NesteggException(FailureKind.BadInput, exception.Message, exception.Hint, exception);
        }
    }

    private InstanceLocation ReadInstance(ConfigurationSection section, ConfigurationSection? access)
    {
        section.AllowOnly("folder", "name", "museum-yaml", "credentials-yaml", "compose-files", "env-files");
        return new InstanceLocation(FullPath(section.Required("folder")))
        {
            MuseumYaml = section.Text("museum-yaml") is { } museum ? Expand(museum) : null,
            CredentialsYaml = section.Text("credentials-yaml") is { } credentials ? Expand(credentials) : null,
            ComposeFiles = [.. section.List("compose-files").Select(Expand)],
            EnvironmentFiles = [.. section.List("env-files").Select(Expand)],
            Overrides = access is null ? new Dictionary<string, string>() : ReadAccess(access),
            ProcessEnvironment = environment,
        };
    }

    // Keys are museum's own, such as `db.user`; `db.password-file` takes the value from a file.
    private Dictionary<string, string> ReadAccess(ConfigurationSection section)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in section.Keys)
        {
            var isFile = key.EndsWith("-file", StringComparison.Ordinal) && !MuseumKeys.All.Contains(key);
            var setting = isFile ? key[..^"-file".Length] : key;
            if (!MuseumKeys.All.Contains(setting))
            {
                throw section.Unknown(key, MuseumKeys.All);
            }

            settings[setting] = isFile ? ReadSecretFile(section.Required(key), section, key) : section.Required(key);
        }

        return settings;
    }

    private static EndpointMap ReadMap(ConfigurationSection root)
    {
        try
        {
            return EndpointMap.Parse(root.List("map"));
        }
        catch (EnteException exception)
        {
            throw root.Wrong("map", exception.Message, exception.Hint);
        }
    }

    private static PostgresProgramSettings ReadPostgres(ConfigurationSection? section)
    {
        section?.AllowOnly("pg-dump", "pg-restore", "connect");
        return section is null
            ? new PostgresProgramSettings()
            : new PostgresProgramSettings
            {
                PgDump = section.Command("pg-dump"),
                PgRestore = section.Command("pg-restore"),
                Connect = Enum.Parse<PostgresConnect>(section.OneOf("connect", "auto", "network", "socket"), ignoreCase: true),
            };
    }

    private RepositorySettings ReadRepository(ConfigurationSection section)
    {
        section.AllowOnly(
            "location", "endpoint", "region", "path-style", "access-key-id", "secret-access-key", "secret-access-key-file",
            "object-lock", "object-lock-days");
        var location = section.Required("location");
        var isS3 = IsS3(section, location);
        var lockMode = section.OneOf("object-lock", "", "governance", "compliance");
        var lockDays = section.Number("object-lock-days", 0, 0, 36500);
        if ((lockMode.Length > 0) != (lockDays > 0))
        {
            throw section.Wrong(
                "object-lock", "an object lock needs both object-lock and object-lock-days",
                "for example object-lock: governance and object-lock-days: 30");
        }

        return new RepositorySettings
        {
            Location = isS3 ? location.TrimEnd('/') : FullPath(location),
            Endpoint = section.Text("endpoint") ?? Variable("NESTEGG_S3_ENDPOINT"),
            Region = section.Text("region") ?? Variable("NESTEGG_S3_REGION"),
            UsesPathStyle = section.Text("path-style") is null ? null : section.Flag("path-style", otherwise: true),
            AccessKey = section.Text("access-key-id") ?? Variable("NESTEGG_S3_ACCESS_KEY_ID") ?? Variable("AWS_ACCESS_KEY_ID") ?? "",
            SecretKey = section.Text("secret-access-key")
                ?? (section.Text("secret-access-key-file") is { } file ? ReadSecretFile(file, section, "secret-access-key-file") : null)
                ?? Variable("NESTEGG_S3_SECRET_ACCESS_KEY") ?? Variable("AWS_SECRET_ACCESS_KEY") ?? "",
            SessionToken = Variable("AWS_SESSION_TOKEN"),
            ObjectLockMode = lockMode,
            ObjectLockDays = lockDays,
        };
    }

    private static bool IsS3(ConfigurationSection section, string location)
    {
        try
        {
            return !StoreAddress.NamesFolder(location);
        }
        catch (NesteggException failure)
        {
            throw section.Wrong("location", failure.Message, failure.Hint);
        }
    }

    private string ReadSecretFile(string file, ConfigurationSection section, string key)
    {
        try
        {
            var text = NamedFile.Read(FullPath(file), "the file", "write the secret into it, readable for you alone");
            return Encoding.UTF8.GetString(text).TrimEnd('\r', '\n');
        }
        catch (NesteggException failure)
        {
            throw section.Wrong(key, failure.Message, failure.Hint);
        }
    }

    private string? Variable(string variable) => environment.GetValueOrDefault(variable) is { Length: > 0 } value ? value : null;

    private string InstanceNameOf(ConfigurationSection? instance) =>
        instance?.Text("folder") is { } at ? Path.GetFileName(FullPath(at).TrimEnd('/')) : "";

    private string Expand(string value) => value == "~" || value.StartsWith("~/", StringComparison.Ordinal)
        ? Path.Join(UserFolders.Home(environment), value[1..])
        : value;

    private string FullPath(string value) => Path.GetFullPath(Expand(value), folder);
}
