using System.Diagnostics;
using System.Runtime.CompilerServices;
using Nestegg.Ente;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Repositories.Packs;
using Nestegg.Stores;

namespace Nestegg.Repositories;

// Index files and objects.
internal sealed partial class Repository
{
    /// <inheritdoc cref="StoredIndex.ReadAsync"/>
    public Task<StoredIndex> ReadIndexAsync(string name, CancellationToken cancellationToken) =>
        StoredIndex.ReadAsync(store, name, cancellationToken);

    /// <summary>What a writer of this repository would believe.</summary>
    public SignedIndexFiles SignedIndexFiles =>
        new(store, file => IndexSigner.HasSigned(file, SigningKey, Description.Id));

    /// <summary>The rows that a snapshot needs, in no order that means anything. Holds one bit for each row of the index files.</summary>
    public async IAsyncEnumerable<IndexRow> ReadLiveRowsAsync(
        Manifest manifest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var live = await ReadLiveSetAsync(manifest, cancellationToken);
        foreach (var (name, rows) in live.Files)
        {
            await using var reader = await OpenIndexAsync(manifest, name, cancellationToken);
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
            {
                throw Damage.Of(
                    $"the snapshot {manifest.Id} needs {Counted.Of(rows.Count, "row")} of {RepositoryKeys.IndexFile(name)}, which has {found:N0} of them");
            }
        }
    }

    /// <summary>
    /// Opens an object; its length and hash are compared when it ends, or before. One that is not whole in its own pack is read from
    /// another.
    /// </summary>
    public async Task<Stream> OpenObjectAsync(IndexRow row, CancellationToken cancellationToken)
    {
        var packed = row.Pack is null ? null
            : await PackedBytes.TryReadAsync(store, row, cancellationToken) ?? await TryReadElsewhereAsync(row, cancellationToken);
        return packed is not null
            ? new MemoryStream(packed, writable: false)
            : new VerifyingStream(
                await store.OpenRangeAsync(row.StoredAs, row.Offset, row.SizeBytes, cancellationToken), $"{row.Key} in {row.StoredAs}",
                row.SizeBytes, row.Hash);
    }

    /// <summary>For reading many objects that lie close together, without hashing them.</summary>
    public ObjectReadAhead ReadAhead() => new(store, TryReadElsewhereAsync);

    /// <summary>
    /// Reads objects of one pack, from front to back and in one request; what is not whole there, from other packs that have it.
    /// </summary>
    /// <param name="rows">At least one; all of one pack, in the order in which they lie there.</param>
    public async IAsyncEnumerable<PackedObject> ReadPackAsync(
        IReadOnlyList<IndexRow> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var read in ReadOwnPackAsync(rows, cancellationToken))
        {
            yield return read.Damage is not null && await TryReadElsewhereAsync(read.Row, cancellationToken) is { } content
                ? new PackedObject(read.Row, content, null)
                : read;
        }
    }

    private async IAsyncEnumerable<PackedObject> ReadOwnPackAsync(
        IReadOnlyList<IndexRow> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Debug.Assert(rows.Count > 0, "A pack is read for the sake of some object.");
        var (name, start) = (rows[0].StoredAs, rows[0].Offset);
        Debug.Assert(rows.All(row => row.Pack is not null && row.Pack == rows[0].Pack), "All rows are of one pack.");
        var end = rows.Max(row => row.Offset + row.SizeBytes);
        await using var stream = await store.TryOpenAsync(name, start, end - start, cancellationToken);
        if (stream is null)
        {
            foreach (var row in rows)
            {
                yield return new PackedObject(row, [], $"{name} is not in the repository");
            }

            yield break;
        }

        using var pack = new PackReader(stream, name, start);
        await foreach (var read in pack.ReadAsync(rows, cancellationToken))
        {
            yield return read;
        }
    }

    /// <summary>Every stored file under a folder of the repository, known or not.</summary>
    /// <param name="folder">One of <see cref="RepositoryKeys"/>.</param>
    public IAsyncEnumerable<StoreItem> ListAsync(string folder, CancellationToken cancellationToken) =>
        store.ListAsync(folder, cancellationToken);

    /// <summary>Opens a file that holds one object or a pack; compared with its name when it ends.</summary>
    /// <returns><see langword="null"/> when it is not there.</returns>
    public async Task<VerifyingStream?> TryOpenStoredAsync(string key, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(RepositoryKeys.TryGetHash(key, out var hash, out _), false);
        return await store.TryOpenAsync(key, 0, null, cancellationToken) is { } stored
            ? new VerifyingStream(stored, key, null, hash)
            : null;
    }

    /// <summary>Opens an index file as the manifest names it; that needs no signature of its own.</summary>
    private async Task<IndexReader> OpenIndexAsync(Manifest manifest, string name, CancellationToken cancellationToken)
    {
        var file = await StoredIndex.ReadAsync(store, name, cancellationToken);
        if (manifest.Index.Any(index => index.Name == name && index.Sha256 == file.Hash && index.SizeBytes == file.SizeBytes))
        {
            return new IndexReader(file);
        }

        file.Dispose();
        throw Damage.Of($"{RepositoryKeys.IndexFile(name)} is not as the manifest of {manifest.Id} names it");
    }

    private static bool TryReadLive(IndexReader reader, RowSet rows, out IndexRow row)
    {
        while (reader.TryReadRow(out var line))
        {
            if (!rows.Contains(reader.Row))
            {
                continue;
            }

            row = line.ToRow();
            return true;
        }

        row = default;
        return false;
    }
}
