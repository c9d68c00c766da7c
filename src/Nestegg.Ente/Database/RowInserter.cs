using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Nestegg.Ente.Database;

/// <summary>
/// Runs one INSERT many times. It calls SQLite itself and not its ADO.NET provider, because binding UTF-8 spans makes neither a string
/// nor a box for a value; with millions of rows that is most of the time.
/// </summary>
internal sealed class RowInserter : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    internal RowInserter(SqliteConnection connection, string table, int columns)
    {
        _database = connection.Handle!;
        var insert = $"INSERT INTO {EnteCatalog.Quote(table)} VALUES ({string.Join(", ", Enumerable.Repeat("?", columns))})";
        Check(raw.sqlite3_prepare_v2(_database, insert, out _statement));
    }

    internal void BindNull(int column) => Check(raw.sqlite3_bind_null(_statement, column + 1));

    internal void Bind(int column, long value) => Check(raw.sqlite3_bind_int64(_statement, column + 1, value));

    internal void BindText(int column, ReadOnlySpan<byte> utf8) => Check(raw.sqlite3_bind_text(_statement, column + 1, utf8));

    internal void BindBlob(int column, ReadOnlySpan<byte> bytes) => Check(raw.sqlite3_bind_blob(_statement, column + 1, bytes));

    /// <summary>Inserts what is bound. A column that is not bound again keeps its value for the next row.</summary>
    internal void Insert()
    {
        if (raw.sqlite3_step(_statement) != raw.SQLITE_DONE)
        {
            throw Failed();
        }

        raw.sqlite3_reset(_statement);
    }

    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw Failed();
        }
    }

    private SqliteException Failed() =>
        new(raw.sqlite3_errmsg(_database).utf8_to_string(), raw.sqlite3_errcode(_database), raw.sqlite3_extended_errcode(_database));
}
