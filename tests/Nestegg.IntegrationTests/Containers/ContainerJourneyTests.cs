using System.Runtime.InteropServices;
using System.Text;
using Nestegg.Cli.Terminal;
using Nestegg.Ente.Configuration;
using Nestegg.Instance.Containers;
using Nestegg.Instance.Programs;
using Nestegg.IntegrationTests.Restore;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Containers;

/// <summary>
/// A worst hour and a first hour on a quickstart of which no port is published: only the container engine can show where its servers are.
/// </summary>
public sealed class ContainerJourneyTests(KnownInstances instances) : IAsyncLifetime
{
    private const string Password = "of-the-new-machine";
    private const string Database = "ente_db";

    private readonly TemporaryFolder folder = new();
    private readonly int relayedPort = ServerProcess.FreePort();
    private Podman podman = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Instance => folder["my-ente"];

    public async ValueTask InitializeAsync() => podman = await Podman.StartAsync(Token);

    public async ValueTask DisposeAsync()
    {
        if (podman is not null)
        {
            await podman.DisposeAsync();
        }

        folder.Dispose();
    }

    [Fact]
    public async Task Restored_and_backed_up_without_a_guess_on_the_servers_own_programs_also_after_the_containers_were_made_anew()
    {
        using var snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(KnownInstances.Sample, Token))["t1"], Token);
        Directory.CreateDirectory(Instance);
        await File.WriteAllTextAsync(Path.Join(Instance, "museum.yaml"), MuseumYaml(snapshot.Moment), Token);
        await StartServicesAsync();

        // Typed while the services are still starting.
        var (output, told) = await RunWithoutProgramsAsync(
            "restore", "--repository", snapshot.RepositoryPath, "--identity", snapshot.IdentityPath, "--into", Instance);
        Assert.Contains("podman says", output);
        Assert.Matches(
            $@"with pg_restore \([\d.]+\), that of the container {podman.NameOf("postgres")}, for this machine has none\n", told);

        var (configuration, repository) = (folder["nestegg.yaml"], folder["backups"]);
        var made = await Cli.ExpectAsync(
            ExitCode.Done, Token, "init", "--config", configuration, "--instance", Instance, "--repository", repository,
            "--new-identity", folder["identity.txt"], "--identity-beside-repository");
        Assert.Contains("next: nestegg doctor", made.Out);
        Assert.DoesNotContain("10.", await File.ReadAllTextAsync(configuration, Token));
        var looked = await Cli.RunAsync(Token, "doctor", "--config", configuration, "--json");
        Assert.Equal(2, looked.FindingCodes("ok").Count(code => code == "address-found"));
        Assert.Contains("next: nestegg backup", (await Cli.RunAsync(Token, "doctor", "--config", configuration)).Out);
        var (looks, _) = await RunWithoutProgramsAsync("doctor", "--config", configuration);
        foreach (var program in new[] { "pg_dump", "pg_restore" })
        {
            Assert.Contains($"{program}: {program} (", looks);
            Assert.Contains($"that of the container {podman.NameOf("postgres")}, for this machine has none", looks);
        }

        Assert.Contains("next: nestegg prove", (await RunWithoutProgramsAsync("backup", "--config", configuration)).Out);

        // What museum runs with is what it read when it started.
        var museumYaml = Path.Join(Instance, "museum.yaml");
        await podman.RunServiceAsync(Instance, "museum", ["--volume", $"{museumYaml}:/museum.yaml:ro"], ["sleep", "600"], Token);
        Assert.DoesNotContain(
            "museum-not-restarted", (await Cli.RunAsync(Token, "doctor", "--config", configuration, "--json")).FindingCodes("warning"));
        File.SetLastWriteTimeUtc(museumYaml, DateTime.UtcNow.AddSeconds(1));
        Assert.Contains(
            "museum-not-restarted", (await Cli.RunAsync(Token, "doctor", "--config", configuration, "--json")).FindingCodes("warning"));

        // `docker compose down; up`: another container takes the old address meanwhile.
        var before = await Podman.AddressAsync(podman.NameOf("postgres"), Token);
        await Podman.AskAsync(Token, "rm", "--force", "--time", "5", podman.NameOf("postgres"));
        await podman.RunServiceAsync(Instance, "between", [], ["sleep", "600"], Token);
        var name = await StartPostgresAsync();
        Assert.NotEqual(before, await Podman.AddressAsync(name, Token));
        await UntilPostgresAnswersAsync(name);
        await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--config", configuration);

        // nestegg.yaml is lost, and the repository is adopted.
        File.Delete(configuration);
        var adopted = await Cli.ExpectAsync(
            ExitCode.Done, Token, "init", "--config", configuration, "--instance", Instance, "--repository", repository,
            "--identity", folder["identity.txt"]);
        Assert.Contains($"next: nestegg doctor --config {configuration}", adopted.Out);
        await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--config", configuration);
    }

    [Fact]
    public async Task A_dump_is_loaded_by_the_servers_own_pg_restore()
    {
        var (name, routes, database) = await StartedServerAsync([]);
        await PsqlAsync(name, "CREATE TABLE few AS SELECT n FROM generate_series(1, 1000) AS n");
        using var dump = new MemoryStream();
        var dumper = await PostgresProgram.TryFindAsync("pg_dump", routes.Postgres, 99, folder.Path, Token);
        await using (var run = dumper!.Start(database, routes.Map, 15, ["--format=custom"]))
        {
            run.StandardInput.Close();
            await run.StandardOutput.CopyToAsync(dump, Token);
            await run.CompleteAsync(Token);
        }

        await PsqlAsync(name, "DROP TABLE few");
        var loader = await PostgresProgram.TryFindAsync("pg_restore", routes.Postgres, 99, folder.Path, Token);
        Assert.Contains($"that of the container {name}", loader!.ToString());
        await using (var run = loader.Start(database, routes.Map, 15, ["--single-transaction", "--exit-on-error"]))
        {
            await run.StandardInput.WriteAsync(dump.ToArray(), Token);
            run.StandardInput.Close();
            await run.StandardOutput.CopyToAsync(Stream.Null, Token);
            await run.CompleteAsync(Token);
        }

        Assert.Contains("1000", await PsqlAsync(name, "SELECT count(*) FROM few"));
    }

    [Fact]
    public async Task Containers_of_podman_compose_are_found_by_their_labels_and_a_stopped_one_is_named()
    {
        var (name, routes, database) = await StartedServerAsync(
            ["--label", "io.podman.compose.project=ente", "--label", "io.podman.compose.service=postgres"], isOfCompose: false);
        Assert.Equal(name, routes.Postgres.Container?.ContainerName);
        Assert.Contains(routes.Findings, finding => finding.Code == "address-found" && finding.Subject == "postgres:5432");

        await Podman.AskAsync(Token, "stop", "--time", "5", name);
        routes = await FindRoutesAsync();
        var lost = Assert.Single(routes.Findings, finding => finding.Subject == database.Endpoint.ToString());
        Assert.Equal("address-unknown", lost.Code);
        Assert.Contains($"the container {name} of this project is stopped", lost.Message);
        Assert.Contains($"start it: podman start {name}", lost.Hint);
    }

    [Fact]
    public async Task The_servers_own_programs_are_used_where_this_machine_has_none_that_fit()
    {
        var (name, routes, database) = await StartedServerAsync([]);

        // No machine has a pg_dump of version 99.
        var program = await PostgresProgram.TryFindAsync("pg_dump", routes.Postgres, 99, folder.Path, Token);
        Assert.Contains($"that of the container {name}", program!.ToString());
        await using (var run = program.Start(database, routes.Map, 15, ["--format=custom"]))
        {
            run.StandardInput.Close();
            using var dump = new MemoryStream();
            await run.StandardOutput.CopyToAsync(dump, Token);
            await run.CompleteAsync(Token);
            Assert.Equal("PGDMP", Encoding.ASCII.GetString(dump.ToArray()[..5]));
        }

        // One that is left early ends in the container, too.
        await PsqlAsync(name, "CREATE TABLE much AS SELECT repeat('x', 1000) FROM generate_series(1, 50000)");
        await using (var left = program.Start(database, routes.Map, 15, ["--format=custom", "--compress=0"]))
        {
            left.StandardInput.Close();
            await left.StandardOutput.ReadExactlyAsync(new byte[1000], Token);
        }

        while ((await Podman.AskAsync(Token, "exec", name, "ps", "ax")).Contains("pg_dump", StringComparison.Ordinal))
        {
            await Task.Delay(50, Token);
        }

        // What it says and its exit code come through.
        await using var wrong = program.Start(database, routes.Map, 15, ["--table=nowhere"]);
        wrong.StandardInput.Close();
        await wrong.StandardOutput.CopyToAsync(Stream.Null, Token);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => wrong.CompleteAsync(Token));
        Assert.Contains("exit code 1: pg_dump: error: no matching tables were found", failure.Message);
    }

    // Where Debian keeps PostgreSQL's programs is nothing, and in the PATH is podman alone.
    private async Task<(string Out, string Error)> RunWithoutProgramsAsync(params string[] arguments)
    {
        Directory.CreateDirectory(folder["programs"]);
        Directory.CreateDirectory(folder["nothing"]);
        if (!File.Exists(folder["programs/podman"]))
        {
            File.CreateSymbolicLink(folder["programs/podman"], ExternalProgram.Find("podman")!);
        }

        var (code, output, error) = await ExternalProgram.TryRunAsync(
            "unshare",
            [
                "--mount", "--propagation", "private", "bash", "-c",
                "mount --bind \"$1\" /usr/lib/postgresql && export PATH=\"$2\" NESTEGG_CONFIG= && exec \"${@:3}\"",
                "bash", folder["nothing"], folder["programs"], CliProcess.Program, .. arguments,
            ],
            Token);
        Assert.True(code == 0, $"{arguments[0]}: exit code {code}\n{output}{error}");
        return (output, error);
    }

    private static MuseumConfiguration ServerAlone() => MuseumConfiguration.Create(
        [("museum.yaml", $"db: {{ host: postgres, port: 5432, name: postgres, user: pguser, password: {Password} }}")], []);

    private async Task<(string Name, InstanceRoutes Routes, DatabaseSettings Database)> StartedServerAsync(
        IEnumerable<string> options, bool isOfCompose = true)
    {
        Directory.CreateDirectory(Instance);
        var name = await StartPostgresAsync(options, isOfCompose);
        await UntilPostgresAnswersAsync(name);
        return (name, await FindRoutesAsync(), DatabaseSettings.From(ServerAlone()));
    }

    private Task<InstanceRoutes> FindRoutesAsync() =>
        InstanceRoutes.FindAsync(new RouteSearch(Instance, ServerAlone(), TimeProvider.System), Token);

    private static Task<string> PsqlAsync(string container, string sql) => Podman.AskAsync(
        Token, "exec", "--env", $"PGPASSWORD={Password}", container, "psql", "--username", "pguser", "--dbname", "postgres",
        "--command", sql);

    private async Task StartServicesAsync()
    {
        await podman.RunServiceAsync(
            Instance, "socat", [], ["sh", "-c", "exec sleep 600", $"TCP-LISTEN:{relayedPort},fork,reuseaddr", "TCP:minio:3200"], Token);
        Directory.CreateDirectory(folder["buckets"]);
        await podman.RunServiceAsync(
            Instance, "minio",
            [
                "--volume", $"{folder["buckets"]}:{folder["buckets"]}", "--env", "NESTEGG_OBJECT_STORE_KEY=key",
                "--env", "NESTEGG_OBJECT_STORE_SECRET=secret-of-the-store",
                "--env", $"DOTNET_ROOT={Path.GetFullPath(Path.Join(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."))}",
            ],
            [Path.Join(AppContext.BaseDirectory, "Nestegg.Cli"), "object-store", "--folder", folder["buckets"], "--listen", "0.0.0.0:3200"],
            Token);
        await StartPostgresAsync();
    }

    // As the image of PostgreSQL does it: made at the first start, kept in a volume.
    private async Task<string> StartPostgresAsync(IEnumerable<string>? options = null, bool isOfCompose = true)
    {
        var programs = PostgresServer.FindPrograms();
        Directory.CreateDirectory(folder["postgres"]);
        var script = $"""
            set -e
            chown postgres /pgdata
            cd /pgdata
            su() {"{"} setpriv --reuid postgres --regid postgres --clear-groups "$@"; {"}"}
            if [ ! -e data ]; then
              echo "$POSTGRES_PASSWORD" > /tmp/password && chown postgres /tmp/password
              su {programs}/initdb -D data -U pguser -A scram-sha-256 --pwfile=/tmp/password
              echo 'host all all all scram-sha-256' >> data/pg_hba.conf
            fi
            exec setpriv --reuid postgres --regid postgres --clear-groups {programs}/postgres -D data -c listen_addresses='*'
            """;
        return await podman.RunServiceAsync(
            Instance, "postgres", ["--volume", $"{folder["postgres"]}:/pgdata", "--env", $"POSTGRES_PASSWORD={Password}", .. options ?? []],
            ["bash", "-c", script], Token, isOfCompose);
    }

    private static async Task UntilPostgresAnswersAsync(string name)
    {
        var endpoint = new Endpoint(await Podman.AddressAsync(name, Token), 5432);
        while (!await Reachability.AnswersAsync(endpoint, TimeProvider.System, Token))
        {
            await Task.Delay(50, Token);
        }
    }

    private string MuseumYaml(KnownMoment moment) => $"""
        db:
            host: postgres
            port: 5432
            name: {Database}
            user: pguser
            password: {Password}
        s3:
            are_local_buckets: true
            use_path_style_urls: true
        {string.Join("\n", moment.Objects.Select(item => item.Slot).Distinct().Select(slot => $"""
                {slot}:
                    key: key
                    secret: secret-of-the-store
                    endpoint: localhost:{relayedPort}
                    region: eu-central-2
                    bucket: {slot}
            """))}
        key:
            encryption: bmV3
            hash: bmV3
        jwt:
            secret: bmV3

        """;
}
