using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Nestegg.Ente;
using Nestegg.Ente.Database;
using Nestegg.Ente.Scratch;
using Nestegg.TestKit;
using Nestegg.TestKit.Archives;

namespace Nestegg.Tests.Database;

public sealed class ArchiveDatabaseTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Values_have_the_types_of_the_read_model()
    {
        string[] columns = [
            "user_id bigint NOT NULL",
            "name text", "encrypted_email bytea", "email_mfa boolean", "delete_feedback jsonb", "datacenters public.s3region[]"
        ];
        await using var database = await LoadAsync(Library(without: "users").Table(
            "users", columns,
            "9223372036854775807\tO'Neil\\n写真\t\\\\x00ff5c\tt\t{\"a\": \"\\\\\\\\\"}\t{b2-eu-cen,b6}",
            "-9223372036854775808\t\t\\\\x\tf\t\\N\t{}",
            "0\t\\N\t\\N\t\\N\t\\N\t\\N"));
        Assert.Equal(
            [
                [9223372036854775807L, "O'Neil\n写真", "00FF5C", 1L, "{\"a\": \"\\\\\"}", "{b2-eu-cen,b6}"],
                [-9223372036854775808L, "", "", 0L, null, "{}"],
                [0L, null, null, null, null, null],
            ],
            await RowsAsync(database, "SELECT * FROM users"));
        Assert.Equal(
            [["integer", "text", "blob", "integer", "text", "text"], ["integer", "text", "blob", "integer", "null", "text"]],
            await RowsAsync(
                database,
                "SELECT typeof(user_id), typeof(name), typeof(encrypted_email), typeof(email_mfa), typeof(delete_feedback), "
                + "typeof(datacenters) FROM users LIMIT 2"));
    }

    [Fact]
    public async Task Tokens_codes_and_queues_are_never_in_the_file()
    {
        await using var database = await LoadAsync(
            Library().Table("tokens", ["token text"], "secret").Table("otts", ["ott text"], "123456").Table("queue", ["item text"], "1/a"));
        var catalog = await EnteCatalog.ReadAsync(database.Connection, Token);
        Assert.Equal([
            "collection_files", "collections", "files", "key_attributes", "object_keys", "users"
        ], catalog.Tables.Where(table => !table.StartsWith("sqlite_", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task Only_its_user_may_read_the_file_and_it_goes_with_the_object()
    {
        var database = await LoadAsync(Library());
        var path = database.Connection.DataSource;
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(
                Path.GetDirectoryName(path)!));
        }

        using (var another = database.File.OpenAnother())
        {
            Assert.Single(await RowsAsync(another.Connection, "SELECT COUNT(*) FROM files"));
        }

        await database.DisposeAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_failure_leaves_nothing_behind()
    {
        var whole = Library().Table("trash", ["file_id bigint"], "1", "2").ToArray();
        await Assert.ThrowsAsync<EnteException>(
            () => ArchiveDatabase.LoadAsync(new MemoryStream(whole[..^20]), EnteTables.Library, folder.Path, Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_cancelled_load_leaves_nothing_behind()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ArchiveDatabase.LoadAsync(
            new CancelledLate(Library().Table("trash", ["file_id bigint"], [.. Enumerable.Repeat("1", 400_000)]).ToArray()),
            EnteTables.Library, folder.Path, source.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task What_a_dead_process_left_is_removed_and_what_a_living_one_has_stays()
    {
        var left = Directory.CreateDirectory(folder["nestegg-scratch-0000000000000001"]).FullName;
        await File.WriteAllTextAsync(left + ScratchFolder.LockSuffix, "", Token);
        await File.WriteAllTextAsync(Path.Combine(left, "library.sqlite"), "keys", Token);

        await using var living = await LoadAsync(Library());
        await using var another = await LoadAsync(Library());
        Assert.False(Directory.Exists(left));
        Assert.Single(await RowsAsync(living, "SELECT COUNT(*) FROM files"));
        Assert.True(File.Exists(living.Connection.DataSource));
    }

    [Theory]
    [InlineData("1.5", "file_id")]
    [InlineData("99999999999999999999", "file_id")]
    public async Task A_value_that_is_not_of_its_type_is_named(string value, string column)
    {
        var failure = await Assert.ThrowsAsync<EnteException>(
            () => LoadAsync(Library(without: "files").Table("files", ["file_id bigint"], "1", value)));
        Assert.Contains($"table \"files\", at row 2: the value of column \"{column}\"", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_of_another_program_is_refused()
    {
        var failure = await Assert.ThrowsAsync<EnteException>(() => LoadAsync(Library(without: "collections")));
        Assert.Contains("not one of Ente: it has no table \"collections\"", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_made_without_the_rows_of_a_table_is_refused()
    {
        var failure =
            await Assert.ThrowsAsync<EnteException>(() => LoadAsync(Library(without: "files").Definition("files", "file_id bigint")));
        Assert.Contains("without the rows of table \"files\"", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_tables_of_one_name_are_refused() =>
        Assert.Contains("damaged", (await Assert.ThrowsAsync<EnteException>(
            () => LoadAsync(Library().Table("files", ["file_id bigint"], "1")))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_million_rows_take_little_memory()
    {
        var archive = Library().Table("trash", [
            "file_id bigint", "note text"
        ], [.. Enumerable.Range(0, 1_000_000).Select(id => $"{id}\tsome text\\n{id}")]).ToArray();
        // The stream is in memory, so that all of the work is done on this thread.
        var before = GC.GetAllocatedBytesForCurrentThread();
        await using var database = await ArchiveDatabase.LoadAsync(new MemoryStream(archive), EnteTables.Library, folder.Path, Token);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 100_000, 5_000_000);
        Assert.Equal([[1_000_000L]], await RowsAsync(database, "SELECT COUNT(*) FROM trash"));
    }

    private static SampleArchive Library(string? without = null)
    {
        var archive = new SampleArchive { BlockBytes = 4000 };
        foreach (var (table, column) in new[]
        {
            ("users", "user_id"),
            ("key_attributes", "user_id"),
            ("collections", "collection_id"),
            ("collection_files", "file_id"),
            ("files", "file_id"),
            ("object_keys", "file_id"),
        })
        {
            if (table != without)
            {
                archive.Table(table, [$"{column} bigint NOT NULL"], "1");
            }
        }

        return archive;
    }

    private Task<ArchiveDatabase> LoadAsync(SampleArchive archive) =>
        ArchiveDatabase.LoadAsync(new MemoryStream(archive.ToArray()), EnteTables.Library, folder.Path, Token);

    private static Task<List<object?[]>> RowsAsync(ArchiveDatabase database, string sql) => RowsAsync(database.Connection, sql);

    private static async Task<List<object?[]>> RowsAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(Token);
        var rows = new List<object?[]>();
        while (await reader.ReadAsync(Token))
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(column => reader.GetValue(column) switch
            {
                DBNull => null, byte[] bytes => Convert.ToHexString(bytes), var value => value,
            })]);
        }

        return rows;
    }

    /// <summary>Does not look at the token, so that the loop over the rows has to.</summary>
    private sealed class CancelledLate(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer, CancellationToken.None);
    }
}
