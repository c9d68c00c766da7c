using Nestegg.Ente.Objects;
using Nestegg.Ente.Scratch;

namespace Nestegg.Audit;

/// <summary>
/// The two sides of an audit in a private SQLite file: <c>named</c>, the objects that the database names, in the order of their keys, and
/// <c>present</c>, what is there. Sorting and comparing happen on disk, so memory does not grow with the objects; about 300 bytes of disk
/// an object.
/// </summary>
internal sealed class AuditTables(ScratchDatabase file)
{
    private const string Named =
        "key TEXT NOT NULL, kind INTEGER, size INTEGER, version INTEGER, slots TEXT, deleted INTEGER, owner INTEGER, file INTEGER";

    public ScratchDatabase File => file;

    /// <summary>Takes up the named objects and sorts them.</summary>
    public async Task LoadNamedAsync(IAsyncEnumerable<NamedObject> objects, CancellationToken cancellationToken)
    {
        file.Execute($"CREATE TABLE loaded ({Named})");
        file.Begin();
        var insert = file.Insert("loaded", 8);
        await foreach (var item in objects.WithCancellation(cancellationToken))
        {
            insert.Run(
                item.Key, (int)item.Kind, item.SizeBytes, item.Version, item.Slots.ToString(), item.IsDeleted, item.OwnerId, item.FileId);
        }

        file.Commit();
        file.Execute($"""
            CREATE TABLE named ({Named}); INSERT INTO named SELECT * FROM loaded ORDER BY key; DROP TABLE loaded;
            CREATE INDEX named_by_key ON named (key)
            """);
    }

    /// <summary>Named objects with where they are, in the order of their keys; the list is used again for the next.</summary>
    public IEnumerable<(NamedObject Object, IReadOnlyList<FoundObject> Found)> Compare(CancellationToken cancellationToken)
    {
        var (current, rowId) = (default(NamedObject), 0L);
        var found = new List<FoundObject>();
        foreach (var row in file.Rows("""
            SELECT n.rowid, n.key, n.kind, n.size, n.version, n.slots, n.deleted, n.owner, n.file, p.place, p.size, p.modified
            FROM (SELECT rowid, * FROM named ORDER BY rowid) n LEFT JOIN present p ON p.key = n.key ORDER BY n.rowid
            """))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (row.Integer(0) != rowId)
            {
                if (rowId != 0)
                {
                    yield return (current, found);
                }

                (current, rowId) = (Read(row, 1), row.Integer(0));
                found.Clear();
            }

            if (!row.IsNull(9))
            {
                found.Add(new FoundObject((int)row.Integer(9), row.Integer(10), row.Integer(11)));
            }
        }

        if (rowId != 0)
        {
            yield return (current, found);
        }
    }

    public long Count(string table) => file.Rows($"SELECT COUNT(*) FROM {table}").Select(row => row.Integer(0)).First();

    private static NamedObject Read(SqliteStatement row, int first) => new(
        row.Text(first), (ObjectKind)row.Integer(first + 1), row.IntegerOrNull(first + 2), row.IntegerOrNull(first + 3),
        SlotNames.Parse(row.Text(first + 4)), row.Integer(first + 5) != 0, row.IntegerOrNull(first + 6), row.IntegerOrNull(first + 7));
}

/// <param name="Place">The number of a bucket in <see cref="AuditPlaces"/>; 0 in a snapshot.</param>
/// <param name="ModifiedMs">When it was stored, in milliseconds of Unix time; 0 in a snapshot.</param>
internal readonly record struct FoundObject(int Place, long SizeBytes, long ModifiedMs);
