using Nestegg.Ente.Configuration;
using Nestegg.Restore;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Restore;

/// <summary>A restore by a role that is no superuser, of a database that held more than Ente's.</summary>
public sealed class OrdinaryRoleTests(SharedServers servers, KnownInstances instances) : IDisposable
{
    private const string MoreThanEntes = """
        CREATE EXTENSION pg_trgm; COMMENT ON EXTENSION pg_trgm IS 'theirs';
        CREATE INDEX with_trusted ON users USING gin (email_hash gin_trgm_ops);
        CREATE EXTENSION bloom; COMMENT ON EXTENSION bloom IS 'theirs';
        CREATE INDEX with_untrusted ON users USING bloom (email_hash);
        CREATE EXTENSION pg_stat_statements;
        CREATE SCHEMA theirs; CREATE TABLE theirs.users (id int, photo oid); INSERT INTO theirs.users VALUES (1, lo_from_bytea(0, 'a photo'));
        CREATE FUNCTION theirs.told() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER told ON ddl_command_end EXECUTE FUNCTION theirs.told();
        CREATE FUNCTION theirs.one() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE needs_theirs (one int DEFAULT theirs.one());
        CREATE PUBLICATION everything FOR ALL TABLES;
        COMMENT ON SCHEMA public IS 'theirs';
        CREATE FUNCTION machine(internal_text text) RETURNS text LANGUAGE internal IMMUTABLE STRICT AS 'upper';
        CREATE FUNCTION looks_up(hash text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT hash || version FROM schema_migrations); END';
        CREATE INDEX with_function ON users (looks_up(email_hash));
        CREATE INDEX with_machine ON users (machine(email_hash));
        CREATE MATERIALIZED VIEW counted AS SELECT looks_up('') AS most;
        CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER far FOREIGN DATA WRAPPER wrapper; CREATE FOREIGN TABLE far_away (id int) SERVER far;
        CREATE TABLE inherited () INHERITS (task_lock); INSERT INTO inherited VALUES ('theirs', 1, 1, 'theirs');
        """;

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_it_cannot_or_need_not_load_is_in_the_plan_and_the_rest_comes_back()
    {
        var postgres = await servers.PostgresAsync(Token);
        var role = await RoleAsync(postgres);
        var known = await OfDatabaseAsync(postgres, $"""
            {MoreThanEntes};
            ALTER TABLE queue OWNER TO {role}; GRANT SELECT ON users TO {role}; CREATE POLICY theirs ON users TO {role} USING (true)
            """);
        using var snapshot = await KnownSnapshot.CreateAsync(known, Token);
        using var target = await NewInstance.CreateAsync(servers, known, Token);
        await UseRoleAsync(target, role, owns: true);

        var plan = await target.PlanAsync(snapshot, Token);
        Assert.Empty(plan.Refusals);
        var told = plan.Findings.Where(finding => finding.Code.StartsWith("dump-", StringComparison.Ordinal))
            .Select(finding => $"{finding.Severity} {finding.Message}");
        Assert.Equal(
            [
                "Note not loaded, because museum does not need it: event trigger told, extension bloom, extension pg_stat_statements, "
                + "foreign data wrapper wrapper, large objects, publication everything, server far, the schema theirs",
                "Warning foreign table far_away is not loaded: it needs the foreign server far, which only a superuser makes",
                "Warning function machine(text) is not loaded: it needs the function machine(text), which is machine code: only a superuser makes it",
                "Warning index with_function is not loaded: it needs a function of its own, which a server calls while it makes the index",
                "Warning index with_machine is not loaded: it needs a function of its own, which a server calls while it makes the index",
                "Warning index with_untrusted is not loaded: it needs the extension bloom, which the server lacks or the role may not make",
                "Warning materialized view data counted is not loaded: it needs what its query calls: REFRESH MATERIALIZED VIEW counted fills it",
                "Warning policy users theirs is not loaded: it is about roles",
            ],
            told.Select(Sorted).Order());

        Assert.True((await target.RestoreAsync(snapshot, Token)).IsComplete);
        Assert.Equal("with_trusted", await target.AskAsync<string>(
            "SELECT string_agg(CAST(relname AS text), ',') FROM pg_class WHERE relname LIKE 'with%'", Token));
        Assert.Equal(1, await target.AskAsync<int>("INSERT INTO needs_theirs DEFAULT VALUES RETURNING one", Token));
        Assert.Equal(
            role, await target.AskAsync<string>("SELECT CAST(tableowner AS text) FROM pg_tables WHERE tablename = 'queue'", Token));
        Assert.Equal(known.Users, await target.AskAsync<long>("SELECT count(*) FROM users", Token));
    }

