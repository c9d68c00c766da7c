using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>
/// What the repository holds already, and which of it the snapshot in the making needs. Takes 25 bytes an object at most:
/// 20 in the table, 5 for its size, one bit for its mark. May be used by many tasks at once.
/// </summary>
internal sealed class KnownObjects : IDisposable
{
    // What an index file takes for a row: a hash and a UUID, which do not compress, and a little for the rest.
    private const int StoredRowBytes = 58;

    private readonly Lock gate = new();
    private readonly ObjectTable table = new();
    private readonly RowSizes sizes = new();
    private readonly List<IndexFile> files = [];
    private readonly List<Finding> findings = [];

    // Keys are chosen elsewhere: with a seed of our own nobody can choose two that collide.
    private readonly long seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    /// <summary>Rows that are numbered one after the other; the last file is the one that the run is writing.</summary>
    private sealed class IndexFile
    {
        public required uint FirstRow { get; init; }

        public ManifestIndex? Written { get; set; }

        /// <summary>Was found damaged after some of its rows were taken up: nothing in it is believed.</summary>
        public bool IsDamaged { get; set; }

        public RowSet Live { get; } = new();
    }

    public KnownObjects() => files.Add(new IndexFile { FirstRow = 0 });

    /// <summary>Objects by key and version.</summary>
    public long Count
    {
        get
        {
            lock (gate)
                return table.Count;
        }
    }

    public long AllocatedBytes => table.AllocatedBytes + sizes.AllocatedBytes;

    /// <summary>Index files that could not be read; what they list is stored again.</summary>
    public IReadOnlyList<Finding> Findings => findings;

    /// <summary>Reads every index file of the repository.</summary>
    public static async Task<KnownObjects> LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        var known = new KnownObjects();
        try
        {
            var items = await store.ListAsync(RepositoryKeys.Index, cancellationToken).ToListAsync(cancellationToken);
            known.table.Reserve(items.Sum(item => item.SizeBytes) / StoredRowBytes);
            foreach (var item in items)
                await known.LoadFileAsync(store, item.Key[RepositoryKeys.Index.Length..], item.SizeBytes, cancellationToken);
            return known;
        }
        catch
        {
            known.Dispose();
            throw;
        }
    }

    /// <summary>Says whether the repository has an object, and marks it as needed by the snapshot if so.</summary>
    /// <param name="expectedBytes">The length it must have; null for any.</param>
    public bool TryMark(string key, long version, long? expectedBytes, out long sizeBytes)
    {
        var hash = Hash(key, version);
        lock (gate)
        {
            sizeBytes = 0;
            if (!table.TryGet(hash, out var row))
                return false;
            sizeBytes = sizes[row];
            if (expectedBytes is not null && sizeBytes != expectedBytes)
                return false;
            var file = FileOf(row);
            if (!file.IsDamaged)
                file.Live.Add((int)(row - file.FirstRow) + 1);
            return !file.IsDamaged;
        }
    }

    public void Dispose()
    {
        lock (gate)
            table.Dispose();
    }

    /// <summary>Takes up a row of the file that is being written, and marks it. It replaces an older row of the same key and version.</summary>
    internal void Add(in IndexRow row)
    {
        var hash = Hash(row.Key, row.Version);
        lock (gate)
        {
            if (table.TryGet(hash, out var old))
            {
                var file = FileOf(old);
                file.Live.Remove((int)(old - file.FirstRow) + 1);
            }

            var number = sizes.Add(row.SizeBytes);
            table.Set(hash, number);
            files[^1].Live.Add((int)(number - files[^1].FirstRow) + 1);
        }
    }

    /// <summary>The file that was being written has this name now, and another begins.</summary>
    internal void EndFile(string name, long sizeBytes, ObjectHash hash)
    {
        lock (gate)
        {
            files[^1].Written = new ManifestIndex(name, sizeBytes, hash, 0);
            files.Add(new IndexFile { FirstRow = sizes.Count });
        }
    }

    /// <summary>The marked rows, and the index files that they are in.</summary>
    internal (LiveSet Live, IReadOnlyList<ManifestIndex> Files) Marked()
    {
        lock (gate)
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
    }

    private async Task LoadFileAsync(IStore store, string name, long sizeBytes, CancellationToken cancellationToken)
    {
        if (!IndexName.TryGetHash(name, out var fileHash))
            return;
        try
        {
            await using var reader = await IndexReader.OpenAsync(store, name, cancellationToken);
            while (await reader.ReadBlockAsync(cancellationToken))
            {
                while (reader.TryReadRow(out var line))
                    Load(line);
            }

            EndFile(name, sizeBytes, fileHash);
        }
        catch (NesteggException e) when (e.Kind == FailureKind.Damaged)
        {
            files[^1].IsDamaged = true;
            files.Add(new IndexFile { FirstRow = sizes.Count });
            findings.Add(new Finding("index-damaged", Severity.Warning, RepositoryKeys.IndexFile(name), e.Message, e.Hint));
        }
    }

    private void Load(in IndexLine line)
    {
        var number = sizes.Add(line.SizeBytes);
        table.Set(Hash(line.Key, line.Version), number);
    }

    private UInt128 Hash(string key, long version)
    {
        Span<byte> bytes = stackalloc byte[512];
        return Encoding.UTF8.GetMaxByteCount(key.Length) <= bytes.Length
            ? Hash(bytes[..Encoding.UTF8.GetBytes(key, bytes)], version)
            : Hash(Encoding.UTF8.GetBytes(key), version);
    }

    private UInt128 Hash(ReadOnlySpan<byte> key, long version) =>
        XxHash128.HashToUInt128(key, seed ^ (long)((ulong)version * 0x9E3779B97F4A7C15));

    private IndexFile FileOf(uint row)
    {
        var (low, high) = (0, files.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = files[middle].FirstRow <= row ? (middle, high) : (low, middle - 1);
        }

        return files[low];
    }
}
