using System.Collections;
using System.IO.Hashing;
using System.Text;
using Nestegg.Repositories.Index;

namespace Nestegg.Checks;

/// <summary>
/// The files under <c>objects/</c> and <c>packs/</c> by key: length, whether a snapshot needs it, whether it was read. Some 25 bytes a
/// file.
/// </summary>
internal sealed class StoredFiles : IDisposable
{
    private readonly Lock gate = new();
    private readonly ObjectTable table = new();
    private readonly RowSizes sizes = new();
    private readonly BitArray isNeeded = new(64);
    private readonly BitArray isRead = new(64);

    public long Count => sizes.Count;

    public void Add(string key, long sizeBytes)
    {
        var number = sizes.Add(sizeBytes);
        table.Set(Hash(key), number);
        if (number < isNeeded.Length)
        {
            return;
        }

        isNeeded.Length *= 2;
        isRead.Length *= 2;
    }

    /// <summary>The length of a file that a snapshot needs; -1 when it is absent.</summary>
    public long Need(string key)
    {
        lock (gate)
        {
            if (!table.TryGet(Hash(key), out var number))
            {
                return -1;
            }

            isNeeded[(int)number] = true;
            return sizes[number];
        }
    }

    /// <summary><see langword="true"/> for the first who wants to read the file.</summary>
    public bool TryBeginReading(string key)
    {
        lock (gate)
        {
            if (!table.TryGet(Hash(key), out var number) || isRead[(int)number])
            {
                return false;
            }

            isRead[(int)number] = true;
            return true;
        }
    }

    public long CountUnused()
    {
        var unused = 0L;
        for (var i = 0; i < sizes.Count; i++)
        {
            unused += isNeeded[i] ? 0 : 1;
        }

        return unused;
    }

    public void Dispose() => table.Dispose();

    private static UInt128 Hash(string key) => XxHash128.HashToUInt128(Encoding.ASCII.GetBytes(key));
}
