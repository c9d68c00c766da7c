using System.Diagnostics;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Repositories.Index;

/// <summary>
/// Index files whose rows are numbered through, with a bit for each row that the snapshot needs. The last file is the one that is being
/// read or written. Not for several threads at once.
/// </summary>
internal sealed class NumberedFiles
{
    private readonly List<IndexFile> files = [new IndexFile(0)];

    private sealed class IndexFile(uint firstRow)
    {
        public uint FirstRow => firstRow;

        public ManifestIndex? Written { get; set; }

        public RowSet Live { get; } = new();

        /// <summary>Rows whose bytes are not where they say.</summary>
        public RowSet Lost { get; } = new();
    }

    /// <summary>The last file has this name, and another begins.</summary>
    /// <param name="nextRow">The number of that one's first row.</param>
    public void End(ManifestIndex written, uint nextRow)
    {
        Debug.Assert(nextRow >= files[^1].FirstRow, "Files are numbered in the order of their rows.");
        Debug.Assert(files[^1].Written is null, "The last file is the one that is being read or written.");
        files[^1].Written = written;
        files.Add(new IndexFile(nextRow));
    }

    public void Mark(uint row)
    {
        var file = FileOf(row);
        file.Live.Add(NumberIn(file, row));
    }

    public void Unmark(uint row)
    {
        var file = FileOf(row);
        file.Live.Remove(NumberIn(file, row));
    }

    public bool Has(string indexName) => files.Any(file => file.Written?.Name == indexName);

    /// <summary>The newest run whose index files these are, by the number of its snapshot; <see langword="null"/> without any.</summary>
    public SnapshotId? NewestRun => files.Select(file => file.Written is { } written ? IndexName.RunOf(written.Name) : null).Max();

    public void Lose(uint row)
    {
        var file = FileOf(row);
        file.Lost.Add(NumberIn(file, row));
    }

    /// <summary>The bytes of a lost row are there again.</summary>
    /// <returns>Its number among all rows.</returns>
    public uint Regain(string indexName, int row)
    {
        var file = files.Single(file => file.Written?.Name == indexName);
        var wasLost = file.Lost.Remove(row);
        Debug.Assert(wasLost, "Only what was lost is regained.");
        return file.FirstRow + (uint)row - 1;
    }

    /// <summary>The lost rows.</summary>
    public LiveSet Lost()
    {
        var lost = new LiveSet();
        foreach (var file in files.Where(file => file is { Lost.Count: > 0, Written: not null }))
        {
            lost.Add(file.Written!.Name, file.Lost);
        }

        return lost;
    }

    /// <summary>The marked rows, and the index files that they are in.</summary>
    public (LiveSet Live, IReadOnlyList<ManifestIndex> Files) Marked()
    {
        var live = new LiveSet();
        var used = new List<ManifestIndex>();
        foreach (var file in files.Where(file => file.Live.Count > 0))
        {
            var written = file.Written ?? throw new InvalidOperationException("Rows are marked that no index file holds yet.");
            live.Add(written.Name, file.Live);
            used.Add(written with { Rows = file.Live.Count });
        }

        return (live, [.. used.OrderBy(file => file.Name, StringComparer.Ordinal)]);
    }

    // Rows are counted from 1 within a file.
    private static int NumberIn(IndexFile file, uint row) => (int)(row - file.FirstRow) + 1;

    private IndexFile FileOf(uint row)
    {
        var (low, high) = (0, files.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = files[middle].FirstRow <= row ? (middle, high) : (low, middle - 1);
        }

        Debug.Assert(files[low].FirstRow <= row, "The first file begins at row 0.");
        return files[low];
    }
}
