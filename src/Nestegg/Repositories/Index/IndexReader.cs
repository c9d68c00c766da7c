using System.Buffers;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>
/// Reads the rows of an index file without an allocation for a row.
/// <code>while (await reader.ReadBlockAsync(token)) while (reader.TryReadRow(out var line)) …</code>
/// </summary>
internal sealed class IndexReader : IAsyncDisposable
{
    private const int BlockBytes = 256 * 1024;

    private readonly StoredIndex file;
    private readonly ZstdReader stream;
    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private readonly byte[] scratch = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private int start;
    private int end;
    private bool isAtEnd;

    /// <param name="file">Belongs to the reader from here on.</param>
    public IndexReader(StoredIndex file)
    {
        this.file = file;
        stream = new ZstdReader(file.OpenRows(), RepositoryKeys.IndexFile(file.Name));
    }

    /// <summary>The number of the row that was read last, from 1.</summary>
    public int Row { get; private set; }

    /// <summary>Brings more lines in; <see langword="false"/> at the end.</summary>
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
        file.Dispose();
        ArrayPool<byte>.Shared.Return(buffer);
        ArrayPool<byte>.Shared.Return(scratch);
    }

    private NesteggException Malformed() => Damage.Of($"row {Row} of {RepositoryKeys.IndexFile(file.Name)} is no index row");
}