    [Theory]
    [InlineData("CREATE SEQUENCE theirs", "the sequence public.theirs is there")]
    [InlineData("CREATE TYPE theirs AS ENUM ('a')", "the type public.theirs is there")]
    [InlineData("CREATE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'", "the function public.theirs is there")]
    [InlineData("CREATE VIEW theirs AS SELECT 1", "rows in public.theirs")]
    [InlineData("CREATE MATERIALIZED VIEW theirs AS SELECT 1", "rows in public.theirs")]
    [InlineData(
        "CREATE SCHEMA nestegg_restore; CREATE TABLE nestegg_restore.theirs (id int)",
        "has nestegg_restore.theirs in the schema nestegg_restore")]
    [InlineData(
        "CREATE SCHEMA nestegg_restore; CREATE TABLE nestegg_restore.progress (percent int)",
        "has nestegg_restore.progress in the schema nestegg_restore")]
    public async Task What_somebody_else_has_in_the_target_is_seen_before_the_first_byte_and_stays(string sql, string words)
    {
        var postgres = await servers.PostgresAsync(Token);
        var known = (await instances.OpenAsync(KnownInstances.Sample, Token))["t1"];
        using var snapshot = await KnownSnapshot.CreateAsync(known, Token);
        using var target = await NewInstance.CreateAsync(servers, known, Token);
        await target.ExecuteAsync(sql, Token);
        await target.UntilNobodyIsConnectedAsync(Token);
        await UseRoleAsync(target, await RoleAsync(postgres), owns: true);
        var before = await ObjectsAsync(target);

        Assert.Contains(words, Assert.Single((await target.PlanAsync(snapshot, Token)).Refusals).Message);
        await Assert.ThrowsAsync<NesteggException>(() => target.RestoreAsync(snapshot, Token));
        Assert.Equal(before, await ObjectsAsync(target));
    }

    private static Task<long> ObjectsAsync(NewInstance target) => target.AskAsync<long>(
        "SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_proc) + (SELECT count(*) FROM pg_type)", Token);

    [Fact]
    public async Task A_table_that_cannot_be_made_is_refused_before_anything_is()
    {
        var postgres = await servers.PostgresAsync(Token);
        var role = await RoleAsync(postgres);
        var known = await OfDatabaseAsync(
            postgres, "CREATE EXTENSION earthdistance CASCADE; ALTER TABLE users ADD COLUMN place earth");
        using var snapshot = await KnownSnapshot.CreateAsync(known, Token);
        using var target = await NewInstance.CreateAsync(servers, known, Token);
        await UseRoleAsync(target, role, owns: true);
        var plan = await target.PlanAsync(snapshot, Token);
        Assert.Contains("table users cannot be made", plan.Refusals[0].Message);
        Assert.Contains("the extension earthdistance", plan.Refusals[0].Message);

        await target.ExecuteAsync("CREATE EXTENSION earthdistance CASCADE", Token);
        await target.UntilNobodyIsConnectedAsync(Token);
        Assert.Empty((await target.PlanAsync(snapshot, Token)).Refusals);
        Assert.True((await target.RestoreAsync(snapshot, Token)).IsComplete);
    }

    [Fact]
    public async Task What_the_role_lacks_is_said_with_the_statement_that_gives_it()
    {
        var postgres = await servers.PostgresAsync(Token);
        var role = await RoleAsync(postgres);
        var known = (await instances.OpenAsync(KnownInstances.Sample, Token))["t1"];
        using var snapshot = await KnownSnapshot.CreateAsync(known, Token);
        using var stranger = await NewInstance.CreateAsync(servers, known, Token);
        await UseRoleAsync(stranger, role, owns: false);
        var refusal = Assert.Single((await stranger.PlanAsync(snapshot, Token)).Refusals);
        Assert.Contains("may not make anything in the database", refusal.Message);
        await postgres.ExecuteAsync("postgres", refusal.Hint.Split(": ", 2)[1], Token);
        await stranger.UntilNobodyIsConnectedAsync(Token);
        Assert.Empty((await stranger.PlanAsync(snapshot, Token)).Refusals);

        using var absent = await NewInstance.CreateAsync(servers, known, Token, makeDatabase: false);
        await UseRoleAsync(absent, role, owns: false);
        refusal = Assert.Single((await absent.PlanAsync(snapshot, Token)).Refusals);
        Assert.Contains("may not make it", refusal.Message);
        await postgres.ExecuteAsync("postgres", refusal.Hint.Split(": ", 2)[1], Token);
        Assert.True((await absent.RestoreAsync(snapshot, Token)).IsComplete);
    }

    [Fact]
    public async Task A_standby_is_seen_in_the_plan()
    {
        var known = (await instances.OpenAsync(KnownInstances.Sample, Token))["t1"];
        using var snapshot = await KnownSnapshot.CreateAsync(known, Token);
        using var target = await NewInstance.CreateAsync(servers, known, Token);
        await using var standby = await PostgresServer.StartAsync(Token);
        await standby.CreateDatabaseAsync(Token, target.Database);
        await standby.BecomeStandbyAsync(Token);
        var plan = await target.PlanAsync(snapshot, Token, target.Options with
        {
            Map = EndpointMap.Parse([$"postgres:5432=127.0.0.1:{standby.Port}", target.Map[1]]),
        });
        Assert.Contains("is a standby", Assert.Single(plan.Refusals).Message);
    }

