using System.Data.Common;

namespace Nestegg.Audit;

/// <summary>Counts what each person has.</summary>
internal static class UserCounts
{
    public static async Task<IReadOnlyList<AuditedUser>> ReadAsync(DbConnection source, CancellationToken cancellationToken)
    {
        var files = await PerUserAsync("SELECT f.owner_id, COUNT(*) FROM files f WHERE f.encrypted_metadata <> '-' AND NOT EXISTS (SELECT 1 FROM trash t WHERE t.file_id = f.file_id AND t.is_deleted) GROUP BY f.owner_id");
        var bytes = await PerUserAsync("SELECT f.owner_id, CAST(SUM(o.size) AS bigint) FROM object_keys o JOIN files f ON f.file_id = o.file_id WHERE NOT COALESCE(o.is_deleted, false) GROUP BY f.owner_id");
        var albums = await PerUserAsync("SELECT owner_id, COUNT(*) FROM collections WHERE NOT COALESCE(is_deleted, false) GROUP BY owner_id");
        var shared = await PerUserAsync("SELECT from_user_id, COUNT(*) FROM collection_shares WHERE NOT COALESCE(is_deleted, false) GROUP BY from_user_id");
        var inTrash = await PerUserAsync("SELECT f.owner_id, COUNT(*) FROM trash t JOIN files f ON f.file_id = t.file_id WHERE NOT t.is_deleted AND NOT t.is_restored GROUP BY f.owner_id");
        var users = await PerUserAsync("SELECT user_id, 0 FROM users");
        return
        [
            .. users.Keys.Order().Select(id => new AuditedUser(
                id, files.GetValueOrDefault(id), bytes.GetValueOrDefault(id), albums.GetValueOrDefault(id), shared.GetValueOrDefault(id), inTrash.GetValueOrDefault(id))),
        ];

        async Task<Dictionary<long, long>> PerUserAsync(string sql)
        {
            await using var command = source.CreateCommand();
            command.CommandText = sql;
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            var counts = new Dictionary<long, long>();
            while (await row.ReadAsync(cancellationToken))
            {
                counts[row.GetInt64(0)] = row.GetInt64(1);
            }

            return counts;
        }
    }
}
