using Nestegg.Repositories;

namespace Nestegg.Proof;

/// <summary>
/// Reads small objects out of packs. What a backup stored one after the other is mostly proved one after the other, so when the reads of a pack are
/// close together, a block of 1 MiB is fetched at once: on an object store one request for dozens of thumbnails. Holds at most 16 blocks. Used by several tasks at once.
/// </summary>
internal sealed class PackReadAhead(Repository repository)
{
    private const int BlockBytes = 1024 * 1024;
    private const int KeptBlocks = 16;

    private readonly Lock _gate = new();
    private readonly LinkedList<(string File, long Block, Task<byte[]> Content)> _blocks = new();
    private (string File, long Block) _last;

    /// <summary>Opens an object of a pack.</summary>
    /// <exception cref="NesteggException"><see cref="FailureKind.Damaged"/> when the pack is not there.</exception>
    public async Task<Stream> OpenAsync(IndexRow row, CancellationToken cancellationToken)
    {
        var (first, last) = (row.Offset / BlockBytes, (row.Offset + Math.Max(row.SizeBytes, 1) - 1) / BlockBytes);
        if (!IsNear(row.StoredAs, first))
        {
            return await repository.OpenObjectAsync(row, 0, row.SizeBytes, cancellationToken);
        }

        // An object of a pack is shorter than a block, so it is in one or two.
        var content = new MemoryStream((int)row.SizeBytes);
        for (var block = first; block <= last; block++)
        {
            var bytes = await BlockAsync(row.StoredAs, block, cancellationToken);
            var from = (int)Math.Min(Math.Max(row.Offset - (block * BlockBytes), 0), bytes.Length);
            var until = (int)Math.Min(row.Offset + row.SizeBytes - (block * BlockBytes), bytes.Length);
            content.Write(bytes, from, Math.Max(until - from, 0));
        }

        content.Position = 0;
        return content;
    }

    // A sample reads here and there: fetching blocks would read twenty times too much.
    private bool IsNear(string file, long block)
    {
        lock (_gate)
        {
            var isNear = _last.File == file && Math.Abs(_last.Block - block) <= 1;
            _last = (file, block);
            return isNear;
        }
    }

    private Task<byte[]> BlockAsync(string file, long block, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            for (var node = _blocks.First; node is not null; node = node.Next)
            {
                if (node.Value.Block == block && node.Value.File == file && !node.Value.Content.IsFaulted && !node.Value.Content.IsCanceled)
                {
                    return node.Value.Content;
                }
            }

            var content = FetchAsync(file, block, cancellationToken);
            _blocks.AddFirst((file, block, content));
            if (_blocks.Count > KeptBlocks)
            {
                _blocks.RemoveLast();
            }

            return content;
        }
    }

    private async Task<byte[]> FetchAsync(string file, long block, CancellationToken cancellationToken)
    {
        await using var stream = await repository.Store.TryOpenAsync(file, block * BlockBytes, BlockBytes, cancellationToken)
            ?? throw Damage.Missing(file, repository.Store.Location);
        var bytes = new byte[BlockBytes];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        return bytes[..length];
    }
}
