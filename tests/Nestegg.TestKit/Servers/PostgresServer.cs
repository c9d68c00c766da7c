using Npgsql;

namespace Nestegg.TestKit.Servers;

/// <summary>
/// A private PostgreSQL on a free loopback port, with data in a temporary folder and nothing forced to disk.
/// PostgreSQL refuses to run as root, so root runs it as <c>postgres</c>.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    public const string Host = "127.0.0.1";

    /// <summary>A superuser, who signs in with <see cref="Password"/>.</summary>
    public const string User = "postgres";

    public const string Password = "not-a-secret";

    /// <summary>An environment variable: more folders with programs, such as <c>/opt/postgresql/17/bin</c>, separated by colons.</summary>
    public const string FoldersVariable = "NESTEGG_TEST_PG_BINS";

    private const string VersionsFolder = "/usr/lib/postgresql";

    private readonly TemporaryFolder folder;
    private ServerProcess process;

    private PostgresServer(string binFolder, TemporaryFolder folder, int port)
    {
        BinFolder = binFolder;
        Port = port;
        this.folder = folder;
        process = Launch();
    }

    /// <summary>Why there can be no server on this machine; <see langword="null"/> when there can.</summary>
    public static string? MissingReason =>
        FindBinFolder(null) is null ? $"PostgreSQL's server is not installed in {VersionsFolder}" : null;

    /// <summary>The versions that can be started, such as <c>15</c>; the newest first.</summary>
    public static IReadOnlyList<string> Versions { get; } =
        [.. BinFolders().Select(folder => folder.Version).Distinct().OrderDescending().Select(version => version.ToString())];

    public int Port { get; }

    /// <summary>Where this version's <c>pg_dump</c>, <c>pg_restore</c> and <c>psql</c> are.</summary>
    public string BinFolder { get; }

    /// <param name="version">Such as <c>15</c>; <see langword="null"/> for the newest that is installed.</param>
    public static async Task<PostgresServer> StartAsync(CancellationToken cancellationToken, string? version = null)
    {
        var binFolder = FindBinFolder(version) ?? throw new InvalidOperationException($"no PostgreSQL {version} in {VersionsFolder}");
        var folder = new TemporaryFolder();
        var passwordFile = folder["password"];
        await File.WriteAllTextAsync(passwordFile, Password, cancellationToken);
        if (Environment.IsPrivilegedProcess)
        {
            await ExternalProgram.RunAsync("chown", ["-R", "postgres", folder.Path], cancellationToken);
        }

        var (program, arguments) = AsOrdinaryUser(Path.Combine(binFolder, "initdb"),
        [
            "--pgdata", folder["data"], "--username=postgres", "--pwfile", passwordFile, "--auth-host=scram-sha-256", "--auth-local=trust",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        ]);
        await ExternalProgram.RunAsync(program, arguments, cancellationToken);
        var server = new PostgresServer(binFolder, folder, ServerProcess.FreePort());
        await server.WaitUntilReadyAsync(cancellationToken);
        return server;
    }

    public string ConnectionString(string database, string? user = null, string? password = null) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = Host, Port = Port, Username = user ?? User, Password = password ?? Password, Database = database, Pooling = false,
        }.ConnectionString;

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its name.</returns>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken, string? name = null)
    {
        name ??= "db_" + Guid.NewGuid().ToString("n");
        await ExecuteAsync("postgres", $"CREATE DATABASE \"{name}\"", cancellationToken);
        return name;
    }

    /// <summary>Loads an archive of <c>pg_dump</c> into a new database.</summary>
    /// <returns>The database's name.</returns>
    public async Task<string> RestoreAsync(string dumpPath, CancellationToken cancellationToken, string? name = null)
    {
        var database = await CreateDatabaseAsync(cancellationToken, name);
        await ExternalProgram.RunAsync(
            Path.Combine(BinFolder, "pg_restore"),
            ["--no-owner", "--no-acl", "--exit-on-error", "--single-transaction", "--dbname", ConnectionUri(database), dumpPath],
            cancellationToken);
        return database;
    }

    public async Task<NpgsqlConnection> OpenAsync(string database, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(ConnectionString(database));
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    public async Task ExecuteAsync(string database, string sql, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(database, cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>For programs of PostgreSQL: one argument that holds everything.</summary>
    public string ConnectionUri(string database) => $"postgresql://{User}:{Password}@{Host}:{Port}/{database}";

    /// <summary>Ends the server at once, as a crash of the machine would.</summary>
    public void Kill() => process.Kill();

    /// <summary>Ends the server in order; connections are cut.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => process.StopAsync("INT", cancellationToken);

    /// <summary>Starts it again on the same port and data.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        await process.DisposeAsync();
        File.Delete(Path.Combine(folder["data"], "postmaster.pid"));
        process = Launch();
        await WaitUntilReadyAsync(cancellationToken);
    }

    /// <summary>Starts it again as a standby, which only reads.</summary>
    public async Task BecomeStandbyAsync(CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder["data"], "standby.signal"), "", cancellationToken);
        await StartAgainAsync(cancellationToken);
    }

    /// <summary>Starts it again in a recovery that waits: it takes connections, and says to each that it is starting.</summary>
    /// <returns>Lets it go on.</returns>
    public async Task<Action> StayInStartAsync(CancellationToken cancellationToken)
    {
        var goesOn = folder["goes-on"];
        await StopAsync(cancellationToken);
        await process.DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(folder["data"], "recovery.signal"), "", cancellationToken);
        await File.AppendAllTextAsync(
            Path.Combine(folder["data"], "postgresql.auto.conf"),
            $"restore_command = 'until [ -e {goesOn} ]; do sleep 0.1; done; exit 1'\n", cancellationToken);
        process = Launch();
        await process.WaitUntilAsync("being in its start", async token =>
        {
            try
            {
                await using var connection = await OpenAsync("postgres", token);
                return false;
            }
            catch (NpgsqlException failure)
            {
                return failure.SqlState == PostgresErrorCodes.CannotConnectNow;
            }
        }, cancellationToken);
        return () => File.WriteAllText(goesOn, "");
    }

    public async ValueTask DisposeAsync()
    {
        await process.StopAsync("INT", CancellationToken.None);
        await process.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>The folder of the installed version's programs.</summary>
    public static string FindPrograms() => FindBinFolder(null) ?? throw new InvalidOperationException($"no PostgreSQL in {VersionsFolder}");

    private static string? FindBinFolder(string? version) =>
        BinFolders().Where(folder => version is null || folder.Version.ToString() == version).Select(folder => folder.Path)
            .FirstOrDefault();

    // The version is the name of the folder above bin. The installed ones come first, since their programs are those in PATH; of each kind
    // the newest first.
    private static IEnumerable<(int Version, string Path)> BinFolders()
    {
        var installed = Directory.Exists(VersionsFolder)
            ? Directory.GetDirectories(VersionsFolder).Select(folder => Path.Combine(folder, "bin"))
            : [];
        var named = (Environment.GetEnvironmentVariable(FoldersVariable) ?? "").Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return installed.Concat(named)
            .Where(folder => File.Exists(Path.Combine(folder, "initdb")))
            .Select(folder => (int.TryParse(Path.GetFileName(Path.GetDirectoryName(folder)), out var version) ? version : 0, folder))
            .Where(folder => folder.Item1 > 0)
            .OrderByDescending(folder => folder.folder.StartsWith(VersionsFolder, StringComparison.Ordinal))
            .ThenByDescending(folder => folder.Item1);
    }

    // setpriv becomes the program, where runuser stays its parent; so the process that is signalled is PostgreSQL itself.
    private static (string Program, string[] Arguments) AsOrdinaryUser(string program, string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", "--", program, .. arguments])
            : (program, arguments);

    private ServerProcess Launch()
    {
        var (program, arguments) = AsOrdinaryUser(Path.Combine(BinFolder, "postgres"),
        [
            "-D", folder["data"], "-p", Port.ToString(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + folder.Path,
            "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200",
        ]);
        return ServerProcess.Start(program, arguments);
    }

    private Task WaitUntilReadyAsync(CancellationToken cancellationToken) =>
        process.WaitUntilAsync("a connection", async token =>
        {
            try
            {
                await using var connection = await OpenAsync("postgres", token);
                return true;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        }, cancellationToken);
}
