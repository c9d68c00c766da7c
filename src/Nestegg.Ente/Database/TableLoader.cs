using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Nestegg.Ente.Database;

/// <summary>
/// Puts the rows of a table into SQLite. It calls SQLite itself and not its ADO.NET provider, because binding UTF-8
/// spans makes neither a string nor a box for a field; with millions of rows that is most of the time.
/// </summary>
internal static class TableLoader
{
    // A step of SQLite copies what is bound, so the time between two looks at the cancellation is what counts.
    private const int RowsBetweenCancellationChecks = 1024;

    public static async Task<long> LoadAsync(SqliteConnection connection, ArchiveRows rows, CancellationToken cancellationToken)
    {
        var table = rows.Table;
        var columns = table.Columns;
        await ExecuteAsync(
            connection,
            $"CREATE TABLE {EnteCatalog.Quote(table.Name)} ({string.Join(", ", columns.Select(column => $"{EnteCatalog.Quote(column.Name)} {SqliteType(column.Type)}"))})",
            cancellationToken);
        var insert = $"INSERT INTO {EnteCatalog.Quote(table.Name)} VALUES ({string.Join(", ", columns.Select(_ => "?"))})";
        var database = connection.Handle!;
        Check(database, raw.sqlite3_prepare_v2(database, insert, out var statement));
        using (statement)
        {
            var scratch = Array.Empty<byte>();
            while (await rows.ReadAsync(cancellationToken))
            {
                for (var column = 0; column < columns.Count; column++)
                {
                    Check(database, Bind(statement, column, rows, ref scratch));
                }

                if (raw.sqlite3_step(statement) != raw.SQLITE_DONE)
                {
                    throw Failed(database);
                }

                raw.sqlite3_reset(statement);
                if (rows.RowNumber % RowsBetweenCancellationChecks == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
        }

        return rows.RowNumber;
    }

    public static async Task ExecuteAsync(SqliteConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string SqliteType(ArchiveColumnType type) => type switch
    {
        ArchiveColumnType.Integer or ArchiveColumnType.Boolean => "INTEGER",
        ArchiveColumnType.Bytes => "BLOB",
        _ => "TEXT",
    };

    private static int Bind(sqlite3_stmt statement, int column, ArchiveRows rows, ref byte[] scratch)
    {
        var parameter = column + 1;
        if (rows.IsNull(column))
        {
            return raw.sqlite3_bind_null(statement, parameter);
        }

        var field = rows.Utf8(column);
        switch (rows.Table.Columns[column].Type)
        {
            case ArchiveColumnType.Integer when CopyText.TryInteger(field, out var number):
                return raw.sqlite3_bind_int64(statement, parameter, number);
            case ArchiveColumnType.Boolean when CopyText.TryBoolean(field, out var truth):
                return raw.sqlite3_bind_int(statement, parameter, truth ? 1 : 0);
            case ArchiveColumnType.Text:
                return raw.sqlite3_bind_text(statement, parameter, field);
            case ArchiveColumnType.Bytes:
                scratch = scratch.Length < field.Length ? new byte[field.Length * 2] : scratch;
                if (CopyText.TryBytes(field, scratch, out var length))
                {
                    return raw.sqlite3_bind_blob(statement, parameter, scratch.AsSpan(0, length));
                }

                break;
        }

        var name = rows.Table.Columns[column].Name;
        throw rows.Damaged($"the value of column \"{name}\" is not a {rows.Table.Columns[column].Type.ToString().ToLowerInvariant()} value");
    }

    private static void Check(sqlite3 database, int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw Failed(database);
        }
    }

    private static SqliteException Failed(sqlite3 database) =>
        new(raw.sqlite3_errmsg(database).utf8_to_string(), raw.sqlite3_errcode(database), raw.sqlite3_extended_errcode(database));
}
