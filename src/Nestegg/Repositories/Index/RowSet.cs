using System.Diagnostics;
using System.Numerics;

namespace Nestegg.Repositories.Index;

/// <summary>Which rows of an index file are used: one bit a row, rows counted from 1.</summary>
internal sealed class RowSet
{
    /// <summary>No index file has more rows; a longer range in a live set is damage, not a reason to allocate.</summary>
    public const int RowLimit = 1 << 28;

    private ulong[] bits = [];

    public int Count { get; private set; }

    /// <summary>The last row; 0 when there is none.</summary>
    public int Last
    {
        get
        {
            var word = bits.AsSpan().LastIndexOfAnyExcept(0UL);
            return word < 0 ? 0 : (word << 6) + BitOperations.Log2(bits[word]) + 1;
        }
    }

    /// <summary>Adds every row of another set.</summary>
    public void Add(RowSet other)
    {
        Debug.Assert(other != this, "A set that is changed is not walked.");
        foreach (var (first, last) in other.Ranges())
        {
            for (var row = first; row <= last; row++)
            {
                Add(row);
            }
        }
    }

    /// <summary>The rows that are in both.</summary>
    public RowSet Common(RowSet other)
    {
        var common = new RowSet { bits = new ulong[Math.Min(bits.Length, other.bits.Length)] };
        for (var word = 0; word < common.bits.Length; word++)
        {
            common.bits[word] = bits[word] & other.bits[word];
            common.Count += BitOperations.PopCount(common.bits[word]);
        }

        return common;
    }

    public bool Contains(int row)
    {
        Debug.Assert(row > 0, "Rows are counted from 1.");
        return (row - 1) >> 6 < bits.Length && (bits[(row - 1) >> 6] >> (row - 1) & 1) != 0;
    }

    /// <returns><see langword="false"/> when the row was there already.</returns>
    public bool Add(int row)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(row, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(row, RowLimit);
        var word = (row - 1) >> 6;
        if (word >= bits.Length)
        {
            Array.Resize(ref bits, Math.Max(word + 1, bits.Length + bits.Length / 2));
        }

        var bit = 1UL << (row - 1);
        if ((bits[word] & bit) != 0)
        {
            return false;
        }

        bits[word] |= bit;
        Count++;
        return true;
    }

    public bool Remove(int row)
    {
        if (!Contains(row))
        {
            return false;
        }

        bits[(row - 1) >> 6] &= ~(1UL << (row - 1));
        Count--;
        Debug.Assert(Count >= 0, "What is removed was counted.");
        return true;
    }

    /// <summary>The rows as ranges, both ends included, in order.</summary>
    public IEnumerable<(int First, int Last)> Ranges()
    {
        for (var first = Next(1, true); first > 0; first = Next(first, true))
        {
            var end = Next(first, false);
            yield return (first, end - 1);
            first = end;
        }
    }

    /// <summary>The first row from here on that is, or is not, in the set; 0 when no further row is.</summary>
    private int Next(int row, bool isIn)
    {
        Debug.Assert(row > 0, "Rows are counted from 1.");
        for (var word = (row - 1) >> 6; word < bits.Length; word++)
        {
            var value = isIn ? bits[word] : ~bits[word];
            if (word == (row - 1) >> 6)
            {
                value &= ulong.MaxValue << (row - 1);
            }

            if (value != 0)
            {
                return (word << 6) + BitOperations.TrailingZeroCount(value) + 1;
            }
        }

        return isIn ? 0 : (bits.Length << 6) + 1;
    }
}
