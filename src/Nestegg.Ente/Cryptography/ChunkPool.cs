using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;

namespace Nestegg.Ente.Cryptography;

/// <summary>
/// Buffers of exactly one encrypted chunk. The shared array pool would hand out 8 MiB for the 4 MiB and 17 bytes of a chunk. Keeps at
/// most 16 (64 MiB), which nobody but the next stream gets, and which are not wiped before that: it would take a thirtieth of a proof's
/// time. What is beyond that is wiped and goes to the garbage collector.
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
        Debug.Assert(chunk.Length == SecretStream.EncryptedChunkBytes, "Only what was rented here comes back.");
        Debug.Assert(usedBytes >= 0 && usedBytes <= chunk.Length, "What was used is a part of the buffer.");
        if (Kept.Count < KeptMax)
        {
            Kept.Add(chunk);
            return;
        }

        CryptographicOperations.ZeroMemory(chunk.AsSpan(0, usedBytes));
    }
}
