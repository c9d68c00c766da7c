using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>Which rows of which index files snapshots need. One bit for each row of the files, however many snapshots there are.</summary>
internal sealed class NeededRows
{
    private readonly Dictionary<string, (RowSet Rows, SnapshotId NeedsLast)> files = new(StringComparer.Ordinal);

    /// <summary>The index files of which some row is needed.</summary>
    public IReadOnlyCollection<string> IndexFiles => files.Keys;

    /// <summary>Takes up what one more snapshot needs.</summary>
    public void Add(SnapshotId snapshot, LiveSet live)
    {
        foreach (var (name, rows) in live.Files)
        {
            var (all, needsLast) = files.GetValueOrDefault(name, (new RowSet(), snapshot));
            all.Add(rows);
            files[name] = (all, all.Last == rows.Last ? snapshot : needsLast);
        }
    }

    /// <summary>The rows of an index file that are needed; none of a file that nobody needs.</summary>
    public RowSet Of(string indexName) => files.TryGetValue(indexName, out var file) ? file.Rows : new RowSet();

    /// <summary>A snapshot that needs the last of these rows, and so is cut when the file is.</summary>
    public SnapshotId NeedsLast(string indexName) => files[indexName].NeedsLast;
}