    [Fact]
    public async Task Functions_that_rows_are_checked_and_made_with_find_their_names()
    {
        var postgres = await servers.PostgresAsync(Token);
        var role = await RoleAsync(postgres);
        var known = await OfDatabaseAsync(postgres, """
            CREATE FUNCTION smallest() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 0 * count(*) FROM schema_migrations';
            CREATE FUNCTION is_known(id bigint) RETURNS bool LANGUAGE sql STABLE AS 'SELECT id >= smallest()';
            CREATE FUNCTION twice(id bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN smallest() + 2 * id; END';
            CREATE DOMAIN known AS bigint CHECK (is_known(VALUE));
            CREATE TABLE checked (id known, two bigint GENERATED ALWAYS AS (twice(id)) STORED, CHECK (is_known(id)));
            INSERT INTO checked VALUES (1), (2);
            ALTER TABLE users ADD CONSTRAINT known_users CHECK (is_known(user_id));
            CREATE SUBSCRIPTION far CONNECTION 'host=localhost' PUBLICATION near WITH (connect = false)
            """);
        using var snapshot = await KnownSnapshot.CreateAsync(known, Token);
        using var target = await NewInstance.CreateAsync(servers, known, Token);
        await UseRoleAsync(target, role, owns: true);

        var plan = await target.PlanAsync(snapshot, Token);
        Assert.Empty(plan.Refusals);
        Assert.Equal(
            ["not loaded, because museum does not need it: subscription far"],
            plan.Findings.Where(finding => finding.Code.StartsWith("dump-", StringComparison.Ordinal)).Select(finding => finding.Message));
        Assert.True((await target.RestoreAsync(snapshot, Token)).IsComplete);
        Assert.Equal(6, await target.AskAsync<decimal>("SELECT sum(two) FROM checked", Token));
        Assert.Equal(known.Users, await target.AskAsync<long>("SELECT count(*) FROM users", Token));
    }

    [Fact]
    public async Task What_lay_in_another_tablespace_is_where_the_database_is()
    {
        await using var postgres = await PostgresServer.StartAsync(Token);
        await postgres.ExecuteAsync("postgres", "ALTER SYSTEM SET allow_in_place_tablespaces = on", Token);
        await postgres.ExecuteAsync("postgres", "SELECT pg_reload_conf()", Token);
        await postgres.ExecuteAsync("postgres", "CREATE TABLESPACE slow LOCATION ''", Token);
        var known = await OfDatabaseAsync(
            postgres, "ALTER TABLE files SET TABLESPACE slow; CREATE INDEX in_slow ON users (email_hash) TABLESPACE slow");
        using var snapshot = await KnownSnapshot.CreateAsync(known, Token);
        using var target = await NewInstance.CreateAsync(servers, known, Token);
        await UseRoleAsync(target, await RoleAsync(target.Postgres), owns: true);
        Assert.True((await target.RestoreAsync(snapshot, Token)).IsComplete);
        Assert.Equal(0, await target.AskAsync<long>(
            "SELECT count(*) FROM pg_class WHERE relname IN ('files', 'in_slow') AND reltablespace <> 0", Token));
    }

    private async Task<KnownMoment> OfDatabaseAsync(PostgresServer postgres, string sql)
    {
        var known = (await instances.OpenAsync(KnownInstances.Sample, Token))["t1"];
        var database = await postgres.RestoreAsync(known.DumpPath, Token);
        await postgres.ExecuteAsync(database, sql, Token);
        var dump = folder[$"{database}.dump"];
        await ExternalProgram.RunAsync(
            Path.Combine(postgres.BinFolder, "pg_dump"),
            ["--format=custom", "--compress=0", "--file", dump, "--dbname", postgres.ConnectionUri(database)], Token);
        return known with { DumpPath = dump };
    }

    private static async Task<string> RoleAsync(PostgresServer postgres)
    {
        var role = "role_" + Guid.NewGuid().ToString("n");
        await postgres.ExecuteAsync("postgres", $"CREATE ROLE {role} LOGIN PASSWORD '{PostgresServer.Password}'", Token);
        return role;
    }

    private static async Task UseRoleAsync(NewInstance target, string role, bool owns)
    {
        var path = Path.Combine(target.Folder, "museum.yaml");
        var text = await File.ReadAllTextAsync(path, Token);
        await File.WriteAllTextAsync(
            path, text.Replace($"user: {PostgresServer.User}\n", $"user: {role}\n", StringComparison.Ordinal), Token);
        if (owns)
        {
            await target.Postgres.ExecuteAsync("postgres", $"ALTER DATABASE {target.Database} OWNER TO {role}", Token);
        }
    }

    // The order of a list is that of the dump.
    private static string Sorted(string told) =>
        told.StartsWith("Note", StringComparison.Ordinal) && told.Split(": ", 2) is [var what, var list]
        ? $"{what}: {string.Join(", ", list.Split(", ").Order())}"
        : told;
}
