using Microsoft.Data.Sqlite;
using Nestegg.Ente.Scratch;
using Nestegg.TestKit;

namespace Nestegg.Tests.Scratch;

public sealed class SqliteFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ScratchDatabase file;

    public SqliteFileTests() => file = ScratchDatabase.Create(folder.Path);

    public void Dispose()
    {
        file.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Every_kind_of_value_comes_back_as_it_was()
    {
        file.Execute("CREATE TABLE kept (number, absent, truth, text, long_text, empty_text, bytes, empty_bytes)");
        var longText = new string('é', 5000);
        file.Run("INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?, ?, ?)", long.MinValue, (long?)null, true, "ä\n𝄞", longText, "", new byte[]
        {
            0,
            255,
        }, Array.Empty<byte>());
        var row = Assert.Single(file.Rows("SELECT *, typeof(empty_text), typeof(empty_bytes) FROM kept").Select(row => (
            row.Integer(0), row.IsNull(1), row.Integer(2), row.Text(3), row.Text(4), row.Text(5), row.Blob(6).ToArray(), row.Blob(7).Length,
            row.Text(8), row.Text(9))));
        Assert.Equal((long.MinValue, true, 1, "ä\n𝄞", longText, ""), (row.Item1, row.Item2, row.Item3, row.Item4, row.Item5, row.Item6));
        Assert.Equal([0, 255], row.Item7);
        Assert.Equal((0, "text", "blob"), (row.Item8, row.Item9, row.Item10));
    }

    [Fact]
    public void A_row_that_is_refused_is_told_and_the_statement_takes_the_next()
    {
        file.Execute("CREATE TABLE kept (number INTEGER PRIMARY KEY)");
        var insert = file.Insert("kept", 1);
        insert.Run(1);
        var failure = Assert.Throws<SqliteException>(() => insert.Run(1));
        Assert.Contains("UNIQUE", failure.Message, StringComparison.Ordinal);
        insert.Run(2);
        Assert.Equal([1, 2], file.Rows("SELECT number FROM kept ORDER BY number").Select(row => row.Integer(0)));
    }

    [Fact]
    public void Rows_that_are_not_read_to_the_end_hold_nothing_up()
    {
        file.Execute("CREATE TABLE kept (number INTEGER)");
        var insert = file.Insert("kept", 1);
        for (var i = 0; i < 10; i++)
        {
            insert.Run(i);
        }

        for (var times = 0; times < 2; times++)
        {
            Assert.Equal(3, file.Rows("SELECT number FROM kept WHERE number >= ?", 3).Select(row => row.Integer(0)).First());
        }

        file.Execute("DROP TABLE kept");
    }

    [Fact]
    public void A_file_that_stays_holds_what_was_committed_and_not_what_was_not()
    {
        var path = folder["kept.db"];
        for (var times = 0; times < 2; times++)
        {
            using var kept = SqliteFile.OpenDurable(path, failure => failure);
            kept.Execute("CREATE TABLE IF NOT EXISTS kept (number INTEGER)");
            kept.Begin();
            kept.Run("INSERT INTO kept VALUES (?)", times);
            kept.Commit();
            kept.Begin();
            kept.Run("INSERT INTO kept VALUES (?)", 100);
        }

        using var again = SqliteFile.OpenDurable(path, failure => failure);
        Assert.Equal([0, 1], again.Rows("SELECT number FROM kept ORDER BY number").Select(row => row.Integer(0)));
    }

    [Fact]
    public void A_path_that_cannot_be_opened_is_told_as_its_owner_wants()
    {
        var failure = Assert.Throws<InvalidOperationException>(
            () => SqliteFile.OpenDurable(folder["no/such/folder.db"], failure => new InvalidOperationException("gone", failure)));
        Assert.IsType<SqliteException>(failure.InnerException);
    }
}
