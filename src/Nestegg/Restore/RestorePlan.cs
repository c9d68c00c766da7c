using Nestegg.Ente.Revival;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.S3;

namespace Nestegg.Restore;

/// <summary>What happens to the database.</summary>
public enum DatabaseAction
{
    /// <summary>It is absent and is made.</summary>
    Create,

    /// <summary>It is there and has no tables.</summary>
    Fill,

    /// <summary>It has the tables of a museum that was started once, without a row in them.</summary>
    ReplaceUnused,

    /// <summary>It holds something, and the person named it to be overwritten.</summary>
    Overwrite,

    /// <summary>An earlier run of the same restore was interrupted here.</summary>
    Continue,

    /// <summary>Nothing: it cannot be used as it is.</summary>
    Refuse,
}

/// <summary>The folder of a plan.</summary>
/// <param name="Folder">Full path.</param>
/// <param name="IsNew">Whether it is absent or empty, and gets the old configuration as it was.</param>
/// <param name="NewFiles">What is written that is not there, relative to the folder.</param>
/// <param name="Changes">The old settings that go into its museum.yaml; empty when it has them already or is new.</param>
public sealed record PlannedFolder(string Folder, bool IsNew, IReadOnlyList<string> NewFiles, IReadOnlyList<SettingChange> Changes)
{
    /// <summary>What is kept in it and belongs elsewhere, in the order in which a person moves it.</summary>
    public IReadOnlyList<PlannedMove> Moves { get; init; } = [];
}

/// <summary>The database of a plan.</summary>
/// <param name="Description">Host, port, name and user.</param>
/// <param name="State">What there is; <see langword="null"/> when it could not be looked at.</param>
public sealed record PlannedDatabase(string Description, DatabaseAction Action, DatabaseState? State)
{
    /// <summary>What a server did that could not be looked at: it does not answer, or does not let us in.</summary>
    public string? Silence { get; init; }
}

/// <summary>A bucket of a plan, with what is in it now.</summary>
/// <param name="AlreadyThere">Objects of the snapshot with the same length.</param>
/// <param name="Conflicting">Objects with a key of the snapshot and another length.</param>
/// <param name="Foreign">Objects that the snapshot does not have.</param>
public sealed record PlannedBucket(string Slot, string Bucket, string Location, long AlreadyThere, long Conflicting, long Foreign)
{
    /// <summary>Whether it is not there and is made.</summary>
    public bool IsAbsent { get; init; }

    /// <summary>The CORS rules that it gets; <see langword="null"/> when it has some, needs none, or cannot be asked.</summary>
    public PlannedCors? Cors { get; init; }

    public bool IsEmpty => AlreadyThere + Conflicting + Foreign == 0;
}

/// <summary>CORS rules for a bucket that has none.</summary>
/// <param name="What">Whose they are, for people.</param>
public sealed record PlannedCors(IReadOnlyList<CorsRule> Rules, string What);

/// <summary>Everything that a restore is about to do, before it does any of it.</summary>
public sealed record RestorePlan
{
    public required Manifest Snapshot { get; init; }

    public required PlannedFolder Folder { get; init; }

    public required PlannedDatabase Database { get; init; }

    public required IReadOnlyList<PlannedBucket> Buckets { get; init; }

    public required IReadOnlyList<NeutralisingResult> Steps { get; init; }

    /// <summary>What is worth knowing before.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Why the restore will not begin; empty when it can.</summary>
    public required IReadOnlyList<Refusal> Refusals { get; init; }
}

/// <summary>A reason not to begin.</summary>
public sealed record Refusal(FailureKind Kind, string Message, string Hint)
{
    public NesteggException AsException() => new(Kind, Message, Hint);
}
