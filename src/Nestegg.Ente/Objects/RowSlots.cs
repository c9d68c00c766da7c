using Nestegg.Ente.Database;
using Npgsql;

namespace Nestegg.Ente.Objects;

/// <summary>Which slots the rows of a live database name for objects that are known by their keys.</summary>
internal static class RowSlots
{
    private const string Latest = "concat_ws(',', CAST(latest_bucket AS text), nullif(array_to_string(replicated_buckets, ','), ''))";

    /// <summary>The slots of these objects, by key; at most some thousand at a time. A key that no row names is left out.</summary>
    internal static async Task<IReadOnlyDictionary<string, SlotNames>> FindAsync(
        NpgsqlConnection connection, EnteCatalog catalog, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        var slots = new Dictionary<string, SlotNames>(keys.Count, StringComparer.Ordinal);
        foreach (var (sql, parameters) in Queries(catalog, keys))
        {
            await using var command = new NpgsqlCommand(sql, connection);
            foreach (var parameter in parameters)
            {
                command.Parameters.Add(new() { Value = parameter });
            }

            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                slots[reader.GetString(0)] = SlotNames.Parse(reader.GetString(1));
            }
        }

        return slots;
    }

    /// <summary>One query for each table that may name some of them, with its arrays of parameters.</summary>
    private static IEnumerable<(string Sql, object[] Parameters)> Queries(EnteCatalog catalog, IReadOnlyList<string> keys)
    {
        var parsed = keys.Select(text => (Text: text, IsKey: ObjectKey.TryParse(text, out var key), Key: key)).Where(item => item.IsKey)
            .ToList();
        if (catalog.HasTable("object_keys"))
        {
            yield return (
                "SELECT object_key, array_to_string(datacenters, ',') FROM object_keys WHERE object_key = ANY($1)", [keys.ToArray()]);
        }

        var derived = parsed.Where(item => item.Key.FileData is not null).ToList();
        if (catalog.HasTable("file_data") && derived.Count > 0)
        {
            yield return (
                $"""
                SELECT asked.key, {Latest} FROM unnest($1, $2, $3) AS asked(key, file_id, type)
                JOIN file_data f ON f.file_id = asked.file_id AND CAST(f.data_type AS text) = asked.type
                """,
                [derived.Select(item => item.Text).ToArray(), derived.Select(item => item.Key.FileData!.Value.FileId).ToArray(),
                    derived.Select(item => item.Key.FileData!.Value.Type).ToArray()]);
        }

        var attached = parsed.Where(item => item.Key.AttachmentId is not null).ToList();
        if (catalog.HasTable("user_attachments") && attached.Count > 0)
        {
            yield return (
                $"SELECT asked.key, {Latest} FROM unnest($1, $2) AS asked(key, id) JOIN user_attachments a ON a.attachment_id = asked.id",
                [attached.Select(item => item.Text).ToArray(), attached.Select(item => item.Key.AttachmentId!).ToArray()]);
        }
    }
}
