using Nestegg.Ente;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Repositories;

/// <summary>
/// Tells an interrupted run's folder from that of a snapshot which has lost its manifest. A run has the number after that of the newest
/// signed snapshot. So what has the number of another snapshot that was signed was interrupted, and so was what has the next number; any
/// other is of a snapshot that was signed once, or came after one, and is gone.
/// </summary>
/// <param name="known">Snapshots that are known to have been finished, whatever is left of them.</param>
internal sealed class CommittedSnapshots(IReadOnlySet<SnapshotId> known)
{
    /// <summary>What to do about a snapshot that was here.</summary>
    public const string RemovedHint = "if you did not remove it, somebody who can write to the repository did; look at another copy";

    private readonly HashSet<SnapshotId> finished = [.. known];
    private readonly HashSet<int> numbers = [.. known.Select(id => id.Number)];

    /// <summary>Takes up a manifest whose signature is good.</summary>
    public void Add(Manifest manifest)
    {
        numbers.Add(manifest.Id.Number);
        if (manifest.Previous is { } previous)
        {
            finished.Add(previous.Id);
            numbers.Add(previous.Id.Number);
        }
    }

    /// <summary>Takes up a snapshot of which no more than its signature is right.</summary>
    public void AddDamaged(SnapshotId id) => numbers.Add(id.Number);

    /// <summary>Whether a folder without a manifest and without a signature may be an interrupted run's.</summary>
    public bool CanBeInterrupted(SnapshotId id) =>
        !finished.Contains(id) && (numbers.Contains(id.Number) || id.Number == numbers.DefaultIfEmpty().Max() + 1);

    /// <summary>What is said of one that cannot.</summary>
    public static Finding Bereft(SnapshotId id, Severity severity) => new(
        "snapshot-gone", severity, RepositoryKeys.SnapshotFile(id, RepositoryKeys.Manifest),
        $"the manifest and the signature of {id} are gone: it was finished once, or came after a snapshot that was and is gone; what is left "
        + "of it is kept",
        "put both files back from another copy of the repository, and it is whole again; if you took it away, remove its folder too");

    /// <summary>What signed index files say of snapshots that are gone, to somebody who remembers none.</summary>
    /// <param name="run">The newest run that wrote an index file; its number was given after the newest snapshot of then.</param>
    /// <param name="newest">The newest snapshot that is here.</param>
    public static Finding? BeforeRun(SnapshotId run, SnapshotId? newest, Severity severity) =>
        run.Number <= (newest?.Number ?? 0) + 1 ? null : new Finding(
            "rolled-back", severity, $"{RepositoryKeys.Snapshots}{newest}",
            $"the run {run} has left index files, and there {Counted.Word(run.Number - 1, "was", "were")} {Counted.Of(run.Number - 1, "snapshot")} before it; the newest that is here is "
            + $"{newest?.ToString() ?? "none"}",
            "if you did not remove them, somebody who can write to the repository did; look at another copy");
}
