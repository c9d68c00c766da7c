using System.Data.Common;
using System.Runtime.CompilerServices;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Integrity;

/// <summary>A column that keeps its row from being opened.</summary>
/// <param name="Row">Its table, and what tells a person which row it is: <c>collections (collection_id 7)</c>.</param>
/// <param name="Column">Its name.</param>
/// <param name="Defect">What is wrong with the value, as the end of a sentence.</param>
internal readonly record struct RowDefect(string Row, string Column, string Defect);

/// <summary>
/// What the rows say of themselves without any key: whether what they hold can be opened at all, and whether they fit together.
/// </summary>
internal sealed class RowChecks(EnteRows rows)
{
    /// <summary>The columns with keys and encrypted data that cannot be right, in every table but <c>files</c>.</summary>
    internal async IAsyncEnumerable<RowDefect> UnopenableAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var table in KeyTable.All.Where(table => rows.Catalog.HasTable(table.Table)))
        {
            var columns = table.Columns.Where(column => rows.Catalog.HasColumn(table.Table, column.Name)).ToArray();
            var labels = table.Label.Split(", ");
            var selected = string.Join(", ", labels.Concat(columns.Select(column => column.Name)));
            var sql = $"SELECT {selected} FROM {table.Table} WHERE {table.Where} ORDER BY {table.Label}";
            await foreach (var row in rows.ReadAsync(sql, cancellationToken))
            {
                for (var i = 0; i < columns.Length; i++)
                {
                    if (Defect(row, labels.Length + i, columns[i]) is { } defect)
                    {
                        var label = string.Join(", ", labels.Select((name, n) => $"{name} {row.GetValue(n)}"));
                        yield return new RowDefect($"{table.Table} ({label})", columns[i].Name, defect);
                    }
                }
            }
        }
    }

    /// <summary>Users who own albums and have no row with keys.</summary>
    internal async IAsyncEnumerable<(long UserId, long Albums)> OwnersWithoutKeysAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const string Owners = """
            SELECT c.owner_id, COUNT(*) FROM collections c WHERE NOT COALESCE(c.is_deleted, false)
                AND NOT EXISTS (SELECT 1 FROM key_attributes k WHERE k.user_id = c.owner_id) GROUP BY c.owner_id ORDER BY c.owner_id
            """;
        await foreach (var row in rows.ReadAsync(Owners, cancellationToken))
        {
            yield return (row.GetInt64(0), row.GetInt64(1));
        }
    }

    /// <summary>Shares with users who have no row with keys.</summary>
    internal async IAsyncEnumerable<(long AlbumId, long UserId)> SharesWithoutKeysAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const string Shares = """
            SELECT s.collection_id, s.to_user_id FROM collection_shares s WHERE NOT COALESCE(s.is_deleted, false)
                AND NOT EXISTS (SELECT 1 FROM key_attributes k WHERE k.user_id = s.to_user_id) ORDER BY s.collection_id, s.to_user_id
            """;
        await foreach (var row in rows.ReadAsync(Shares, cancellationToken))
        {
            yield return (row.GetInt64(0), row.GetInt64(1));
        }
    }

    /// <summary>Every row of <c>files</c>, by id.</summary>
    internal async IAsyncEnumerable<FileState> FilesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in rows.ReadAsync(FileState.Query, cancellationToken))
        {
            yield return FileState.Read(row);
        }
    }

    /// <summary>
    /// Files that are in an album and have no row. PostgreSQL's foreign key forbids it; a dump that was put together from pieces, or loaded
    /// without checks, has it all the same.
    /// </summary>
    internal async IAsyncEnumerable<(long FileId, long AlbumId)> MembershipsWithoutFileAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const string Memberships = """
            SELECT m.file_id, m.collection_id FROM collection_files m WHERE NOT COALESCE(m.is_deleted, false)
                AND NOT EXISTS (SELECT 1 FROM files f WHERE f.file_id = m.file_id) ORDER BY m.file_id, m.collection_id
            """;
        await foreach (var row in rows.ReadAsync(Memberships, cancellationToken))
        {
            yield return (row.GetInt64(0), row.GetInt64(1));
        }
    }

    private static string? Defect(DbDataReader row, int ordinal, KeyColumn column)
    {
        var empty = column.IsOptional ? null : "is empty";
        if (row.IsDBNull(ordinal))
        {
            return empty;
        }

        if (row.GetFieldType(ordinal) == typeof(byte[]))
        {
            return EncodedLength.Defect(row.GetFieldValue<byte[]>(ordinal).Length, column.Bytes, column.IsLeast);
        }

        return row.GetString(ordinal) is { Length: > 0 } text ? EncodedLength.Defect(text, column.Bytes, column.IsLeast) : empty;
    }
}
