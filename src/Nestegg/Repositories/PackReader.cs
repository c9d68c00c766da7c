using System.Buffers;
using System.Runtime.CompilerServices;

namespace Nestegg.Repositories;

/// <summary>Reads a pack from front to back and hashes each entry.</summary>
internal static class PackReader
{
    /// <summary>Every entry, whether its content is what its name says or not.</summary>
    /// <param name="name">What the pack is called in messages.</param>
    /// <exception cref="NesteggException">The pack is no tar of the kind that we write; its entries so far have been returned.</exception>
    public static async IAsyncEnumerable<PackEntry> ReadAsync(
        Stream pack, string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PackWriter.ObjectLimitBytes);
        try
        {
            for (var offset = 0L; ;)
            {
                if (await pack.ReadAtLeastAsync(buffer.AsMemory(0, UstarHeader.BlockBytes), UstarHeader.BlockBytes, false, cancellationToken) < UstarHeader.BlockBytes)
                    throw Damage.Of($"{name} is cut off at byte {offset}");
                offset += UstarHeader.BlockBytes;
                if (!buffer.AsSpan(0, UstarHeader.BlockBytes).ContainsAnyExcept((byte)0))
                    yield break;
                if (!UstarHeader.TryRead(buffer, out var hash, out var size) || size >= PackWriter.ObjectLimitBytes)
                    throw Damage.Of($"{name} has a broken entry header at byte {offset - UstarHeader.BlockBytes}");
                var padded = UstarHeader.Padded(size);
                if (await pack.ReadAtLeastAsync(buffer.AsMemory(0, padded), padded, false, cancellationToken) < padded)
                    throw Damage.Of($"{name} is cut off in the entry {hash}");
                yield return new PackEntry(hash, offset, size, ObjectHash.Of(buffer.AsSpan(0, size)));
                offset += padded;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>An entry of a pack.</summary>
/// <param name="Name">The hash that it is named by.</param>
/// <param name="Offset">Where its bytes begin.</param>
/// <param name="Content">The hash of its bytes.</param>
internal readonly record struct PackEntry(ObjectHash Name, long Offset, int SizeBytes, ObjectHash Content);
