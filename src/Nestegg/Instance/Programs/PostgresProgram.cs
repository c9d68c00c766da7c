using System.Diagnostics;
using System.Text.RegularExpressions;
using Nestegg.Ente.Configuration;
using Nestegg.Settings;

namespace Nestegg.Instance.Programs;

/// <summary>
/// One of PostgreSQL's own programs (<c>pg_dump</c>, <c>pg_restore</c>): a configured command, or the one of this machine.
/// The password goes through the child's environment and never through its arguments, which every user of the machine can read.
/// </summary>
internal sealed partial class PostgresProgram
{
    private static readonly string[] ContainerEngines = ["docker", "podman", "nerdctl", "kubectl"];

    private readonly string workingFolder;
    private readonly ContainerPrograms? container;

    private PostgresProgram(string name, IReadOnlyList<string> command, PostgresConnect connect, string version, string workingFolder)
    {
        Name = name;
        Command = command;
        Version = version;
        MajorVersion = int.Parse(version.Split('.')[0]);
        UsesSocket = connect == PostgresConnect.Socket;
        this.workingFolder = workingFolder;
    }

    private PostgresProgram(ContainerPrograms container, string name, string version, string workingFolder)
        : this(name, [.. container.Command, name], PostgresConnect.Socket, version, workingFolder)
    {
        this.container = container;
    }

    /// <summary>What it is called: <c>pg_dump</c>.</summary>
    public string Name { get; }

    /// <summary>The program and the arguments before its own.</summary>
    public IReadOnlyList<string> Command { get; }

    /// <summary>As it states it: <c>15.18</c>.</summary>
    public string Version { get; }

    public int MajorVersion { get; }

    /// <summary>It runs in the server's container and connects there by socket, without a host.</summary>
    public bool UsesSocket { get; }

    /// <summary>Why it is this one, where that is not plain.</summary>
    public string Reason { get; private init; } = "";

    /// <summary>Finds a program and asks for its version.</summary>
    /// <param name="name"><c>pg_dump</c> or <c>pg_restore</c>.</param>
    /// <param name="settings">A configured command is used as it is.</param>
    /// <param name="wantedMajorVersion">
    /// Of those on this machine, the first is taken that is at least as new, else that of the server's container, else the newest;
    /// <see langword="null"/> for any.
    /// </param>
    /// <param name="workingFolder">Where it runs; <c>docker compose</c> looks there for its file.</param>
    /// <param name="cancellationToken">Ends a program that does not answer.</param>
    /// <returns><see langword="null"/> when there is none, or it does not run.</returns>
    public static async Task<PostgresProgram?> TryFindAsync(
        string name, PostgresProgramSettings settings, int? wantedMajorVersion, string workingFolder, CancellationToken cancellationToken)
    {
        var configured = settings.Configured(name);
        PostgresProgram? newest = null;
        foreach (var command in configured.Count > 0 ? [configured] : Candidates(name))
        {
            if (await TryGetVersionAsync(command, workingFolder, cancellationToken) is not { } version)
            {
                continue;
            }

            var connect = configured.Count == 0 ? PostgresConnect.Network : Resolve(settings.Connect, command[0]);
            var found = new PostgresProgram(name, command, connect, version, workingFolder);
            if (wantedMajorVersion is not { } wanted || found.MajorVersion >= wanted)
            {
                return found;
            }

            newest = newest is null || found.MajorVersion > newest.MajorVersion ? found : newest;
        }

        var container = configured.Count == 0 ? settings.Container : null;
        return await TryFindInContainerAsync(name, container, newest, workingFolder, cancellationToken) ?? newest;
    }

    /// <summary>What was found, if it can be used with this server.</summary>
    /// <exception cref="NesteggException">There is none, or it is older than the server.</exception>
    public static PostgresProgram Require(PostgresProgram? found, string name, int serverMajorVersion, PostgresProgramSettings settings) =>
        found is null ? throw new MissingProgram(name, settings).AsException()
        : found.MajorVersion >= serverMajorVersion ? found
        : throw new NesteggException(
            FailureKind.BadInput, $"{name} {found.Version} is older than the server, which is PostgreSQL {serverMajorVersion}",
            new MissingProgram(name, settings).Hint);

