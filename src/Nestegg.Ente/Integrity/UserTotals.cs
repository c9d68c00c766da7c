using System.Data.Common;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;

namespace Nestegg.Ente.Integrity;

/// <summary>One person's part of an instance.</summary>
/// <param name="UserId">The account.</param>
/// <param name="Files">Files that are theirs and not deleted for good, those in the trash among them.</param>
/// <param name="Bytes">What originals and thumbnails take, encrypted.</param>
/// <param name="Albums">Albums that are theirs and not deleted.</param>
/// <param name="Shared">How many times an album of theirs is shared with somebody.</param>
/// <param name="InTrash">Of the files: those in the trash.</param>
public sealed record UserTotals(long UserId, long Files, long Bytes, long Albums, long Shared, long InTrash)
{
    /// <summary>Counts for every account, in the order of their ids; one small record each.</summary>
    /// <param name="connection">A live database, or one made from an archive.</param>
    /// <param name="cancellationToken">Stops the counting.</param>
    public static async Task<IReadOnlyList<UserTotals>> ReadAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var files = await PerUserAsync($"""
            SELECT f.owner_id, COUNT(*) FROM files f WHERE f.encrypted_metadata <> '{EnteTables.Scrubbed}'
                AND NOT EXISTS (SELECT 1 FROM trash t WHERE t.file_id = f.file_id AND t.is_deleted) GROUP BY f.owner_id
            """);
        var bytes = await PerUserAsync($"""
            SELECT f.owner_id, CAST(SUM(o.size) AS bigint) FROM object_keys o JOIN files f ON f.file_id = o.file_id
            WHERE NOT COALESCE(o.is_deleted, false) AND o.size BETWEEN 1 AND {NamedObject.LargestBytes} GROUP BY f.owner_id
            """);
        var albums =
            await PerUserAsync("SELECT owner_id, COUNT(*) FROM collections WHERE NOT COALESCE(is_deleted, false) GROUP BY owner_id");
        var shared = await PerUserAsync(
            "SELECT from_user_id, COUNT(*) FROM collection_shares WHERE NOT COALESCE(is_deleted, false) GROUP BY from_user_id");
        var inTrash = await PerUserAsync("""
            SELECT f.owner_id, COUNT(*) FROM trash t JOIN files f ON f.file_id = t.file_id
            WHERE NOT t.is_deleted AND NOT t.is_restored GROUP BY f.owner_id
            """);
        var users = await PerUserAsync("SELECT user_id, 0 FROM users");
        return
        [
            .. users.Keys.Order().Select(id => new UserTotals(
                id, files.GetValueOrDefault(id), bytes.GetValueOrDefault(id), albums.GetValueOrDefault(id), shared.GetValueOrDefault(id),
                inTrash.GetValueOrDefault(id))),
        ];

        async Task<Dictionary<long, long>> PerUserAsync(string sql)
        {
            await using var command = connection.CreateCommand();
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

    /// <summary>How many accounts there are, in a database that has the table.</summary>
    internal static async Task<long> CountAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM users";
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
