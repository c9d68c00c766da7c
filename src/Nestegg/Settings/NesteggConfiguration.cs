using System.Text;
using Nestegg.Ente.Configuration;
using Nestegg.Retention;

namespace Nestegg.Settings;

/// <summary>
/// Our own configuration, <c>nestegg.yaml</c>: where the instance is, how to reach it, where backups go. Every key is described in
/// docs/configuration.md. Paths in it start from the folder of the file, and <c>~</c> is the home folder.
/// </summary>
public sealed class NesteggConfiguration
{
    public const string FileName = "nestegg.yaml";

    /// <summary>The file itself; <see langword="null"/> for a configuration made of arguments alone.</summary>
    public string? Path { get; init; }

    /// <summary>What the instance is called in snapshots.</summary>
    public string InstanceName { get; init; } = "";

    /// <summary>Where the instance's configuration is; <see langword="null"/> when the file names none.</summary>
    public InstanceLocation? Instance { get; init; }

    /// <summary>Addresses to use for host names of the compose network.</summary>
    public EndpointMap Map { get; init; } = EndpointMap.Empty;

    public PostgresProgramSettings Postgres { get; init; } = new();

    /// <summary>Where the repository is; <see langword="null"/> when nothing names one.</summary>
    public RepositorySettings? Repository { get; init; }

    /// <summary>
    /// Who can open the backups, in age's form; a backup is refused when the repository names others. Empty for whomever it names.
    /// </summary>
    public IReadOnlyList<string> Recipients { get; init; } = [];

    /// <summary>The file of the minisign secret key that signs manifests.</summary>
    public string? SigningKeyPath { get; init; }

    /// <summary>
    /// The public half of that key, as in the second line of a minisign public key file; <see langword="null"/> when none is written down.
    /// </summary>
    public string? SigningPublicKey { get; init; }

    /// <summary>Where <c>init</c> wrote an identity that opens the backups; it should not stay there.</summary>
    public string? IdentityMadeAt { get; init; }

    /// <summary>Objects in transfer at once.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>What the repository keeps, and in which zone its days begin.</summary>
    public RetentionSettings Retention { get; init; } = new();

    /// <summary>Finds the file: the one that was named, else ./nestegg.yaml, $NESTEGG_CONFIG, ~/.config/nestegg/nestegg.yaml.</summary>
    /// <returns>The one that was named, whether it exists or not; <see langword="null"/> when none was named and none exists.</returns>
    public static string? FindPath(string? named, string? workingFolder, IReadOnlyDictionary<string, string> environment)
    {
        var fromVariable = environment.GetValueOrDefault("NESTEGG_CONFIG") ?? "";
        if (named is null && workingFolder is not null && File.Exists(System.IO.Path.Join(workingFolder, FileName)))
        {
            return System.IO.Path.Join(workingFolder, FileName);
        }

        if ((named ?? fromVariable) is { Length: > 0 } path)
        {
            return workingFolder is not null || System.IO.Path.IsPathRooted(path)
                ? System.IO.Path.GetFullPath(path, workingFolder ?? "/")
                : throw new NesteggException(
                    FailureKind.BadInput, $"the configuration {path} is named from a folder that has been removed",
                    "change into a folder that exists (cd), or name the configuration by its full path");
        }

        var last = System.IO.Path.Join(UserFolders.Config(environment) ?? "/", "nestegg", FileName);
        return File.Exists(last) ? last : null;
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="NesteggException">
    /// It does not exist or cannot be read, a key is unknown, or a value is not what it has to be.
    /// </exception>
    public static NesteggConfiguration Load(string path, IReadOnlyDictionary<string, string> environment)
    {
        var text = NamedFile.Read(path, "the configuration", "name another one with --config; nestegg init writes one");
        return new NesteggConfigurationReader(path, environment).Read(Encoding.UTF8.GetString(text));
    }

    /// <summary>
    /// The same with another repository, as the command line may name one; nothing of the file's own repository stays, but for the same
    /// place its credentials and its rules of what is kept.
    /// </summary>
    public NesteggConfiguration With(RepositorySettings repository) => new()
    {
        Path = Path, InstanceName = InstanceName, Instance = Instance, Map = Map, Postgres = Postgres,
        Repository = Repository?.Location == repository.Location ? Repository : repository,
        Recipients = Recipients, SigningKeyPath = SigningKeyPath, SigningPublicKey = SigningPublicKey, IdentityMadeAt = IdentityMadeAt,
        Parallel = Parallel,
        Retention = Repository?.Location == repository.Location ? Retention : new RetentionSettings { TimeZone = Retention.TimeZone },
    };

    /// <summary>The instance's location, which a command that works on the instance needs.</summary>
    public InstanceLocation RequireInstance() => Instance
        ?? throw new NesteggException(
            FailureKind.BadInput, "no instance is configured", "run nestegg init --instance FOLDER, or name a configuration with --config");

    /// <summary>The repository's settings, which most commands need.</summary>
    public RepositorySettings RequireRepository() => Repository
        ?? throw new NesteggException(
            FailureKind.BadInput, "no repository is configured", "name it with --repository, or a configuration with --config");
}
