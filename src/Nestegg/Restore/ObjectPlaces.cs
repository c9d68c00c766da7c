using Nestegg.Ente.Configuration;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;
using Npgsql;

namespace Nestegg.Restore;

/// <summary>
/// Which slots the rows of a restored database name. Rows that name slots without a bucket in the new configuration, or files that are not in the slot
/// museum serves downloads from, are corrected first; after that the rows say where each object has to go.
/// </summary>
internal static class ObjectPlaces
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
    private static readonly (string Column, string Slot)[] Copies = [("b2", "b2-eu-cen"), ("wasabi", "wasabi-eu-central-2-v3"), ("scw", "scw-eu-fr-v3")];

    /// <summary>Corrects the rows, in the caller's transaction.</summary>
    public static async Task<NeutralisingResult> CorrectAsync(NpgsqlConnection connection, BucketSlots slots, CancellationToken cancellationToken)
    {
        var catalog = await EnteCatalog.ReadAsync(connection, cancellationToken);
        var configured = slots.Configured.Select(slot => slot.Name).ToArray();
        var rows = new List<KeyValuePair<string, long>>();
        if (catalog.HasTable("object_keys"))
            await RunAsync("object_keys", CorrectKeys, slots.HotPrimary.Name);

        if (catalog.HasTable("file_data"))
        {
            await RunAsync("file_data", CorrectLatest("file_data") + " AND CAST(data_type AS text) = 'mldata'", slots.StorageFor(ObjectKind.MlData).Name);
            await RunAsync("file_data", CorrectLatest("file_data") + " AND CAST(data_type AS text) <> 'mldata'", slots.StorageFor(ObjectKind.VideoPreview).Name);
        }

        if (catalog.HasTable("user_attachments"))
            await RunAsync("user_attachments", CorrectLatest("user_attachments"), slots.StorageFor(ObjectKind.ProfilePicture).Name);

        foreach (var (column, slot) in Copies)
        {
            if (catalog.HasTable("object_copies") && !configured.Contains(slot))
                await RunAsync("object_copies", $"UPDATE object_copies SET {column} = NULL WHERE {column} IS NOT NULL", slot);
        }

        return new NeutralisingResult(
            "places", $"rows name the slots of the new configuration ({string.Join(", ", configured)})",
            "museum serves downloads from its hot storage only, and does not ask where a row says that an object is", [.. Summed(rows)], IsKept: false);

        async Task RunAsync(string table, string sql, string primary)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            command.Parameters.AddWithValue("primary", primary);
            command.Parameters.AddWithValue("configured", configured);
            rows.Add(new(table, await command.ExecuteNonQueryAsync(cancellationToken)));
        }
    }

    /// <summary>The slots of these objects, with commas between, by key. A key that no row names is left out.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> FindAsync(
        NpgsqlConnection connection, EnteCatalog catalog, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        var places = new Dictionary<string, string>(keys.Count, StringComparer.Ordinal);
        var derived = new List<(string Key, long FileId, string Type)>();
        var attachments = new List<(string Key, string Id)>();
        foreach (var key in keys)
        {
            var parts = key.Split('/');
            if (parts.Length >= 4 && parts[1] == "file-data" && long.TryParse(parts[2], out var fileId))
                derived.Add((key, fileId, parts[3]));
            else if (parts.Length == 4 && parts[1] == "user-attachments")
                attachments.Add((key, parts[3]));
        }

        if (catalog.HasTable("object_keys"))
            await ReadAsync("SELECT object_key, array_to_string(datacenters, ',') FROM object_keys WHERE object_key = ANY($1)", (object)keys.ToArray());

        if (catalog.HasTable("file_data") && derived.Count > 0)
        {
            await ReadAsync(
                """
                SELECT asked.key, concat_ws(',', CAST(latest_bucket AS text), nullif(array_to_string(replicated_buckets, ','), ''))
                FROM unnest($1, $2, $3) AS asked(key, file_id, type)
                JOIN file_data f ON f.file_id = asked.file_id AND CAST(f.data_type AS text) = asked.type
                """,
                derived.Select(item => item.Key).ToArray(), derived.Select(item => item.FileId).ToArray(), derived.Select(item => item.Type).ToArray());
        }

        if (catalog.HasTable("user_attachments") && attachments.Count > 0)
        {
            await ReadAsync(
                """
                SELECT asked.key, concat_ws(',', CAST(latest_bucket AS text), nullif(array_to_string(replicated_buckets, ','), ''))
                FROM unnest($1, $2) AS asked(key, id) JOIN user_attachments a ON a.attachment_id = asked.id
                """,
                attachments.Select(item => item.Key).ToArray(), attachments.Select(item => item.Id).ToArray());
        }

        return places;

        async Task ReadAsync(string sql, params object[] parameters)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            foreach (var parameter in parameters)
                command.Parameters.Add(new() { Value = parameter });

            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                places[reader.GetString(0)] = reader.GetString(1);
        }
    }

    private static IEnumerable<KeyValuePair<string, long>> Summed(IEnumerable<KeyValuePair<string, long>> rows) =>
        rows.GroupBy(row => row.Key).Select(group => new KeyValuePair<string, long>(group.Key, group.Sum(row => row.Value))).Where(row => row.Value > 0);
}
