using System.Diagnostics;
using System.IO.Hashing;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>
/// The files under <c>objects/</c> and <c>packs/</c> that a listing found, with their lengths: a number for each, counted from 0. Takes 25
/// bytes a file. Not for several threads at once.
/// </summary>
internal sealed class StoredFiles : IDisposable
{
    private readonly ObjectTable table = new();
    private readonly RowSizes sizes = new();

    public uint Count => sizes.Count;

    public void Add(in StoredFile file) => table.Set(Hash(file.Hash, file.IsPack), sizes.Add(file.SizeBytes));

    public bool TryGet(ObjectHash hash, bool isPack, out uint number, out long sizeBytes)
    {
        var isThere = table.TryGet(Hash(hash, isPack), out number);
        Debug.Assert(!isThere || number < Count, "The table names files that there are.");
        sizeBytes = isThere ? sizes[number] : 0;
        return isThere;
    }

    /// <summary>Why the bytes of a row cannot be where it says; <see langword="null"/> when the file is there with its length.</summary>
    public string? DefectOf(in IndexRow row) =>
        !TryGet(row.Pack ?? row.Hash, row.Pack is not null, out _, out var sizeBytes) ? "is missing"
        : row.Pack is null && sizeBytes != row.SizeBytes ? $"has {sizeBytes} bytes and should have {row.SizeBytes}"
        : row.Offset + row.SizeBytes > sizeBytes ? $"has {sizeBytes} bytes, and an entry should end at {row.Offset + row.SizeBytes}"
        : null;

    /// <summary>Why a file cannot be what it was; <see langword="null"/> when it is there with its length.</summary>
    public string? DefectOf(FileRows file)
    {
        var row = file.Rows[0].Row;
        return !TryGet(row.Pack ?? row.Hash, row.Pack is not null, out _, out var sizeBytes) ? "is missing"
            : sizeBytes != file.SizeBytes ? $"has {sizeBytes} bytes and should have {file.SizeBytes}"
            : null;
    }

    public void Dispose() => table.Dispose();

    private static UInt128 Hash(ObjectHash hash, bool isPack)
    {
        Span<byte> bytes = stackalloc byte[ObjectHash.SizeBytes];
        hash.CopyTo(bytes);
        return XxHash128.HashToUInt128(bytes, isPack ? 1 : 0);
    }
}
