using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Nestegg.Repositories.Index;

/// <summary>
/// A set of (96 bits of hash → row number) in native memory: 16 bytes an entry, open addressing, 256 segments that grow
/// by an eighth one after the other, so that growing needs no second table. At most 20 bytes an object: 10^6 objects take
/// 20 MB, 10^7 take 200 MB. Two of 10^7 keys share 96 bits with a probability of 10^-15. Not for several threads at once.
/// </summary>
internal sealed unsafe class ObjectTable : IDisposable
{
    private const int SegmentCount = 256;
    private const int FirstCapacity = 64;

    private readonly Segment[] segments = new Segment[SegmentCount];

    [StructLayout(LayoutKind.Sequential)]
    private struct Entry
    {
        public ulong Head;
        public uint Tail;

        /// <summary>0 marks an empty place.</summary>
        public uint RowPlusOne;
    }

    private struct Segment
    {
        public Entry* Entries;
        public int Capacity;
        public int Count;
    }

    public long Count { get; private set; }

    /// <summary>Native memory in use.</summary>
    public long AllocatedBytes { get; private set; }

    ~ObjectTable() => Free();

    /// <summary>Makes room for so many entries at once, which is faster than growing to it. For an empty table.</summary>
    public void Reserve(long entries)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(Count, 0);
        // Filled to nine tenths at most, and no two segments get the same number.
        var capacity = (int)Math.Min(entries / SegmentCount * 10 / 9 * 17 / 16, int.MaxValue / 2);
        if (capacity > FirstCapacity)
        {
            foreach (ref var segment in segments.AsSpan())
            {
                Resize(ref segment, capacity);
            }
        }
    }

    /// <summary>Adds a row, or makes an entry that is there point to it.</summary>
    public void Set(UInt128 hash, uint row)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(row, uint.MaxValue);
        ref var segment = ref segments[SegmentOf(hash)];
        if (segment.Count >= segment.Capacity - segment.Capacity / 10)
        {
            Resize(ref segment, Math.Max(FirstCapacity, segment.Capacity + segment.Capacity / 8));
        }

        var entry = Find(segment, (ulong)(hash >> 64), (uint)hash);
        if (entry->RowPlusOne == 0)
        {
            *entry = new Entry { Head = (ulong)(hash >> 64), Tail = (uint)hash };
            segment.Count++;
            Count++;
        }

        entry->RowPlusOne = row + 1;
    }

    public bool TryGet(UInt128 hash, out uint row)
    {
        ref var segment = ref segments[SegmentOf(hash)];
        row = 0;
        if (segment.Capacity == 0)
        {
            return false;
        }

        var entry = Find(segment, (ulong)(hash >> 64), (uint)hash);
        row = entry->RowPlusOne - 1;
        return entry->RowPlusOne != 0;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static int SegmentOf(UInt128 hash) => (int)(hash >> 120);

    /// <summary>The entry with this hash, or the empty place where it belongs. A segment is never full.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Entry* Find(in Segment segment, ulong head, uint tail)
    {
        Debug.Assert(segment.Count < segment.Capacity, "A segment is never full: the search ends at an empty place.");
        var place = (int)((ulong)(uint)head * (uint)segment.Capacity >> 32);
        while (true)
        {
            var entry = segment.Entries + place;
            if (entry->RowPlusOne == 0 || (entry->Head == head && entry->Tail == tail))
            {
                return entry;
            }

            if (++place == segment.Capacity)
            {
                place = 0;
            }
        }
    }

    private void Resize(ref Segment segment, int capacity)
    {
        Debug.Assert(capacity > segment.Count, "Every entry finds a place, and one is left.");
        var grown = new Segment { Capacity = capacity, Count = segment.Count };
        grown.Entries = (Entry*)NativeMemory.AllocZeroed((nuint)grown.Capacity, (nuint)sizeof(Entry));
        for (var i = 0; i < segment.Capacity; i++)
        {
            if (segment.Entries[i].RowPlusOne != 0)
            {
                *Find(grown, segment.Entries[i].Head, segment.Entries[i].Tail) = segment.Entries[i];
            }
        }

        AllocatedBytes += (grown.Capacity - segment.Capacity) * (long)sizeof(Entry);
        NativeMemory.Free(segment.Entries);
        segment = grown;
    }

    private void Free()
    {
        foreach (ref var segment in segments.AsSpan())
        {
            NativeMemory.Free(segment.Entries);
            segment = default;
        }

        AllocatedBytes = 0;
    }
}
