using System.Runtime.CompilerServices;

namespace Nestegg.Repositories;

// Index files and objects.
internal sealed partial class Repository
{
    /// <param name="name">Without the folder.</param>
    public async Task<IndexReader> OpenIndexAsync(string name, CancellationToken cancellationToken)
    {
        var key = RepositoryKeys.IndexFile(name);
        if (!IndexName.TryGetHash(name, out var hash))
            throw Damage.Of($"{key} is no index file's name");
        var stored = await Store.TryOpenAsync(key, 0, null, cancellationToken) ?? throw Damage.Missing(key, Store.Location);
        return new IndexReader(stored, name, hash);
    }

    /// <summary>The rows that a snapshot needs, in no order that means anything. Holds one bit for each row of the index files.</summary>
    public async IAsyncEnumerable<IndexRow> ReadLiveRowsAsync(Manifest manifest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var live = await ReadLiveSetAsync(manifest, cancellationToken);
        foreach (var (name, rows) in live.Files)
        {
            await using var reader = await OpenIndexAsync(name, cancellationToken);
            var found = 0;
            while (await reader.ReadBlockAsync(cancellationToken))
            {
                while (TryReadLive(reader, rows, out var row))
                {
                    found++;
                    yield return row;
                }
            }

            if (found != rows.Count)
                throw Damage.Of($"the snapshot {manifest.Id} needs {rows.Count} rows of {RepositoryKeys.IndexFile(name)}, which has {found} of them");
        }
    }

    /// <summary>Opens an object; its length and hash are compared when it ends.</summary>
    public async Task<Stream> OpenObjectAsync(IndexRow row, CancellationToken cancellationToken) =>
        new VerifyingStream(await OpenObjectAsync(row, 0, row.SizeBytes, cancellationToken), $"{row.Key} in {row.StoredAs}", row.SizeBytes, row.Hash);

    /// <summary>Opens a part of an object, which can be compared with nothing.</summary>
    public async Task<Stream> OpenObjectAsync(IndexRow row, long offset, long length, CancellationToken cancellationToken)
    {
        // HTTP has no range of no bytes.
        var stream = length > 0 ? await Store.TryOpenAsync(row.StoredAs, row.Offset + offset, length, cancellationToken)
            : await Store.TryGetSizeAsync(row.StoredAs, cancellationToken) is null ? null : Stream.Null;
        return stream ?? throw Damage.Missing(row.StoredAs, Store.Location);
    }

    private static bool TryReadLive(IndexReader reader, RowSet rows, out IndexRow row)
    {
        while (reader.TryReadRow(out var line))
        {
            if (!rows.Contains(reader.Row))
                continue;
            row = line.ToRow();
            return true;
        }

        row = default;
        return false;
    }
}
