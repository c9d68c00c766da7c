using Nestegg.Ente.Integrity;

namespace Nestegg.Audit;

/// <summary>What an audit looked at, and what came of it.</summary>
/// <param name="Findings">How many findings there are of each code, in the order of the codes.</param>
/// <param name="Users">In the order of their ids; one small record a user.</param>
public sealed record AuditResult(
    AuditCounts Counts, long Errors, long Warnings, IReadOnlyDictionary<string, long> Findings, IReadOnlyList<UserTotals> Users)
{
    public bool IsComplete => Errors == 0;
}

/// <summary>What an audit counted besides its findings.</summary>
public sealed class AuditCounts
{
    /// <summary>Objects that the database names, without those of deleted files.</summary>
    public long Objects { get; set; }

    public long Bytes { get; set; }

    public long Files { get; set; }

    /// <summary>Objects of deleted files that are still there.</summary>
    public long DeletedKept { get; set; }

    /// <summary>Objects of deleted files whose bytes are gone, as they should be.</summary>
    public long DeletedGone { get; set; }

    /// <summary>Looked missing or changed, and was deleted or overwritten after the moment of the database.</summary>
    public long ChangedSince { get; set; }

    /// <summary>Objects in the buckets, once for each bucket; 0 for a snapshot.</summary>
    public long Listed { get; set; }

    /// <summary>Named by nothing, and nothing explains them.</summary>
    public long Orphans { get; set; }

    public long OrphanBytes { get; set; }

    /// <summary>Uploads that are under way, or were given up less than two weeks ago.</summary>
    public long Uploads { get; set; }

    /// <summary>museum has them on its list to delete.</summary>
    public long WaitingForDeletion { get; set; }

    /// <summary>Previews and machine-learning data that were made again or whose file is gone; museum never removes some of them.</summary>
    public long StaleDerived { get; set; }

    /// <summary>Stored after the moment of the database, or just before it.</summary>
    public long Young { get; set; }

    /// <summary>Named by nothing, as is to be expected.</summary>
    public long ExpectedOrphans => Uploads + WaitingForDeletion + StaleDerived + Young;
}
