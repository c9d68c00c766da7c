using Nestegg.Repositories.Files;

namespace Nestegg.Repositories;

/// <summary>
/// The snapshots of a repository, the newest last. An unfinished one has no manifest, which is written last: its run was interrupted, or is
/// under way.
/// </summary>
internal sealed record SnapshotList(IReadOnlyList<SnapshotId> Finished, IReadOnlyList<SnapshotId> Unfinished)
{
    /// <summary>Why snapshots may be missing here: folders that may not be listed.</summary>
    public required IReadOnlyList<NesteggException> Unread { get; init; }

    public void TellUnread(RunLog log)
    {
        foreach (var failure in Unread)
        {
            log.FindUnread(failure);
        }
    }
}
