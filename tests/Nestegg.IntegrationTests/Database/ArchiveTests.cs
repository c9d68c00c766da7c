using System.Data.Common;
using System.Text;
using Nestegg.Ente.Database;
using Nestegg.TestKit;
using Nestegg.TestKit.Archives;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Database;

public sealed class ArchiveTests(PostgresVersions versions, KnownInstances instances) : IClassFixture<PostgresVersions>, IDisposable
{
    // Each row has values that COPY escapes, or that a reader with the wrong type for the column would bend.
    private const string Awkward = """
        CREATE TYPE "Odd enum" AS ENUM ('a', 'b c', 'tab	bed', 'back\slash');
        CREATE DOMAIN short_text AS text;
        CREATE TABLE awkward (
            id bigint GENERATED ALWAYS AS IDENTITY, "a column, with (odd) name" text DEFAULT E'line\n    id boolean,\n', "quo""ted" text, big bigint, small smallint, int integer,
            yes boolean DEFAULT true NOT NULL, bytes bytea, document jsonb, plain json, words text[], "Enums" "Odd enum"[], one "Odd enum", ids bigint[], uid uuid, num numeric(30, 10),
            at timestamp with time zone, domain short_text, twice bigint GENERATED ALWAYS AS (big / 2) STORED, "character" character varying(20)
        );
        INSERT INTO awkward ("a column, with (odd) name", "quo""ted", big, small, int, yes, bytes, document, plain, words, "Enums", one, ids, uid, num, at, domain, "character") VALUES
        (NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        ('', '\N', 9223372036854775807, 32767, 2147483647, true, '', '{}', '{ }', '{}', '{}', 'a', '{}', '00000000-0000-0000-0000-000000000000', 0, 'infinity', '\.', ''),
        (E'tab\there', E'new\nline\r\nreturn', -9223372036854775808, -32768, -2147483648, false, '\x00', '"\\N"', '"\t"', '{NULL,"NULL","","a,b","\"","\\\\"}', '{"b c","tab	bed"}', 'back\slash', '{-9223372036854775808,NULL}', 'ffffffff-ffff-ffff-ffff-ffffffffffff', -12345678901234567890.0123456789, '-infinity', E'\\', '\'),
        (E'\x01\x02\x07\b\f\v\x1f\x7f', E'\\.\n\\.', 0, 0, 0, true, '\x5c2e0a5c4e090d', '{"a\u00e9": [1, 2.50, null, {"\\": "\n\t\\"}]}', E'{"a":1,\n"a":2}', ARRAY[E'x\ty', E'\\N', E'\n'], '{a}', 'b c', '{1}', '12345678-9abc-def0-1234-56789abcdef0', 1e19, '2026-11-23 19:00:00.123456+00', '写真', E'\t'),
        ('Ünïcødé 写真 🐣 e' || U&'\0301' || ' ' || U&'\200F\FEFF\+01F468\200D\+01F469', repeat('long \t', 200000), 1, 1, 1, true, decode(repeat('00ff5c0a', 100000), 'hex'), to_jsonb(repeat('\', 50000)), '[]', ARRAY[ARRAY['a', 'b'], ARRAY['c', 'd']], NULL, NULL, NULL, NULL, NULL, NULL, '\x41', 't');
        CREATE TABLE "No Columns" ();
        INSERT INTO "No Columns" DEFAULT VALUES;
        CREATE TABLE nothing (id bigint);
        CREATE TABLE empty_texts (value text);
        INSERT INTO empty_texts VALUES (''), ('.'), ('\.'), (NULL), (E'\n'), ('\'), ('');
        SELECT lo_from_bytea(0, 'a large object, which Ente has not');
        SELECT setval('awkward_id_seq', 9007199254740993);
        """;

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InstanceData("t1")]
    [InstanceData("t2")]
    public async Task A_known_dump_gives_what_pg_restore_prints(string name, string moment)
    {
        Assert.SkipUnless(PostgresServer.Versions.Count > 0, PostgresServer.MissingReason ?? "");
        var binFolder = (await versions.OfAsync(PostgresServer.Versions[^1], Token)).BinFolder;
        var dump = (await instances.OpenAsync(name, Token))[moment].DumpPath;
        var printed = await PrintedTable.ReadAsync(binFolder, dump, Token);
        Assert.True(printed.Count >= 68, $"{printed.Count} tables");
        await AssertRowsAsync(printed, dump);
        await AssertLibraryAsync(printed, dump);
    }

    [Theory]
    [MemberData(nameof(PostgresVersions.AllAndOlder), MemberType = typeof(PostgresVersions))]
    public async Task Awkward_values_are_what_pg_restore_prints_and_what_the_server_has(string version)
    {
        var server = await versions.OfAsync(version, Token);
        var database = await server.CreateDatabaseAsync(Token);
        await server.ExecuteAsync(database, Awkward, Token);
        foreach (var compress in new[] { "0", "9" })
        {
            var dump = await DumpAsync(server, database, "--compress=" + compress);
            var printed = await PrintedTable.ReadAsync(server.BinFolder, dump, Token);
            Assert.Equal(5, printed.Single(table => table.Name == "awkward").Rows.Count);
            await AssertRowsAsync(printed, dump);

            var reader = await ArchiveReader.OpenAsync(File.OpenRead(dump), Token);
            var format = int.Parse(version) switch { < 16 => 14, 16 => 15, _ => 16 };
            Assert.Equal(new Version(1, format), reader.Header.Version);
            Assert.Contains(new ArchiveSequence("public", "awkward_id_seq", 9007199254740993, true), reader.Sequences);
            await AssertTypedAsync(server, database, dump);
        }
    }

    [Theory]
    [MemberData(nameof(PostgresVersions.AllOfEachInstance), MemberType = typeof(PostgresVersions))]
    public async Task A_known_instance_dumped_by_every_version_is_the_same_library(string name, string version)
    {
        var known = (await instances.OpenAsync(name, Token))["t2"].DumpPath;
        var server = await versions.OfAsync(version, Token);
        var database = await server.RestoreAsync(known, Token);
        var dump = await DumpAsync(server, database, "--compress=0");
        await AssertLibraryAsync(await PrintedTable.ReadAsync(server.BinFolder, dump, Token), dump);

        await using var original = await LoadAsync(known, EnteTables.Library);
        await using var again = await LoadAsync(dump, EnteTables.Library);
        foreach (var table in (await EnteCatalog.ReadAsync(original.Connection, Token)).Tables.Where(
            table => !table.StartsWith("sqlite_", StringComparison.Ordinal)))
        {
            var sql = $"SELECT * FROM {table}";
            Assert.Equal((await RowsAsync(original.Connection, sql)).Order(), (await RowsAsync(again.Connection, sql)).Order());
        }

        Assert.Equal(original.Sequences, again.Sequences);
    }

    public static IEnumerable<TheoryDataRow<byte>> Minors =>
        [.. PostgresVersions.Since<byte>(14, 14), .. PostgresVersions.Since<byte>(17, 15, 16)];

    [Theory]
    [MemberData(nameof(Minors))]
    public async Task The_archives_that_the_tests_make_are_what_pg_restore_reads(byte minor)
    {
        var server = await versions.OfAsync(PostgresServer.Versions[0], Token);
        foreach (var compression in new byte[] { 0, 1 })
        {
            var archive = new SampleArchive { Minor = minor, Compression = compression }.Table(
                "t", ["id bigint", "name text"], "1\tone\\n\\\\", "2\t\\N").Sequence("s", 7);
            await File.WriteAllBytesAsync(folder["made.dump"], archive.ToArray(), Token);
            var printed = await PrintedTable.ReadAsync(server.BinFolder, folder["made.dump"], Token);
            Assert.Equal([["1", "one\n\\"], ["2", null]], printed.Single().Rows);
            await AssertRowsAsync(printed, folder["made.dump"]);
        }
    }

    // Before version 16 there was nothing but gzip.
    public static IEnumerable<TheoryDataRow<string>> Compressions => PostgresVersions.Since(16, "zstd", "lz4");

    [Theory]
    [MemberData(nameof(Compressions))]
    public async Task Other_compressions_are_refused_by_name(string name)
    {
        var server = await versions.OfAsync(PostgresServer.Versions[0], Token);
        var dump = await DumpAsync(server, await server.CreateDatabaseAsync(Token), "--compress=" + name);
        var failure = await Assert.ThrowsAsync<Ente.EnteException>(() => ArchiveReader.OpenAsync(File.OpenRead(dump), Token));
        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Every row of every table, as text, from the reader.</summary>
    private static async Task AssertRowsAsync(List<PrintedTable> printed, string dump)
    {
        var expected = printed.ToDictionary(table => table.Name);
        await using (var counted = File.OpenRead(dump))
        {
            var counts = await (await ArchiveReader.OpenAsync(counted, Token)).CountRowsAsync(Token);
            Assert.Equal(
                printed.Select(table => (table.Name, (long)table.Rows.Count)).Order(),
                counts.Select(table => (table.Key.Table, table.Value)).Order());
        }

        await using var file = File.OpenRead(dump);
        var reader = await ArchiveReader.OpenAsync(file, Token);
        while (await reader.NextTableAsync(Token) is { } rows)
        {
            var table = expected[rows.Table.Name];
            Assert.Equal(table.Columns, rows.Table.Columns.Select(column => column.Name));
            foreach (var row in table.Rows)
            {
                Assert.True(await rows.ReadAsync(Token), rows.Table.Name);
                if (table.Columns.Length == 0)
                {
                    continue;
                }

                Assert.Equal(row, Enumerable.Range(0, row.Length)
                    .Select(column => rows.IsNull(column) ? null : Encoding.UTF8.GetString(rows.Utf8(column))));
            }

            Assert.False(await rows.ReadAsync(Token), rows.Table.Name);
            expected.Remove(rows.Table.Name);
        }

        Assert.Empty(expected);
    }

    /// <summary>Every row of the library's tables, as typed values, from SQLite.</summary>
    private async Task AssertLibraryAsync(List<PrintedTable> printed, string dump)
    {
        await using var database = await LoadAsync(dump, EnteTables.Library);
        foreach (var table in printed.Where(table => EnteTables.Library.Contains(table.Name)))
        {
            var columns = string.Join(", ", table.Columns.Select(column => $"""
                CASE typeof("{column}") WHEN 'blob' THEN '\x' || lower(hex("{column}")) WHEN 'integer' THEN CAST("{column}" AS text) ELSE "{column}" END
                """));
            var types = await TypesAsync(database, table.Name);
            var rows = await RowsAsync(database.Connection, $"SELECT {columns} FROM {table.Name}");
            Assert.Equal(table.Rows.Select(row => string.Join(
                '\u0001', row.Select((value, column) => types[column] == "INTEGER" ? Truth(value) : value ?? "<null>"))), rows);
        }

        static string Truth(string? value) => value switch { "t" => "1", "f" => "0", null => "<null>", _ => value };
    }

    /// <summary>Each awkward value in SQLite against what the server itself says.</summary>
    private async Task AssertTypedAsync(PostgresServer server, string database, string dump)
    {
        await using var sqlite = await LoadAsync(dump, ["awkward"]);
        await using var connection = await server.OpenAsync(database, Token);
        const string Names = """ "a column, with (odd) name"|"quo""ted"|one|"Enums"|words|document|plain|ids|uid|num|domain|"character" """;
        foreach (var name in Names.Trim().Split('|'))
        {
            var sql = $"SELECT CAST({name} AS text) FROM awkward ORDER BY id";
            Assert.Equal(await RowsAsync(connection, sql), await RowsAsync(sqlite.Connection, sql));
        }

        const string Numbers = "SELECT big, small, int, id FROM awkward ORDER BY id";
        Assert.Equal(await RowsAsync(connection, Numbers), await RowsAsync(sqlite.Connection, Numbers));
        const string Bytes = "SELECT bytes FROM awkward ORDER BY id";
        Assert.Equal(await RowsAsync(connection, Bytes), await RowsAsync(sqlite.Connection, Bytes));
        Assert.Equal(["False", "True", "False", "True", "True"], await RowsAsync(connection, "SELECT yes FROM awkward ORDER BY id"));
        Assert.Equal(["0", "1", "0", "1", "1"], await RowsAsync(sqlite.Connection, "SELECT yes FROM awkward ORDER BY id"));
    }

    private async Task<string> DumpAsync(PostgresServer server, string database, string option)
    {
        var path = folder[$"{database}.dump"];
        await ExternalProgram.RunAsync(
            Path.Combine(server.BinFolder, "pg_dump"),
            ["--format=custom", option, "--file", path, "--dbname", server.ConnectionUri(database)], Token);
        return path;
    }

    private async Task<ArchiveDatabase> LoadAsync(string dump, IReadOnlyCollection<string> tables)
    {
        await using var file = File.OpenRead(dump);
        return await ArchiveDatabase.LoadAsync(file, tables, folder.Path, Token);
    }

    private static async Task<string[]> TypesAsync(ArchiveDatabase database, string table) =>
        [.. await RowsAsync(database.Connection, $"SELECT type FROM pragma_table_info('{table}')")];

    private static async Task<List<string>> RowsAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(Token);
        var rows = new List<string>();
        while (await reader.ReadAsync(Token))
        {
            rows.Add(string.Join('\u0001', Enumerable.Range(0, reader.FieldCount).Select(column => reader.GetValue(column) switch
            {
                DBNull => "<null>",
                byte[] bytes => Convert.ToHexString(bytes),
                var value => value.ToString(),
            })));
        }

        return rows;
    }
}
