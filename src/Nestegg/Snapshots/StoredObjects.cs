using Microsoft.Data.Sqlite;
using Nestegg.Ente.Database;
using Nestegg.Repositories;

namespace Nestegg.Snapshots;

/// <summary>The live index rows of a snapshot as the table <c>stored</c>, on a connection of its own. One look-up at a time.</summary>
internal sealed class StoredObjects : IAsyncDisposable
{
    private const string Table = """
        CREATE TABLE stored (key TEXT PRIMARY KEY, version INTEGER NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL, pack BLOB, offset INTEGER NOT NULL) WITHOUT ROWID
        """;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _find;
    private readonly SemaphoreSlim _oneAtATime = new(1);

    private StoredObjects(SqliteConnection connection)
    {
        _connection = connection;
        _find = connection.CreateCommand();
        _find.CommandText = "SELECT version, size, sha256, pack, offset FROM stored WHERE key = $key";
        _find.Parameters.Add("$key", SqliteType.Text);
    }

    public static async Task<StoredObjects> LoadAsync(Repository repository, Manifest manifest, ArchiveDatabase database, CancellationToken cancellationToken)
    {
        await ExecuteAsync(database.Connection, $"{Table}; BEGIN", cancellationToken);
        await using (var insert = database.Connection.CreateCommand())
        {
            insert.CommandText = "INSERT OR REPLACE INTO stored VALUES ($key, $version, $size, $sha256, $pack, $offset)";
            string[] names = ["$key", "$version", "$size", "$sha256", "$pack", "$offset"];
            var parameters = Array.ConvertAll(names, name => insert.Parameters.AddWithValue(name, DBNull.Value));
            await foreach (var row in repository.ReadLiveRowsAsync(manifest, cancellationToken))
            {
                object[] values = [row.Key, row.Version, row.SizeBytes, Bytes(row.Hash), row.Pack is { } pack ? Bytes(pack) : DBNull.Value, row.Offset];
                for (var i = 0; i < values.Length; i++)
                {
                    parameters[i].Value = values[i];
                }

                insert.ExecuteNonQuery();
            }
        }

        await ExecuteAsync(database.Connection, "COMMIT", cancellationToken);
        return new StoredObjects(await database.OpenAnotherAsync(cancellationToken));
    }

    public async Task<IndexRow?> FindAsync(string key, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            _find.Parameters[0].Value = key;
            await using var row = await _find.ExecuteReaderAsync(cancellationToken);
            return await row.ReadAsync(cancellationToken)
                ? new IndexRow(
                    key, row.GetInt64(0), row.GetInt64(1), new ObjectHash(row.GetFieldValue<byte[]>(2)),
                    row.IsDBNull(3) ? null : new ObjectHash(row.GetFieldValue<byte[]>(3)), row.GetInt64(4))
                : null;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _find.DisposeAsync();
        await _connection.DisposeAsync();
        _oneAtATime.Dispose();
    }

    private static byte[] Bytes(ObjectHash hash) => Convert.FromHexString(hash.ToString());

    private static async Task ExecuteAsync(SqliteConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
