using Nestegg.Repositories.Files;

namespace Nestegg.Retention;

/// <summary>What a keep policy knows of a snapshot. All but the proofs comes from its signed manifest.</summary>
/// <param name="Group">The instance that it is of.</param>
/// <param name="CreatedAt">By the clock of the machine that made it.</param>
/// <param name="Users">Rows of people.</param>
/// <param name="Files">Rows of files.</param>
public sealed record SnapshotFacts(SnapshotId Id, string Group, DateTimeOffset CreatedAt, bool IsComplete, long Users, long Files)
{
    /// <summary>The hash of its manifest.</summary>
    public ObjectHash Manifest { get; init; }

    /// <summary>
    /// People who proved it, as the repository's proofs say. Nobody signs those: they are a reason to keep, and none to forget.
    /// </summary>
    public IReadOnlyList<long> ProvedBy { get; init; } = [];

    /// <summary>Until when the store refuses to delete it; <see langword="null"/> where nothing does.</summary>
    public DateTimeOffset? LockedUntil { get; init; }
}

/// <summary>Whether a snapshot takes a slot.</summary>
public enum SnapshotStanding
{
    /// <summary>It does.</summary>
    Good,

    /// <summary>Only where no good one takes it.</summary>
    Incomplete,

    /// <summary>
    /// It has less than half of the people or files of the last good one before it. Only where no good one takes the slot.
    /// </summary>
    Shrunk,

    /// <summary>It is dated after now. It takes none, and is kept.</summary>
    Ahead,

    /// <summary>It is dated before a snapshot that it came after, or after one that came after it. It takes none, and is kept.</summary>
    OutOfOrder,
}

/// <summary>What a policy says of a snapshot.</summary>
/// <param name="KeptFor">Every reason to keep it, as a person reads it; none when it is to be forgotten.</param>
public sealed record PlannedSnapshot(SnapshotFacts Facts, SnapshotStanding Standing, IReadOnlyList<string> KeptFor)
{
    public bool IsKept => KeptFor.Count > 0;
}

/// <summary>What a policy says of the snapshots of one instance, the newest last.</summary>
/// <param name="IsStopped">The newest lost half of its rows, so that none is forgotten.</param>
public sealed record GroupPlan(string Name, IReadOnlyList<PlannedSnapshot> Snapshots, bool IsStopped);
