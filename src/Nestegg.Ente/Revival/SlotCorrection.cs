using Nestegg.Ente.Configuration;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;
using Npgsql;

namespace Nestegg.Ente.Revival;

/// <summary>
/// Makes the rows of a restored database fit the new configuration: rows that name slots without a bucket there, or files that are not in
/// the slot from which museum serves downloads. Afterwards the rows say where each object has to go.
/// </summary>
public static class SlotCorrection
{
    // file_data and user_attachments name one slot to read from and three lists; a slot may stand in one of the four only.
    private static string CorrectLatest(string table) => $$"""
        UPDATE {{table}} SET
            latest_bucket = CASE WHEN CAST(latest_bucket AS text) = ANY(@configured) THEN latest_bucket ELSE CAST(@primary AS s3region) END,
            replicated_buckets = ARRAY(SELECT b FROM unnest(replicated_buckets) b WHERE CAST(b AS text) = ANY(@configured)
                AND (CAST(latest_bucket AS text) = ANY(@configured) OR CAST(b AS text) <> @primary)),
            delete_from_buckets = ARRAY(SELECT b FROM unnest(delete_from_buckets) b WHERE CAST(b AS text) = ANY(@configured)
                AND (CAST(latest_bucket AS text) = ANY(@configured) OR CAST(b AS text) <> @primary)),
            inflight_rep_buckets = '{}'
        WHERE (CAST(latest_bucket AS text) <> ALL(@configured)
            OR EXISTS (SELECT 1 FROM unnest(replicated_buckets || delete_from_buckets) b WHERE CAST(b AS text) <> ALL(@configured)))
        """;

    private const string CorrectKeys = """
        UPDATE object_keys SET datacenters = ARRAY(
            SELECT d FROM unnest(datacenters || CASE WHEN @primary = ANY(CAST(datacenters AS text[])) THEN '{}' ELSE ARRAY[CAST(@primary AS s3region)] END) WITH ORDINALITY AS named(d, n)
            WHERE CAST(d AS text) = ANY(@configured) ORDER BY n)
        WHERE cardinality(datacenters) > 0
            AND (@primary <> ALL(CAST(datacenters AS text[])) OR NOT (CAST(datacenters AS text[]) <@ @configured))
        """;

    // What replication believes to have copied to a slot that is no longer there.
    private static readonly (string Column, string Slot)[] Copies =
        [("b2", "b2-eu-cen"), ("wasabi", "wasabi-eu-central-2-v3"), ("scw", "scw-eu-fr-v3")];

    /// <summary>Corrects the rows, in the caller's transaction. A second time changes nothing.</summary>
    /// <param name="connection">The restored database.</param>
    /// <param name="slots">Those of the new configuration.</param>
    /// <param name="cancellationToken">Stops between statements.</param>
    /// <exception cref="NpgsqlException">The database does not answer.</exception>
    public static async Task<NeutralisingResult> RunAsync(
        NpgsqlConnection connection, BucketSlots slots, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(slots);
        var catalog = await EnteCatalog.ReadAsync(connection, cancellationToken);
        var configured = slots.Configured.Select(slot => slot.Name).ToArray();
        var rows = new List<KeyValuePair<string, long>>();
        if (catalog.HasTable("object_keys"))
        {
            await ExecuteAsync("object_keys", CorrectKeys, slots.HotPrimary.Name);
        }

        if (catalog.HasTable("file_data"))
        {
            await ExecuteAsync("file_data", CorrectLatest("file_data")
                + " AND CAST(data_type AS text) = 'mldata'", slots.StorageFor(ObjectKind.MlData).Name);
            await ExecuteAsync("file_data", CorrectLatest("file_data")
                + " AND CAST(data_type AS text) <> 'mldata'", slots.StorageFor(ObjectKind.VideoPreview).Name);
        }

        if (catalog.HasTable("user_attachments"))
        {
            await ExecuteAsync("user_attachments", CorrectLatest("user_attachments"), slots.StorageFor(ObjectKind.ProfilePicture).Name);
        }

        foreach (var (column, slot) in Copies)
        {
            if (catalog.HasTable("object_copies") && !configured.Contains(slot))
            {
                await ExecuteAsync("object_copies", $"UPDATE object_copies SET {column} = NULL WHERE {column} IS NOT NULL", slot);
            }
        }

        return new NeutralisingResult(
            "places", $"rows name the slots of the new configuration ({string.Join(", ", configured)})",
            "museum serves downloads from its hot storage only, and does not ask where a row says that an object is", [.. Summed(rows)],
            IsKept: false);

        async Task ExecuteAsync(string table, string sql, string primary)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            command.Parameters.AddWithValue("primary", primary);
            command.Parameters.AddWithValue("configured", configured);
            rows.Add(new(table, await command.ExecuteNonQueryAsync(cancellationToken)));
        }
    }

    private static IEnumerable<KeyValuePair<string, long>> Summed(IEnumerable<KeyValuePair<string, long>> rows) =>
        rows.GroupBy(row => row.Key).Select(group => new KeyValuePair<string, long>(group.Key, group.Sum(row => row.Value)))
            .Where(row => row.Value > 0);
}
