using System.Collections;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;

namespace Nestegg.Checks;

/// <summary>The stored files that a check has listed: whether a snapshot needs each, and whether it was read.</summary>
internal sealed class CheckedFiles : IDisposable
{
    private readonly Lock gate = new();
    private readonly StoredFiles files = new();
    private readonly BitArray isNeeded = new(64);
    private readonly BitArray isRead = new(64);

    public long Count => files.Count;

    public void Add(in StoredFile file)
    {
        files.Add(file);
        if (files.Count > isNeeded.Length)
        {
            isNeeded.Length *= 2;
            isRead.Length *= 2;
        }
    }

    /// <summary>Takes up that a snapshot needs a row of a file.</summary>
    /// <returns>See <see cref="StoredFiles.DefectOf(FileRows)"/>.</returns>
    public string? Need(FileRows file)
    {
        var row = file.Rows[0].Row;
        lock (gate)
        {
            if (files.TryGet(row.Pack ?? row.Hash, row.Pack is not null, out var number, out _))
            {
                isNeeded[(int)number] = true;
            }

            return files.DefectOf(file);
        }
    }

    /// <summary>Whether the bytes of a row can be where it says.</summary>
    public bool Has(IndexRow row)
    {
        lock (gate)
        {
            return files.DefectOf(row) is null;
        }
    }

    /// <summary><see langword="true"/> for the first who wants to read the file.</summary>
    public bool TryBeginReading(ObjectHash hash, bool isPack)
    {
        lock (gate)
        {
            if (!files.TryGet(hash, isPack, out var number, out _) || isRead[(int)number])
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
        for (var i = 0; i < files.Count; i++)
        {
            unused += isNeeded[i] ? 0 : 1;
        }

        return unused;
    }

    public void Dispose() => files.Dispose();
}