    /// <summary>The arguments that lead it to the instance's database, without the password.</summary>
    /// <param name="serverMajorVersion">0 when it is not known.</param>
    public IEnumerable<string> ConnectionArguments(DatabaseSettings database, EndpointMap map, int serverMajorVersion)
    {
        string[] who = ["--username", database.User, "--dbname", database.ProgramDatabase(serverMajorVersion), "--no-password"];
        var target = map.Resolve(database.Endpoint);
        return container is not null ? ["--port", container.Port.ToString(), .. who]
            : UsesSocket ? who
            : ["--host", target.Host, "--port", target.Port.ToString(), .. who];
    }

    /// <summary>Starts it against the instance's database.</summary>
    /// <param name="serverMajorVersion">0 when it is not known.</param>
    /// <param name="arguments">Its own arguments; the connection's are put before them.</param>
    public ProgramRun Start(DatabaseSettings database, EndpointMap map, int serverMajorVersion, IEnumerable<string> arguments) => new(
        Name, Redirected([.. Command, .. ConnectionArguments(database, map, serverMajorVersion), .. arguments], workingFolder),
        [.. database.ProgramEnvironment(), new("PGAPPNAME", "nestegg")]);

    public override string ToString() =>
        $"{(container is null ? string.Join(' ', Command) : Name)} ({Version}){(Reason.Length > 0 ? $", {Reason}" : "")}";

    private static async Task<PostgresProgram?> TryFindInContainerAsync(
        string name, ContainerPrograms? container, PostgresProgram? here, string workingFolder, CancellationToken cancellationToken)
    {
        if (container is null
            || await TryGetVersionAsync([.. container.Command, name], workingFolder, cancellationToken) is not { } version)
        {
            return null;
        }

        return new PostgresProgram(container, name, version, workingFolder)
        {
            Reason = $"that of the container {container.ContainerName}, for "
                + (here is null ? "this machine has none" : $"this machine's {here} is older than the server"),
        };
    }

    private static PostgresConnect Resolve(PostgresConnect connect, string program) => connect switch
    {
        PostgresConnect.Auto => ContainerEngines.Contains(Path.GetFileName(program)) ? PostgresConnect.Socket : PostgresConnect.Network,
        _ => connect,
    };

    private static IEnumerable<IReadOnlyList<string>> Candidates(string name)
    {
        var inPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var programs = inPath.Concat(VersionedFolders())
            .Select(folder => Path.Join(folder, OperatingSystem.IsWindows() ? name + ".exe" : name));
        return programs.Where(File.Exists).Distinct().Select(program => (IReadOnlyList<string>)[program]);
    }

    // Where Debian, Red Hat, Alpine and Homebrew keep several versions side by side; the newest first.
    private static IEnumerable<string> VersionedFolders() =>
        new[]
        {
            ("/usr/lib/postgresql", "*"),
            ("/usr", "pgsql-*"),
            ("/usr/libexec", "postgresql*"),
            ("/opt/homebrew/opt", "postgresql@*"),
            ("/usr/local/opt", "postgresql@*"),
        }
            .Where(place => Directory.Exists(place.Item1))
            .SelectMany(place => Directory.EnumerateDirectories(place.Item1, place.Item2))
            .OrderByDescending(folder => int.TryParse(Digits().Match(Path.GetFileName(folder)).Value, out var version) ? version : 0)
            .SelectMany(folder => new[] { Path.Join(folder, "bin"), folder });

    private static async Task<string?> TryGetVersionAsync(
        IReadOnlyList<string> command, string workingFolder, CancellationToken cancellationToken)
    {
        try
        {
            await using var run = new ProgramRun(command[^1], Redirected([.. command, "--version"], workingFolder), []);
            run.StandardInput.Close();
            using var reader = new StreamReader(run.StandardOutput);
            var match = VersionText().Match(await reader.ReadToEndAsync(cancellationToken));
            await run.CompleteAsync(cancellationToken);
            return match.Success ? match.Groups[1].Value : null;
        }
        catch (NesteggException)
        {
            // A program that does not even state its version is none; the caller goes on looking or says that it is missing.
            return null;
        }
    }

    private static ProcessStartInfo Redirected(IReadOnlyList<string> command, string workingFolder) =>
        new(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = workingFolder,
        };

    [GeneratedRegex(@"\(PostgreSQL\) (\d+[\w.]*)")]
    private static partial Regex VersionText();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}
