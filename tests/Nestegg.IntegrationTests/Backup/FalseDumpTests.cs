using Nestegg.IntegrationTests.Resilience;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Backup;

/// <summary>A <c>pg_dump</c> that ends without complaint and has not dumped the database.</summary>
public sealed class FalseDumpTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryDataRow<string, string>[] Scripts =>
    [
        new("exit 0", "does not begin with \"PGDMP\""),
        new("head -c 300000 /dev/urandom", "does not begin with \"PGDMP\""),
        new("yes", "does not begin with \"PGDMP\""),
        new("\"$PG_DUMP\" \"$@\" | head -c 20000; yes", "damaged"),
        new("\"$PG_DUMP\" \"$@\" | head -c 20000", "ends too early"),
        new("\"$PG_DUMP\" \"$@\" | head -c -3", "ends too early"),
        new("echo 'Welcome to the database host'; \"$PG_DUMP\" \"$@\"", "does not begin with \"PGDMP\""),
        new("\"$PG_DUMP\" \"$@\" | sed 's/$/\\r/'", "damaged"),
        new("\"$PG_DUMP\" \"$@\"; echo done", "ends too early"),
        new("\"$PG_DUMP\" \"$@\" --exclude-table=public.trash", "does not hold the rows of table \"trash\""),
        new("\"$PG_DUMP\" \"$@\" --exclude-table-data=public.files", "does not hold the rows of table \"files\""),
        new("\"$PG_DUMP\" \"$@\" --schema-only", "does not hold the rows of table"),
        new("\"$PG_DUMP\" \"$@\" --section=pre-data --section=data", "does not make the constraint"),
        new("\"$PG_DUMP\" \"$@\" --table='public.*'", "does not make the function"),
        new("\"$PG_DUMP\" \"$@\" --inserts", "something else than COPY text"),
        new("\"$PG_DUMP\" \"$@\" | sed 's/CREATE TABLE public.trash /CREATE TABLE public.trasj /'", "contradicts itself"),
        new("\"$PG_DUMP\" \"$@\" | sed 's/COPY public.trash /COPY public.files /'", "contradicts itself"),
        new("\"$PG_DUMP\" \"$@\" | sed 's/public.files_file_id_seq.,/public.files_file_id_sez'\"'\"',/'", "contradicts itself"),
        new("\"$PG_DUMP\" \"$@\" | sed 's/encrypted_metadata/encrypted_metadatb/g'", "has a column \"encrypted_metadatb\""),
        new(
            "\"$PG_DUMP\" \"$@\" | sed -E \"s/(setval\\('public.files_file_id_seq', )[0-9]([0-9]*)/\\10\\2/\"",
            "sets the sequence \"files_file_id_seq\" to less than"),
        new("\"$PG_DUMP\" \"$@\" --format=plain", "does not begin with \"PGDMP\""),
    ];

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task It_makes_no_snapshot_and_the_words_say_what_is_wrong(string script, string words)
    {
        using var instance = await instances.StartAsync(KnownInstances.Sample, "t1", servers, Token);
        await PgDumpWrapper.ConfigureAsync(instance, script, Token);
        await AssertRefusedAsync(instance, words);
    }

    [Fact]
    public async Task A_dump_of_another_moment_has_other_rows()
    {
        using var instance = await instances.StartAsync(KnownInstances.Sample, "t1", servers, Token);
        var postgres = await servers.PostgresAsync(Token);
        var other = await postgres.RestoreAsync(instance.Moment.DumpPath, Token);
        await postgres.ExecuteAsync(other, "DELETE FROM collection_shares WHERE ctid = (SELECT min(ctid) FROM collection_shares)", Token);
        await PgDumpWrapper.ConfigureAsync(
            instance, $"\"$PG_DUMP\" --format=custom --compress=0 --dbname {postgres.ConnectionUri(other)}", Token);
        await AssertRefusedAsync(instance, "rows of table \"collection_shares\", and at that moment the database has");
    }

    [Fact]
    public async Task A_table_that_the_database_has_not_is_no_part_of_its_dump()
    {
        using var instance = await instances.StartAsync(KnownInstances.Sample, "t1", servers, Token);
        var postgres = await servers.PostgresAsync(Token);
        var other = await postgres.RestoreAsync(instance.Moment.DumpPath, Token);
        await postgres.ExecuteAsync(other, "CREATE TABLE one_more (id int)", Token);
        await PgDumpWrapper.ConfigureAsync(
            instance, $"\"$PG_DUMP\" --format=custom --compress=0 --dbname {postgres.ConnectionUri(other)}", Token);
        await AssertRefusedAsync(instance, "makes a table \"one_more\", which the database has not");
    }

    [Fact]
    public async Task A_sequence_that_moves_on_while_the_dump_is_made_is_right()
    {
        using var instance = await instances.StartAsync(KnownInstances.Sample, "t1", servers, Token);
        await instance.ExecuteAsync(
            "CREATE SEQUENCE falling INCREMENT -1; CREATE SEQUENCE unused; CREATE SEQUENCE \"o'd\\d seq\"; "
            + "SELECT nextval('falling'), nextval('\"o''d\\d seq\"')", Token);
        await PgDumpWrapper.ConfigureAsync(
            instance, "touch \"$MARK\"; while [ ! -e \"$GO\" ]; do sleep 0.05; done; \"$PG_DUMP\" \"$@\"", Token);
        var backup = Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--config", instance.ConfigurationPath);
        await PgDumpWrapper.ReachedAsync(instance, Token);
        await instance.ExecuteAsync("SELECT nextval('falling'), nextval('unused'), nextval('files_file_id_seq')", Token);
        PgDumpWrapper.GoOn(instance);
        await backup;
    }

    [Fact]
    public async Task A_program_that_fails_is_told_by_its_own_words()
    {
        using var instance = await instances.StartAsync(KnownInstances.Sample, "t1", servers, Token);
        await PgDumpWrapper.ConfigureAsync(instance, "\"$PG_DUMP\" \"$@\" | head -c 20000; echo 'out of breath' >&2; exit 3", Token);
        await AssertRefusedAsync(instance, "pg_dump failed with exit code 3: ");
    }

    [Theory]
    [InlineData("SELECT lo_from_bytea(0, 'a large object'); SELECT lo_from_bytea(0, '')")]
    [InlineData(
        "CREATE EXTENSION pg_trgm; COMMENT ON EXTENSION pg_trgm IS 'theirs'; "
        + "CREATE INDEX theirs ON users USING gin (email_hash gin_trgm_ops)")]
    [InlineData(
        "CREATE SCHEMA theirs; CREATE TYPE theirs.kind AS ENUM ('a'); CREATE TABLE theirs.files (kind theirs.kind, t text); "
        + "INSERT INTO theirs.files VALUES ('a', E'a\\n\\\\.\\n'); CREATE VIEW theirs.seen AS SELECT * FROM theirs.files")]
    [InlineData(
        "CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (9); "
        + "INSERT INTO parts VALUES (3)")]
    [InlineData("CREATE TABLE heirs () INHERITS (task_lock); CREATE TABLE no_columns (); INSERT INTO no_columns DEFAULT VALUES")]
    [InlineData(
        "CREATE UNLOGGED TABLE unlogged (id int); INSERT INTO unlogged VALUES (1); CREATE MATERIALIZED VIEW seen AS SELECT 1 AS one")]
    [InlineData("CREATE TABLE \"Odd \"\"name\" (\"a b\" int); INSERT INTO \"Odd \"\"name\" VALUES (1)")]
    public async Task What_else_is_in_the_database_is_no_reason_to_fail(string sql)
    {
        using var instance = await instances.StartAsync(KnownInstances.Sample, "t1", servers, Token);
        await instance.ExecuteAsync(sql, Token);
        await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--config", instance.ConfigurationPath);
        await Cli.ExpectAsync(
            ExitCode.Done, Token, "audit", "--repository", instance.RepositoryFolder, "--identity", instance.IdentityPath);
    }

    private static async Task AssertRefusedAsync(RunningInstance instance, string words)
    {
        var run = await Cli.ExpectAsync(ExitCode.OutOfReach, Token, "backup", "--config", instance.ConfigurationPath);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(instance.RepositoryFolder, "snapshot.json*", SearchOption.AllDirectories));
    }
}
