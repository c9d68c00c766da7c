using System.Diagnostics;

namespace Nestegg.Repositories.Index;

/// <summary>The lengths of objects by row number, five bytes each: up to a terabyte. Grows in pieces, so never holds two copies.</summary>
internal sealed class RowSizes
{
    private const int ChunkRows = 1 << 16;
    private const long SizeLimit = 1L << 40;

    private readonly List<(uint[] Low, byte[] High)> chunks = [];

    public uint Count { get; private set; }

    public long AllocatedBytes => chunks.Count * 5L * ChunkRows;

    public long this[uint row]
    {
        get
        {
            Debug.Assert(row < Count, "Only rows that were added have a length; a chunk has room for more.");
            var (low, high) = chunks[(int)(row / ChunkRows)];
            return low[row % ChunkRows] | (long)high[row % ChunkRows] << 32;
        }
    }

    /// <returns>The row's number.</returns>
    public uint Add(long sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sizeBytes, SizeLimit);
        if (Count % ChunkRows == 0)
        {
            chunks.Add((new uint[ChunkRows], new byte[ChunkRows]));
        }

        var (low, high) = chunks[^1];
        low[Count % ChunkRows] = (uint)sizeBytes;
        high[Count % ChunkRows] = (byte)(sizeBytes >> 32);
        return Count++;
    }
}
