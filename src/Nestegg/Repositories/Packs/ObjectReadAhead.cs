using System.Diagnostics;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores;

namespace Nestegg.Repositories.Packs;

/// <summary>
/// Opens objects one by one, for a reader that authenticates large ones itself. What a backup stored one after the other is mostly read
/// one after the other, so when the reads of a file of small objects are close together, a block of 1 MiB is fetched at once: on an object
/// store one request for dozens of thumbnails. Holds at most 16 blocks. Used by several tasks at once.
/// </summary>
/// <param name="elsewhere">Reads an object of a pack that is not whole there; <see langword="null"/> when no other pack has it.</param>
internal sealed class ObjectReadAhead(IStore store, Func<IndexRow, CancellationToken, Task<byte[]?>> elsewhere)
{
    private const int BlockBytes = 1024 * 1024;
    private const int KeptBlocks = 16;

    private readonly Lock gate = new();
    private readonly LinkedList<(string File, long Block, Task<byte[]> Content)> blocks = new();
    private (string File, long Block) last;

    /// <summary>
    /// Opens an object. One that is a file of its own is not hashed, and is read to the file's end, so that bytes that were appended to it
    /// are seen. What is not whole in its pack and in no other is given as far as it is there.
    /// </summary>
    /// <exception cref="NesteggException"><see cref="FailureKind.Damaged"/> when the file that holds it is not there.</exception>
    public async Task<Stream> OpenAsync(IndexRow row, CancellationToken cancellationToken)
    {
        if (row.Pack is null)
        {
            return await store.OpenAsync(row.StoredAs, cancellationToken);
        }

        if (await TryReadAsync(row, cancellationToken) is { } whole && ObjectHash.Of(whole) == row.Hash)
        {
            return new MemoryStream(whole, writable: false);
        }

        return await elsewhere(row, cancellationToken) is { } other
            ? new MemoryStream(other, writable: false)
            : await store.OpenRangeAsync(row.StoredAs, row.Offset, row.SizeBytes, cancellationToken);
    }

    /// <returns>What there is of it; <see langword="null"/> when its pack is not to be read.</returns>
    private async Task<byte[]?> TryReadAsync(IndexRow row, CancellationToken cancellationToken)
    {
        try
        {
            var (first, last) = (row.Offset / BlockBytes, (row.Offset + Math.Max(row.SizeBytes, 1) - 1) / BlockBytes);
            return IsNear(row.StoredAs, first)
                ? await ReadBlocksAsync(row, first, last, cancellationToken)
                : await PackedBytes.TryReadAsync(store, row, cancellationToken);
        }
        catch (NesteggException failure) when (failure.SparesOthers)
        {
            return null;
        }
    }

    private async Task<byte[]> ReadBlocksAsync(IndexRow row, long first, long last, CancellationToken cancellationToken)
    {
        Debug.Assert(last <= first + 1, "An object of a pack is shorter than a block, so it is in one or two.");
        var content = new MemoryStream((int)row.SizeBytes);
        for (var block = first; block <= last; block++)
        {
            var bytes = await BlockAsync(row.StoredAs, block, cancellationToken);
            var from = (int)Math.Min(Math.Max(row.Offset - (block * BlockBytes), 0), bytes.Length);
            var until = (int)Math.Min(row.Offset + row.SizeBytes - (block * BlockBytes), bytes.Length);
            content.Write(bytes, from, Math.Max(until - from, 0));
        }

        return content.Length == row.SizeBytes ? content.GetBuffer() : content.ToArray();
    }

    // A sample reads here and there: fetching blocks would read twenty times too much.
    private bool IsNear(string file, long block)
    {
        lock (gate)
        {
            var isNear = last.File == file && Math.Abs(last.Block - block) <= 1;
            last = (file, block);
            return isNear;
        }
    }

    private Task<byte[]> BlockAsync(string file, long block, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            for (var node = blocks.First; node is not null; node = node.Next)
            {
                if (node.Value.Block == block && node.Value.File == file && !node.Value.Content.IsFaulted && !node.Value.Content.IsCanceled)
                {
                    return node.Value.Content;
                }
            }

            var content = FetchAsync(file, block, cancellationToken);
            blocks.AddFirst((file, block, content));
            if (blocks.Count > KeptBlocks)
            {
                blocks.RemoveLast();
            }

            return content;
        }
    }

    private async Task<byte[]> FetchAsync(string file, long block, CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenRangeAsync(file, block * BlockBytes, BlockBytes, cancellationToken);
        var bytes = new byte[BlockBytes];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        return bytes[..length];
    }
}
