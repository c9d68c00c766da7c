using System.Diagnostics;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace Nestegg.Repositories.Index;

/// <summary>
/// Index rows by key and version: a number for each, counted from 0 in the order in which they came, and the length of what it names. Takes
/// 25 bytes an object at most: 20 in the table, 5 for the length. Not for several threads at once.
/// </summary>
internal sealed class KeyTable : IDisposable
{
    private readonly ObjectTable table = new();
    private readonly RowSizes sizes = new();

    // Keys are chosen elsewhere: with a seed of our own nobody can choose two that collide.
    private readonly long seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    /// <summary>Objects by key and version.</summary>
    public long Objects => table.Count;

    /// <summary>Rows so far, the replaced ones too: the number that the next one gets.</summary>
    public uint Rows => sizes.Count;

    public long AllocatedBytes => table.AllocatedBytes + sizes.AllocatedBytes;

    /// <inheritdoc cref="ObjectTable.Reserve"/>
    public void Reserve(long entries) => table.Reserve(entries);

    public bool TryGet(string key, long version, out uint row, out long sizeBytes)
    {
        var isIn = table.TryGet(Hash(key, version), out row);
        Debug.Assert(!isIn || row < Rows, "The table names rows that there are.");
        sizeBytes = isIn ? sizes[row] : 0;
        return isIn;
    }

    /// <summary>Adds a row, which replaces an older one of the same key and version.</summary>
    /// <param name="hash">See <see cref="Hash(ReadOnlySpan{byte}, long)"/>.</param>
    public void Add(UInt128 hash, long sizeBytes) => table.Set(hash, sizes.Add(sizeBytes));

    /// <summary>Adds a row whose object is not there: it has a number, and nothing leads to it.</summary>
    /// <returns>The row's number.</returns>
    public uint AddAbsent(long sizeBytes) => sizes.Add(sizeBytes);

    /// <summary>What a row names is there again.</summary>
    public void Point(string key, long version, uint row)
    {
        Debug.Assert(row < Rows, "It is a row that was added.");
        table.Set(Hash(key, version), row);
    }

    /// <summary>Adds a row, and says which older one of the same key and version it replaces.</summary>
    public (uint Row, uint? Replaced) Add(string key, long version, long sizeBytes)
    {
        var hash = Hash(key, version);
        uint? replaced = table.TryGet(hash, out var old) ? old : null;
        var row = sizes.Add(sizeBytes);
        table.Set(hash, row);
        return (row, replaced);
    }

    /// <summary>What a row is found by.</summary>
    public UInt128 Hash(ReadOnlySpan<byte> key, long version) =>
        XxHash128.HashToUInt128(key, seed ^ (long)((ulong)version * 0x9E3779B97F4A7C15));

    public void Dispose() => table.Dispose();

    private UInt128 Hash(string key, long version)
    {
        Span<byte> bytes = stackalloc byte[512];
        return Encoding.UTF8.GetMaxByteCount(key.Length) <= bytes.Length
            ? Hash(bytes[..Encoding.UTF8.GetBytes(key, bytes)], version)
            : Hash(Encoding.UTF8.GetBytes(key), version);
    }
}
