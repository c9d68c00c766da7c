namespace Nestegg.Ente.Configuration;

/// <summary>
/// Where the configuration of an instance is. The folder alone is enough for the layout of the quickstart; the rest names files that are
/// elsewhere.
/// </summary>
public sealed record InstanceLocation(string Folder)
{
    /// <summary>museum.yaml; relative to the folder.</summary>
    public string? MuseumYaml { get; init; }

    /// <summary>The credentials file; relative to the folder.</summary>
    public string? CredentialsYaml { get; init; }

    /// <summary>The compose file and then its overrides, instead of those that compose itself would find.</summary>
    public IReadOnlyList<string> ComposeFiles { get; init; } = [];

    /// <summary>Files of variables that museum is started with, as <c>--env-file</c> or a unit's <c>EnvironmentFile=</c>.</summary>
    public IReadOnlyList<string> EnvironmentFiles { get; init; } = [];

    /// <summary>
    /// Settings by museum's key (<c>db.user</c>) to reach the instance with instead of museum's own: a role and an access key that may only
    /// read. They are no part of the instance's configuration.
    /// </summary>
    public IReadOnlyDictionary<string, string> Overrides { get; init; } = new Dictionary<string, string>();

    /// <summary>The variables of the process; <c>ENTE_…</c> among them win over those of compose and .env, as an operator's own.</summary>
    public IReadOnlyDictionary<string, string> ProcessEnvironment { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Files and folders that are not in their place yet, and where they are until then: full paths, by the place that the configuration
    /// names.
    /// </summary>
    public IReadOnlyDictionary<string, string> StandIns { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// museum as it runs: its own environment and the files that it sees count before what the files say that it would be started with.
    /// </summary>
    public MuseumProcess? Museum { get; init; }

    /// <summary>
    /// The project as compose itself resolves it (<c>docker compose config --format json</c>): what it says of museum's service counts
    /// before what was made out of the compose files. Holds secrets.
    /// </summary>
    public string? ResolvedCompose { get; init; }

    /// <summary>The full path of a file that was named.</summary>
    /// <exception cref="EnteException">It is not there.</exception>
    internal string Existing(string path)
    {
        var full = Path.GetFullPath(path, Folder);
        return File.Exists(full) || Directory.Exists(full)
            ? full
            : throw new EnteException(
                $"The file {full} of the instance's configuration does not exist.", "Correct its path under `instance:` in nestegg.yaml.");
    }

    /// <summary>How a message names a file: relative to the folder where it is inside.</summary>
    internal string Named(string path)
    {
        var relative = Path.GetRelativePath(Folder, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
