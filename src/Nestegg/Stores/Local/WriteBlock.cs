using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Nestegg.Stores.Local;

/// <summary>
/// A mebibyte of native memory in which a file's bytes wait to be written, aligned as writing around the page cache needs it. Kept for the
/// next file: as many as files were ever written at once.
/// </summary>
internal sealed unsafe class WriteBlock : MemoryManager<byte>
{
    public const int SizeBytes = 1024 * 1024;

    /// <summary>What a device may want a write to be a multiple of, in memory and in the file.</summary>
    public const int AlignmentBytes = 4096;

    private static readonly ConcurrentBag<WriteBlock> Spare = [];

    private readonly byte* memory = (byte*)NativeMemory.AlignedAlloc(SizeBytes, AlignmentBytes);

    private WriteBlock()
    {
    }

    public static WriteBlock Rent() => Spare.TryTake(out var block) ? block : new WriteBlock();

    public void Return() => Spare.Add(this);

    public override Span<byte> GetSpan()
    {
        Debug.Assert((nuint)memory % AlignmentBytes == 0, "Writing around the page cache needs aligned memory.");
        return new Span<byte>(memory, SizeBytes);
    }

    public override MemoryHandle Pin(int elementIndex = 0) => new(memory + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => NativeMemory.AlignedFree(memory);
}
