using System.Text;
using Nestegg.Ente.Configuration;
using Nestegg.Instance.Programs;
using Nestegg.Settings;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Instance;

public sealed class PostgresProgramTests(SharedServers servers) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private PostgresServer postgres = null!;
    private string database = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        postgres = await servers.PostgresAsync(Token);
        database = await postgres.CreateDatabaseAsync(Token);
        await postgres.ExecuteAsync(
            database,
            "CREATE TABLE users (user_id bigint GENERATED ALWAYS AS IDENTITY, name text); INSERT INTO users (name) SELECT 'n' || i FROM "
            + "generate_series(1, 50000) i",
            Token);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_dump_streams_out_and_the_password_is_in_no_argument()
    {
        var program = await FindAsync(new PostgresProgramSettings());
        Assert.DoesNotContain(
            program.ConnectionArguments(Settings(), EndpointMap.Empty, 0), argument => argument.Contains(PostgresServer.Password));

        Assert.Equal("PGDMP", Encoding.ASCII.GetString((await DumpAsync(program, Settings())).AsSpan(0, 5)));
    }

    // The two ways to a role that may only read, as docs/operations.md gives them.
    [Theory]
    [InlineData("GRANT pg_read_all_data TO {0}")]
    [InlineData(
        "GRANT USAGE ON SCHEMA public TO {0}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {0}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {0}")]
    public async Task A_role_that_may_only_read_is_enough_to_dump(string grant)
    {
        var role = "role_" + Guid.NewGuid().ToString("n");
        await postgres.ExecuteAsync(
            database,
            $"CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT CONNECT ON DATABASE {database} TO {role}; {string.Format(grant, role)}", Token);

        Assert.NotEmpty(await DumpAsync(await FindAsync(new PostgresProgramSettings()), Settings(role, "pw")));
        await Assert.ThrowsAsync<Npgsql.PostgresException>(async () =>
        {
            await using var connection = new Npgsql.NpgsqlConnection(Settings(role, "pw").ConnectionString(EndpointMap.Empty));
            await connection.OpenAsync(Token);
            await using var command = new Npgsql.NpgsqlCommand("DELETE FROM users", connection);
            await command.ExecuteNonQueryAsync(Token);
        });
    }

    [Fact]
    public async Task A_failure_has_the_last_words_of_the_program()
    {
        var program = await FindAsync(new PostgresProgramSettings());

        var error = await Assert.ThrowsAsync<NesteggException>(() => DumpAsync(program, Settings(password: "wrong")));

        Assert.Contains("pg_dump failed with exit code 1: ", error.Message);
        Assert.Contains("password authentication failed", error.Message);
    }

    [Fact]
    public async Task Its_words_stand_in_one_line_without_the_tabs_between_them()
    {
        var program = await FindAsync(new PostgresProgramSettings());
        var nobody = DatabaseSettings.From(MuseumConfiguration.Create(
            [("museum.yaml", "db: { host: 127.0.0.1, port: 1, name: nowhere, user: u, password: p }")], []));

        var error = await Assert.ThrowsAsync<NesteggException>(() => DumpAsync(program, nobody));

        Assert.Contains("Connection refused Is the server running on that host", error.Message);
    }

    [Fact]
    public async Task A_configured_command_is_run_as_it_is_with_its_connection_told()
    {
        var program =
            await FindAsync(new PostgresProgramSettings { PgDump = [Script("exec pg_dump \"$@\"")], Connect = PostgresConnect.Network });

        Assert.False(program.UsesSocket);
        Assert.NotEmpty(await DumpAsync(program, Settings()));
    }

    [Theory]
    [InlineData("Auto", "docker", true)]
    [InlineData("Auto", "wrapper", false)]
    [InlineData("Network", "docker", false)]
    [InlineData("Socket", "wrapper", true)]
    public async Task A_command_in_a_container_connects_by_socket(string setting, string name, bool usesSocket)
    {
        var connect = Enum.Parse<PostgresConnect>(setting);
        var program = await FindAsync(new PostgresProgramSettings
        {
            PgDump = [Script("echo 'pg_dump (PostgreSQL) 16.2'", name), "compose", "exec"],
            Connect = connect,
        });

        Assert.Equal((usesSocket, 16), (program.UsesSocket, program.MajorVersion));
        Assert.Equal(!usesSocket, program.ConnectionArguments(Settings(), EndpointMap.Empty, 0).Contains("--host"));
    }

    [Fact]
    public async Task A_program_gets_what_it_needs_of_our_environment_and_no_secret_of_ours()
    {
        string[] ours = ["NESTEGG_PASSPHRASE", "AWS_SECRET_ACCESS_KEY", "ENTE_KEY_ENCRYPTION", "PGSERVICE", "PGHOST", "LD_PRELOAD"];
        string[] needed = ["PATH", "LC_TESTED", "DOCKER_HOST", "SSH_AUTH_SOCK"];
        var program = await FindAsync(
            new PostgresProgramSettings { PgDump = [Script("[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) 15.1' || env")] });
        var before = ours.Concat(needed).Select(name => (name, Environment.GetEnvironmentVariable(name))).ToList();
        try
        {
            foreach (var name in ours.Concat(needed).Except(["PATH", "LD_PRELOAD"]))
            {
                Environment.SetEnvironmentVariable(name, "said");
            }

            var lines = Encoding.UTF8.GetString(await DumpAsync(program, Settings())).TrimEnd('\n').Split('\n');
            Assert.Contains($"PGPASSWORD={PostgresServer.Password}", lines);
            var names = lines.Select(line => line.Split('=')[0]).ToHashSet();
            Assert.Empty(names.Intersect(ours));
            Assert.Superset(needed.ToHashSet(), names);

            // What a shell sets by itself, and what is set for PostgreSQL's programs.
            string[] own = ["PWD", "OLDPWD", "SHLVL", "_", "PGPASSWORD", "PGAPPNAME", "PGSSLMODE"];
            Assert.DoesNotContain(names.Except(own), name => !ChildEnvironment.Passes(name));
        }
        finally
        {
            before.ForEach(variable => Environment.SetEnvironmentVariable(variable.name, variable.Item2));
        }
    }

    [Fact]
    public async Task A_program_that_is_left_early_is_killed()
    {
        var mark = folder["pid"];
        var program = await FindAsync(new PostgresProgramSettings
        {
            PgDump = [Script($"[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) 15.1' && exit; echo $$ > {mark}; exec sleep 600")],
        });
        string pid;
        await using (program.Start(Settings(), EndpointMap.Empty, 0, []))
        {
            while (!File.Exists(mark) || (pid = (await File.ReadAllTextAsync(mark, Token)).Trim()).Length == 0)
            {
                await Task.Delay(20, Token);
            }
        }

        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    [Fact]
    public async Task An_old_and_a_missing_program_are_errors_that_say_what_to_do()
    {
        var old = new PostgresProgramSettings { PgDump = [Script("echo 'pg_dump (PostgreSQL) 12.9'")] };
        var error = await Assert.ThrowsAsync<NesteggException>(() => FindAsync(old));
        Assert.Contains("pg_dump 12.9 is older than the server, which is PostgreSQL 15", error.Message);

        var missing = new PostgresProgramSettings { PgDump = ["/no/such/program"] };
        error = await Assert.ThrowsAsync<NesteggException>(() => FindAsync(missing));
        Assert.Equal("`/no/such/program --version` does not work", error.Message);
        Assert.StartsWith("try that command by hand; or install PostgreSQL's client programs", error.Hint);
    }

    private async Task<PostgresProgram> FindAsync(PostgresProgramSettings settings) =>
        PostgresProgram.Require(await PostgresProgram.TryFindAsync("pg_dump", settings, 15, folder.Path, Token), "pg_dump", 15, settings);

    private static async Task<byte[]> DumpAsync(PostgresProgram program, DatabaseSettings settings)
    {
        await using var run = program.Start(settings, EndpointMap.Empty, 0, ["--format=custom", "--compress=0"]);
        run.StandardInput.Close();
        using var content = new MemoryStream();
        await run.StandardOutput.CopyToAsync(content, Token);
        await run.CompleteAsync(Token);
        return content.ToArray();
    }

    private DatabaseSettings Settings(string user = PostgresServer.User, string password = PostgresServer.Password) =>
        DatabaseSettings.From(MuseumConfiguration.Create(
        [("museum.yaml", $"db: {{ host: 127.0.0.1, port: {postgres.Port}, name: {database}, user: {user}, password: {password} }}")], []));

    private string Script(string body, string name = "wrapper")
    {
        var path = folder[name];
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
