using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Nestegg.Ente.Cryptography;

/// <summary>
/// Buffers of exactly one encrypted chunk. The shared array pool would hand out 8 MiB for the 4 MiB and 17 bytes of a chunk. Keeps at
/// most 16 (64 MiB) for the next stream; what is beyond that goes to the garbage collector.
/// </summary>
internal static class ChunkPool
{
    private const int KeptMax = 16;
    private static readonly ConcurrentBag<byte[]> Kept = [];

    internal static byte[] Rent() =>
        Kept.TryTake(out var chunk) ? chunk : GC.AllocateUninitializedArray<byte>(SecretStream.EncryptedChunkBytes);

    /// <summary>Takes a buffer back; its first bytes may have been part of somebody's photo.</summary>
    internal static void Return(byte[] chunk, int usedBytes)
    {
        CryptographicOperations.ZeroMemory(chunk.AsSpan(0, usedBytes));
        if (Kept.Count < KeptMax)
        {
            Kept.Add(chunk);
        }
    }
}
