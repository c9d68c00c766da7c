using Nestegg.Ente.Scratch;

namespace Nestegg.Restore;

/// <summary>
/// What is in the target's buckets before the restore, in a private temporary SQLite file: a bucket may hold more objects than fit into
/// memory. Holds nothing for buckets that are empty, which is the usual case.
/// </summary>
internal sealed class BucketContents : IDisposable
{
    private readonly Lock gate = new();
    private readonly ScratchDatabase file;

    private BucketContents(ScratchDatabase file) => this.file = file;

    public static BucketContents Create() => new(ScratchDatabase.CreateWith(
        "CREATE TABLE present (slot TEXT, key TEXT, size INTEGER, etag TEXT, known INTEGER, PRIMARY KEY (slot, key)) WITHOUT ROWID"));

    public bool IsEmpty { get; private set; } = true;

    public void Add(string slot, string key, long sizeBytes, string eTag)
    {
        lock (gate)
        {
            IsEmpty = false;
            file.Run("INSERT OR REPLACE INTO present VALUES (?, ?, ?, ?, 0)", slot, key, sizeBytes, eTag);
        }
    }

    /// <summary>Says that the snapshot has an object of that key and length.</summary>
    public void Expect(string slot, string key, long sizeBytes)
    {
        lock (gate)
        {
            file.Run("UPDATE present SET known = CASE WHEN size = ?3 THEN 1 ELSE 2 END WHERE slot = ?1 AND key = ?2", slot, key, sizeBytes);
        }
    }

    /// <summary>How many objects of a slot are the snapshot's with the same length, with another, and nobody's.</summary>
    public (long Same, long Conflicting, long Foreign) Count(string slot)
    {
        lock (gate)
        {
            return file.Rows(
                "SELECT total(known = 1), total(known = 2), total(known = 0) FROM present WHERE slot = ?", slot)
                .Select(row => (row.Integer(0), row.Integer(1), row.Integer(2))).First();
        }
    }

    /// <summary>One object of a slot that is nobody's or in conflict, for a message.</summary>
    public string? Example(string slot, bool isConflict)
    {
        lock (gate)
        {
            return file.Rows("SELECT key FROM present WHERE slot = ? AND known = ? LIMIT 1", slot, isConflict ? 2 : 0)
                .Select(row => row.Text(0)).FirstOrDefault();
        }
    }

    public (long SizeBytes, string ETag)? Find(string slot, string key)
    {
        if (IsEmpty)
        {
            return null;
        }

        lock (gate)
        {
            return file.Rows("SELECT size, etag FROM present WHERE slot = ? AND key = ?", slot, key)
                .Select(row => ((long, string)?)(row.Integer(0), row.Text(1))).FirstOrDefault();
        }
    }

    public void Dispose() => file.Dispose();
}
