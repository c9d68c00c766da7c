using Nestegg.Ente.Database;

namespace Nestegg.Ente.Objects;

/// <summary>How many objects the rows of a live database name in which slots.</summary>
/// <param name="Keys">Originals and thumbnails, by all the slots that a row names.</param>
/// <param name="Others">Derived data and pictures, by the slot that is read first.</param>
internal sealed record SlotCounts(IReadOnlyList<(SlotNames Slots, long Count)> Keys, IReadOnlyList<(SlotNames Slots, long Count)> Others)
{
    /// <summary>The tables that are read, where they are there.</summary>
    internal static IReadOnlyList<string> Tables { get; } = ["object_keys", "file_data", "user_attachments"];

    internal static async Task<SlotCounts> ReadAsync(EnteRows rows, CancellationToken cancellationToken)
    {
        var keys = await CountAsync(
            rows, "object_keys",
            // The few arrays that there are become texts, and not the array of each row.
            "SELECT array_to_string(datacenters, ','), count FROM (SELECT datacenters, count(*) FROM object_keys "
            + "WHERE is_deleted IS NOT TRUE GROUP BY datacenters) counted",
            cancellationToken);
        var others = new List<(SlotNames, long)>();
        foreach (var table in Tables.Skip(1))
        {
            others.AddRange(await CountAsync(
                rows, table, $"SELECT CAST(latest_bucket AS text), count(*) FROM {table} WHERE NOT is_deleted GROUP BY 1",
                cancellationToken));
        }

        return new SlotCounts(keys, others);
    }

    /// <summary>Keys of a few originals and thumbnails that rows name in a slot: of the newest files and of the oldest.</summary>
    internal static async Task<IReadOnlyList<string>> SampleAsync(EnteRows rows, string slot, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        if (rows.Catalog.HasTable(Tables[0]))
        {
            // The rows are found by the index on file_id.
            foreach (var order in (string[])["DESC", "ASC"])
            {
                await foreach (var row in rows.ReadAsync(
                    "SELECT object_key FROM object_keys WHERE is_deleted IS NOT TRUE "
                    + $"AND '{slot}' = ANY(CAST(datacenters AS text[])) ORDER BY file_id {order} LIMIT 3", cancellationToken))
                {
                    keys.Add(row.GetString(0));
                }
            }
        }

        return [.. keys.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Whether any row speaks of an object: one that is there, one that is being uploaded, or one that is to be deleted.</summary>
    internal static async Task<bool> IsAnyNamedAsync(EnteRows rows, CancellationToken cancellationToken)
    {
        foreach (var table in Tables.Append("temp_objects").Where(rows.Catalog.HasTable))
        {
            await foreach (var _ in rows.ReadAsync($"SELECT 1 FROM {table} LIMIT 1", cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    private static async Task<List<(SlotNames Slots, long Count)>> CountAsync(
        EnteRows rows, string table, string sql, CancellationToken cancellationToken)
    {
        var counts = new List<(SlotNames, long)>();
        if (rows.Catalog.HasTable(table))
        {
            await foreach (var row in rows.ReadAsync(sql, cancellationToken))
            {
                counts.Add((SlotNames.Parse(row.GetString(0)), row.GetInt64(1)));
            }
        }

        return counts;
    }
}
