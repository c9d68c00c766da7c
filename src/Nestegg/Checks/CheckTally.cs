using Nestegg.Repositories;

namespace Nestegg.Checks;

/// <summary>Counts what a check looks at. May be used by many tasks at once.</summary>
internal sealed class CheckTally
{
    private readonly Lock gate = new();

    private readonly SortedSet<string> damaged = new(StringComparer.Ordinal);

    public CheckCounts Counts { get; private set; } = new();

    /// <summary>Files under <c>objects/</c> and <c>packs/</c> that are missing or not what their names say.</summary>
    public IReadOnlyCollection<string> Damaged
    {
        get
        {
            lock (gate)
            {
                return [.. damaged];
            }
        }
    }

    public void AddDamaged(string key)
    {
        lock (gate)
        {
            // More than this no backup looks at.
            if (damaged.Count < DamageClaims.MostFiles)
            {
                damaged.Add(key);
            }
        }
    }

    public void Count(Func<CheckCounts, CheckCounts> change)
    {
        lock (gate)
        {
            Counts = change(Counts);
        }
    }
}

/// <summary>What a check looked at.</summary>
public sealed record CheckCounts
{
    public int Snapshots { get; init; }

    /// <summary>Of these, those that are forgotten and not removed yet.</summary>
    public int Forgotten { get; init; }

    public int IndexFiles { get; init; }

    /// <summary>Index rows that some snapshot needs.</summary>
    public long LiveRows { get; init; }

    /// <summary>Files under <c>objects/</c>.</summary>
    public long Objects { get; init; }

    /// <summary>Files under <c>packs/</c>.</summary>
    public long Packs { get; init; }

    /// <summary>The length of both.</summary>
    public long StoredBytes { get; init; }

    /// <summary>Files under <c>objects/</c> and <c>packs/</c> that no snapshot needs.</summary>
    public long UnusedFiles { get; init; }

    /// <summary>
    /// Snapshots that never came to be, and items that were begun and are under no key: of interrupted runs, or of one that is at it now.
    /// </summary>
    public long Leftovers { get; init; }

    /// <summary>Files that were read to the last byte.</summary>
    public long ReadFiles { get; init; }

    public long ReadBytes { get; init; }

    public long Errors { get; init; }

    public long Warnings { get; init; }
}
