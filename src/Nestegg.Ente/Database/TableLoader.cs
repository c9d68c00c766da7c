using Nestegg.Ente.Scratch;

namespace Nestegg.Ente.Database;

/// <summary>Puts the rows of a table into SQLite.</summary>
internal static class TableLoader
{
    // A step of SQLite copies what is bound, so the time between two looks at the cancellation is what counts.
    private const int RowsBetweenCancellationChecks = 1024;

    public static async Task LoadAsync(SqliteFile file, ArchiveRows rows, CancellationToken cancellationToken)
    {
        var table = rows.Table;
        var columns = table.Columns;
        var named = columns.Select(column => $"{EnteCatalog.Quote(column.Name)} {SqliteType(column.Type)}");
        file.Execute($"CREATE TABLE {EnteCatalog.Quote(table.Name)} ({string.Join(", ", named)})");
        var insert = file.Insert(EnteCatalog.Quote(table.Name), columns.Count);
        var scratch = Array.Empty<byte>();
        while (await rows.ReadAsync(cancellationToken))
        {
            for (var column = 0; column < columns.Count; column++)
            {
                Bind(insert, column, rows, ref scratch);
            }

            insert.Run();
            if (rows.RowNumber % RowsBetweenCancellationChecks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private static string SqliteType(ArchiveColumnType type) => type switch
    {
        ArchiveColumnType.Integer or ArchiveColumnType.Boolean => "INTEGER",
        ArchiveColumnType.Bytes => "BLOB",
        _ => "TEXT",
    };

    private static void Bind(SqliteStatement insert, int column, ArchiveRows rows, ref byte[] scratch)
    {
        if (rows.IsNull(column))
        {
            insert.BindNull(column);
            return;
        }

        var field = rows.Utf8(column);
        switch (rows.Table.Columns[column].Type)
        {
            case ArchiveColumnType.Integer when CopyText.TryInteger(field, out var number):
                insert.Bind(column, number);
                return;
            case ArchiveColumnType.Boolean when CopyText.TryBoolean(field, out var truth):
                insert.Bind(column, truth ? 1 : 0);
                return;
            case ArchiveColumnType.Text:
                insert.BindText(column, field);
                return;
            case ArchiveColumnType.Bytes:
                scratch = scratch.Length < field.Length ? new byte[field.Length * 2] : scratch;
                if (CopyText.TryBytes(field, scratch, out var length))
                {
                    insert.BindBlob(column, scratch.AsSpan(0, length));
                    return;
                }

                break;
        }

        var name = rows.Table.Columns[column].Name;
        throw rows.Damaged(
            $"the value of column \"{name}\" is not a {rows.Table.Columns[column].Type.ToString().ToLowerInvariant()} value");
    }
}
