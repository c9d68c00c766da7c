using System.Buffers;
using Nestegg.Repositories.Files;
using Nestegg.Stores;

namespace Nestegg.Repositories.Index;

/// <summary>
/// Reads an index file without an allocation for a row, and compares the file with the hash in its name.
/// <code>while (await reader.ReadBlockAsync(token)) while (reader.TryReadRow(out var line)) …</code>
/// </summary>
internal sealed class IndexReader : IAsyncDisposable
{
    private const int BlockBytes = 256 * 1024;

    private readonly string name;
    private readonly ZstdReader stream;
    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private readonly byte[] scratch = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private int start;
    private int end;
    private bool isAtEnd;

    /// <param name="stored">The compressed file; it belongs to the reader from here on.</param>
    /// <param name="name">Its name without the folder.</param>
    public IndexReader(Stream stored, string name, ObjectHash hash)
    {
        this.name = name;
        stream = new ZstdReader(new VerifyingStream(stored, RepositoryKeys.IndexFile(name), null, hash), RepositoryKeys.IndexFile(name));
    }

    /// <param name="name">Without the folder.</param>
    /// <exception cref="NesteggException">
    /// <see cref="FailureKind.Damaged"/> when it is not there, or this is no index file's name.
    /// </exception>
    public static async Task<IndexReader> OpenAsync(IStore store, string name, CancellationToken cancellationToken)
    {
        var key = RepositoryKeys.IndexFile(name);
        return IndexName.TryGetHash(name, out var hash)
            ? new IndexReader(await store.OpenAsync(key, cancellationToken), name, hash)
            : throw Damage.Of($"{key} is no index file's name");
    }

    /// <summary>The number of the row that was read last, from 1.</summary>
    public int Row { get; private set; }

    /// <summary>Brings more lines in; <see langword="false"/> at the end, when the file has proved to be what its name says.</summary>
    public async ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken)
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        (start, end) = (0, end - start);
        while (!isAtEnd && end < buffer.Length)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
            isAtEnd = count == 0;
            end += count;
        }

        if (end == 0)
        {
            return false;
        }

        if (!buffer.AsSpan(0, end).Contains((byte)'\n'))
        {
            throw Malformed();
        }

        return true;
    }

    /// <summary>The next whole line of the block.</summary>
    public bool TryReadRow(out IndexLine line)
    {
        line = default;
        var length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
        if (length < 0)
        {
            return false;
        }

        Row++;
        if (!IndexLine.TryParse(buffer.AsSpan(start, length), scratch, out line))
        {
            throw Malformed();
        }

        start += length + 1;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        ArrayPool<byte>.Shared.Return(buffer);
        ArrayPool<byte>.Shared.Return(scratch);
    }

    private NesteggException Malformed() => Damage.Of($"row {Row} of {RepositoryKeys.IndexFile(name)} is no index row");
}
