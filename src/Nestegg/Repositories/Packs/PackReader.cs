using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;

namespace Nestegg.Repositories.Packs;

/// <summary>
/// The one reader of packs: from front to back, either every entry, or those that rows of the index name. The stream stays its owner's.
/// </summary>
/// <param name="pack">The pack, or a range of it that begins at <paramref name="start"/>.</param>
/// <param name="name">What the pack is called in messages.</param>
internal sealed class PackReader(Stream pack, string name, long start = 0) : IDisposable
{
    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(PackWriter.ObjectLimitBytes);
    private long position = start;

    /// <summary>Every entry, as the headers announce them, whether its content is what its name says or not.</summary>
    /// <exception cref="NesteggException">The pack is no tar of the kind that we write; its entries so far have been returned.</exception>
    public async IAsyncEnumerable<PackEntry> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            Debug.Assert(position % UstarHeader.BlockBytes == 0, "A header begins at a block.");
            var header = position;
            if (await TakeAsync(buffer.AsMemory(0, UstarHeader.BlockBytes), cancellationToken) < UstarHeader.BlockBytes)
            {
                throw Damage.Of($"{name} is cut off at byte {header}");
            }

            if (!buffer.AsSpan(0, UstarHeader.BlockBytes).ContainsAnyExcept((byte)0))
            {
                yield break;
            }

            if (!UstarHeader.TryRead(buffer, out var hash, out var size) || size >= PackWriter.ObjectLimitBytes)
            {
                throw Damage.Of($"{name} has a broken entry header at byte {header}");
            }

            var offset = position;
            var padded = UstarHeader.Padded(size);
            if (await TakeAsync(buffer.AsMemory(0, padded), cancellationToken) < padded)
            {
                throw Damage.Of($"{name} is cut off in the entry {hash}");
            }

            yield return new PackEntry(hash, offset, size, ObjectHash.Of(buffer.AsSpan(0, size)));
        }
    }

    /// <summary>The objects that rows name. What is damaged is told of each, and keeps none of the others from being read.</summary>
    /// <param name="rows">In the order in which they lie in the pack.</param>
    public async IAsyncEnumerable<PackedObject> ReadAsync(
        IEnumerable<IndexRow> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (long Offset, byte[] Content, bool IsWhole)? last = null;
        foreach (var row in rows)
        {
            Debug.Assert(last is not { } before || before.Offset <= row.Offset, "Rows come in the order of the pack.");

            // Two keys may have the same content, which is kept once: its bytes have then just gone by.
            if (last is not { } repeated || repeated.Offset != row.Offset || repeated.Content.Length != row.SizeBytes)
            {
                var content = GC.AllocateUninitializedArray<byte>((int)row.SizeBytes);
                var isWhole = await TrySkipToAsync(row.Offset, cancellationToken)
                    && await TakeAsync(content, cancellationToken) == content.Length;
                last = (row.Offset, content, isWhole);
            }

            var (_, bytes, isThere) = last.Value;
            var damage = !isThere ? $"{name} is shorter than the index says"
                : ObjectHash.Of(bytes) != row.Hash ? $"its bytes in {name} at {row.Offset} are not those that were stored"
                : null;
            yield return new PackedObject(row, bytes, damage);
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    private async ValueTask<bool> TrySkipToAsync(long offset, CancellationToken cancellationToken)
    {
        while (position < offset)
        {
            var room = buffer.AsMemory(0, (int)Math.Min(offset - position, buffer.Length));
            if (await TakeAsync(room, cancellationToken) < room.Length)
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>How many bytes there were: fewer than asked for at the end of the pack.</returns>
    private async ValueTask<int> TakeAsync(Memory<byte> room, CancellationToken cancellationToken)
    {
        var count = await pack.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, cancellationToken);
        position += count;
        return count;
    }
}

/// <summary>An entry of a pack.</summary>
/// <param name="Name">The hash that it is named by.</param>
/// <param name="Offset">Where its bytes begin.</param>
/// <param name="Content">The hash of its bytes.</param>
internal readonly record struct PackEntry(ObjectHash Name, long Offset, int SizeBytes, ObjectHash Content);

/// <summary>An object that was read from a pack.</summary>
/// <param name="Content">Its bytes, shared with other rows of the same content; they mean nothing when there is damage.</param>
/// <param name="Damage">What is wrong with them; <see langword="null"/> when they are what was stored.</param>
internal readonly record struct PackedObject(IndexRow Row, byte[] Content, string? Damage);
