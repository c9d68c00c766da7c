using Nestegg.Ente.Database;
using Nestegg.Ente.Scratch;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Snapshots;

/// <summary>
/// The live index rows of a snapshot as the table <c>stored</c>, on a connection of its own. Used by several tasks at once, one look-up at
/// a time.
/// </summary>
internal sealed class StoredObjects : IDisposable
{
    private const int ColumnCount = 6;

    private const string Table =
        "CREATE TABLE stored (key TEXT NOT NULL, version INTEGER NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL, pack BLOB, offset "
        + "INTEGER NOT NULL)";

    // The index is made from all keys at once: kept while rows come in, it would be written all over again and again. Of a key that is
    // there twice, the later row counts.
    private const string Index = """
        CREATE INDEX stored_by_key ON stored (key);
        DELETE FROM stored WHERE rowid IN (
            SELECT old.rowid FROM (SELECT key, max(rowid) AS last FROM stored GROUP BY key HAVING count(*) > 1) twice JOIN stored old ON old.key = twice.key AND old.rowid < twice.last)
        """;

    private readonly SqliteFile file;
    private readonly Lock gate = new();

    private StoredObjects(SqliteFile file) => this.file = file;

    public static async Task<StoredObjects> LoadAsync(
        Repository repository, Manifest manifest, ArchiveDatabase database, CancellationToken cancellationToken)
    {
        database.File.Execute(Table);
        database.File.Begin();
        var insert = database.File.Insert("stored", ColumnCount);
        await foreach (var row in repository.ReadLiveRowsAsync(manifest, cancellationToken))
        {
            Insert(insert, row);
        }

        database.File.Execute(Index);
        database.File.Commit();
        return new StoredObjects(database.File.OpenAnother());
    }

    public IndexRow? Find(string key)
    {
        lock (gate)
        {
            foreach (var row in file.Rows("SELECT version, size, sha256, pack, offset FROM stored WHERE key = ?", key))
            {
                return Read(row, key);
            }
        }

        return null;
    }

    /// <summary>Every row of the table.</summary>
    public static IEnumerable<IndexRow> All(SqliteFile file) =>
        file.Rows("SELECT version, size, sha256, pack, offset, key FROM stored").Select(row => Read(row, row.Text(5)));

    public void Dispose() => file.Dispose();

    private static IndexRow Read(SqliteStatement row, string key) => new(
        key, row.Integer(0), row.Integer(1), new ObjectHash(row.Blob(2)), row.IsNull(3) ? null : new ObjectHash(row.Blob(3)),
        row.Integer(4));

    private static void Insert(SqliteStatement insert, in IndexRow row)
    {
        Span<byte> hash = stackalloc byte[ObjectHash.SizeBytes];
        insert.BindText(0, row.Key);
        insert.Bind(1, row.Version);
        insert.Bind(2, row.SizeBytes);
        row.Hash.CopyTo(hash);
        insert.BindBlob(3, hash);
        if (row.Pack is { } pack)
        {
            pack.CopyTo(hash);
            insert.BindBlob(4, hash);
        }
        else
        {
            insert.BindNull(4);
        }

        insert.Bind(5, row.Offset);
        insert.Run();
    }
}
