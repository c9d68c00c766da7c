using System.Text;
using Microsoft.Data.Sqlite;
using Nestegg.Ente.Database;
using Nestegg.Repositories;

namespace Nestegg.Snapshots;

/// <summary>The live index rows of a snapshot as the table <c>stored</c>, on a connection of its own. One look-up at a time.</summary>
internal sealed class StoredObjects : IAsyncDisposable
{
    private const int ColumnCount = 6;

    private const string Table = "CREATE TABLE stored (key TEXT NOT NULL, version INTEGER NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL, pack BLOB, offset INTEGER NOT NULL)";

    // The index is made from all keys at once: kept while rows come in, it would be written all over again and again. Of a key that is there twice, the later row counts.
    private const string Index = """
        CREATE INDEX stored_by_key ON stored (key);
        DELETE FROM stored WHERE rowid IN (
            SELECT old.rowid FROM (SELECT key, max(rowid) AS last FROM stored GROUP BY key HAVING count(*) > 1) twice JOIN stored old ON old.key = twice.key AND old.rowid < twice.last)
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
        await TableLoader.ExecuteAsync(database.Connection, $"{Table}; BEGIN", cancellationToken);
        using (var inserter = new RowInserter(database.Connection, "stored", ColumnCount))
        {
            await foreach (var row in repository.ReadLiveRowsAsync(manifest, cancellationToken))
            {
                Insert(inserter, row);
            }
        }

        await TableLoader.ExecuteAsync(database.Connection, $"{Index}; COMMIT", cancellationToken);
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

    private static void Insert(RowInserter inserter, in IndexRow row)
    {
        Span<byte> hash = stackalloc byte[ObjectHash.SizeBytes];
        inserter.BindText(0, Encoding.UTF8.GetBytes(row.Key));
        inserter.Bind(1, row.Version);
        inserter.Bind(2, row.SizeBytes);
        row.Hash.CopyTo(hash);
        inserter.BindBlob(3, hash);
        if (row.Pack is { } pack)
        {
            pack.CopyTo(hash);
            inserter.BindBlob(4, hash);
        }
        else
        {
            inserter.BindNull(4);
        }

        inserter.Bind(5, row.Offset);
        inserter.Insert();
    }
}
