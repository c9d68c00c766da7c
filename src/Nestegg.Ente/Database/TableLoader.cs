using Microsoft.Data.Sqlite;

namespace Nestegg.Ente.Database;

/// <summary>Puts the rows of a table into SQLite.</summary>
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
        using var inserter = new RowInserter(connection, table.Name, columns.Count);
        var scratch = Array.Empty<byte>();
        while (await rows.ReadAsync(cancellationToken))
        {
            for (var column = 0; column < columns.Count; column++)
            {
                Bind(inserter, column, rows, ref scratch);
            }

            inserter.Insert();
            if (rows.RowNumber % RowsBetweenCancellationChecks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
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

    private static void Bind(RowInserter inserter, int column, ArchiveRows rows, ref byte[] scratch)
    {
        if (rows.IsNull(column))
        {
            inserter.BindNull(column);
            return;
        }

        var field = rows.Utf8(column);
        switch (rows.Table.Columns[column].Type)
        {
            case ArchiveColumnType.Integer when CopyText.TryInteger(field, out var number):
                inserter.Bind(column, number);
                return;
            case ArchiveColumnType.Boolean when CopyText.TryBoolean(field, out var truth):
                inserter.Bind(column, truth ? 1 : 0);
                return;
            case ArchiveColumnType.Text:
                inserter.BindText(column, field);
                return;
            case ArchiveColumnType.Bytes:
                scratch = scratch.Length < field.Length ? new byte[field.Length * 2] : scratch;
                if (CopyText.TryBytes(field, scratch, out var length))
                {
                    inserter.BindBlob(column, scratch.AsSpan(0, length));
                    return;
                }

                break;
        }

        var name = rows.Table.Columns[column].Name;
        throw rows.Damaged($"the value of column \"{name}\" is not a {rows.Table.Columns[column].Type.ToString().ToLowerInvariant()} value");
    }
}
