using System.Buffers;
using System.Data.Common;
using Nestegg.Ente.Database;

namespace Nestegg.Audit;

/// <summary>Looks at the rows themselves: whether what they hold can be opened at all, and whether they fit together. Reads them one at a time.</summary>
internal sealed class RowAudit(DbConnection source, EnteCatalog catalog, AuditCounts counts, RunLog log)
{
    private const string BackupHint = "An older snapshot may hold the row as it was: nestegg snapshots.";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        log.Step("rows", "Looking at keys, headers and albums");
        if (catalog.SchemaDirty)
        {
            log.Find(
                "schema-dirty", Severity.Error, "schema_migrations", $"migration {catalog.SchemaVersion} was begun and not finished: museum refuses to start on this database.",
                "Finish the migration by hand, then set dirty to false; a snapshot from before it is whole.");
        }

        foreach (var table in KeyTable.All.Where(table => catalog.HasTable(table.Table)))
        {
            await CheckKeysAsync(table, cancellationToken);
        }

        await CheckAlbumsAsync(cancellationToken);
        await new FileAudit(source, counts, log).RunAsync(cancellationToken);
    }

    private async Task CheckKeysAsync(KeyTable table, CancellationToken cancellationToken)
    {
        var columns = table.Columns.Where(column => catalog.HasColumn(table.Table, column.Name)).ToArray();
        var labels = table.Label.Split(", ");
        await foreach (var row in ReadAsync($"SELECT {table.Label}, {string.Join(", ", columns.Select(column => column.Name))} FROM {table.Table} WHERE {table.Where} ORDER BY {table.Label}", cancellationToken))
        {
            for (var i = 0; i < columns.Length; i++)
            {
                if (Defect(row, labels.Length + i, columns[i]) is { } defect)
                {
                    var label = string.Join(", ", labels.Select((name, n) => $"{name} {row.GetValue(n)}"));
                    log.Find("row-undecryptable", Severity.Error, $"{table.Table} ({label})", $"column {columns[i].Name} {defect}, so the row cannot be opened.", BackupHint);
                }
            }
        }
    }

    /// <summary>What is wrong with a value, as the end of a sentence; <see langword="null"/> when nothing is.</summary>
    private static string? Defect(DbDataReader row, int ordinal, KeyColumn column)
    {
        if (row.IsDBNull(ordinal))
        {
            return column.IsOptional ? null : "is empty";
        }

        return row.GetFieldType(ordinal) == typeof(byte[])
            ? Base64Length.Defect(row.GetFieldValue<byte[]>(ordinal).Length, column.Bytes, column.IsLeast)
            : row.GetString(ordinal) is { Length: > 0 } text ? Base64Length.Defect(text, column.Bytes, column.IsLeast) : column.IsOptional ? null : "is empty";
    }

    private async Task CheckAlbumsAsync(CancellationToken cancellationToken)
    {
        await foreach (var row in ReadAsync(
            """
            SELECT c.owner_id, COUNT(*) FROM collections c WHERE NOT COALESCE(c.is_deleted, false)
                AND NOT EXISTS (SELECT 1 FROM key_attributes k WHERE k.user_id = c.owner_id) GROUP BY c.owner_id ORDER BY c.owner_id
            """, cancellationToken))
        {
            log.Find(
                "owner-without-keys", Severity.Error, $"user {row.GetInt64(0)}",
                $"owns {row.GetInt64(1):N0} albums and has no row in key_attributes: no password opens them.", BackupHint);
        }

        await foreach (var row in ReadAsync(
            """
            SELECT s.collection_id, s.to_user_id FROM collection_shares s WHERE NOT COALESCE(s.is_deleted, false)
                AND NOT EXISTS (SELECT 1 FROM key_attributes k WHERE k.user_id = s.to_user_id) ORDER BY s.collection_id, s.to_user_id
            """, cancellationToken))
        {
            log.Find(
                "share-without-keys", Severity.Warning, $"album {row.GetInt64(0)}",
                $"is shared with user {row.GetInt64(1)}, who has no row in key_attributes and cannot open it.", "The owner can end the share and make it again.");
        }
    }

    /// <summary>Streams the rows of a query; the row is valid until the next.</summary>
    private async IAsyncEnumerable<DbDataReader> ReadAsync(string sql, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand();
        command.CommandText = sql;
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            yield return row;
        }
    }
}

/// <summary>Whether Base64 text decodes, and to how many bytes.</summary>
internal static class Base64Length
{
    /// <summary>What is wrong, as the end of a sentence; <see langword="null"/> when nothing is.</summary>
    public static string? Defect(string text, int bytes, bool isLeast)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            return Convert.TryFromBase64String(text, buffer, out var length) ? Defect(length, bytes, isLeast) : "is not Base64";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static string? Defect(int length, int bytes, bool isLeast) => (isLeast ? length >= bytes : length == bytes)
        ? null
        : $"holds {length} bytes where {(isLeast ? "at least " : "")}{bytes} are needed";
}
