using Nestegg.Repositories.Files;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>What interrupted runs left: snapshots that never came to be, and items that were begun and are under no key.</summary>
internal sealed class Leftovers(Repository repository, IStore store)
{
    // Not all that writes holds the lock: a proof may be at its report for hours.
    private static readonly TimeSpan LongestWrite = TimeSpan.FromDays(1);

    /// <summary>Removes them. The caller holds the lock, so nobody is at a snapshot but the caller.</summary>
    /// <param name="own">The caller's snapshot.</param>
    /// <inheritdoc cref="FindSnapshotsAsync" path="/param"/>
    /// <returns>How many there were, and the snapshots that lost their manifests, of which nothing was removed.</returns>
    public async Task<(int Removed, IReadOnlyList<SnapshotId> Bereft)> RemoveAsync(
        SnapshotId own, IReadOnlySet<SnapshotId> committed, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var count = 0;
        var (interrupted, bereft) = await FindSnapshotsAsync(committed, cancellationToken);
        foreach (var snapshot in interrupted)
        {
            if (snapshot.Key == own)
            {
                continue;
            }

            foreach (var file in snapshot)
            {
                await store.DeleteAsync(file.Key, cancellationToken);
            }

            count++;
        }

        foreach (var item in await store.ListUnfinishedAsync(cancellationToken).ToListAsync(cancellationToken))
        {
            if (IsOfLockHolder(item) || now - item.TouchedAt > LongestWrite)
            {
                await store.RemoveUnfinishedAsync(item, cancellationToken);
                count++;
            }
        }

        return (count, bereft);
    }

    /// <summary>
    /// The folders without a signature and without a manifest: of snapshots that never came to be, and of those that were there once. With
    /// either it may be a finished one from which somebody took the other away, which nobody but a person may remove. What is left of a
    /// forgotten snapshot is neither.
    /// </summary>
    /// <param name="committed">Snapshots that the caller knows to have been finished.</param>
    /// <exception cref="NesteggException">A part may not be listed: what is seen of a snapshot may not be all of it.</exception>
    public async Task<UnfinishedSnapshots> FindSnapshotsAsync(
        IReadOnlySet<SnapshotId> committed, CancellationToken cancellationToken)
    {
        var unfinished = await repository.ListSnapshotFilesAsync(_ => { }, cancellationToken)
            .GroupBy(file => file.Snapshot)
            .Where(files => files.All(file => file.Name is not (RepositoryKeys.Signature or RepositoryKeys.Manifest)))
            .ToListAsync(cancellationToken);
        if (unfinished.Count == 0)
        {
            return new([], []);
        }

        var forgotten = await repository.ForgetMarks.ReadAsync(Severity.Warning, _ => { }, cancellationToken);
        unfinished.RemoveAll(files => forgotten.Has(files.Key));
        var once = new CommittedSnapshots(committed);
        await foreach (var manifest in repository.ReadManifestsAsync(PassOverAsync, cancellationToken))
        {
            once.Add(manifest);
        }

        return new(
            [.. unfinished.Where(files => once.CanBeInterrupted(files.Key))],
            [.. unfinished.Select(files => files.Key).Where(id => !once.CanBeInterrupted(id))]);

        async ValueTask PassOverAsync(SnapshotId id, NesteggException failure)
        {
            if (await repository.WasSignedAsync(id, cancellationToken))
            {
                once.AddDamaged(id);
            }
        }
    }

    /// <inheritdoc cref="IStore.ListUnfinishedAsync"/>
    public IAsyncEnumerable<UnfinishedItem> ListUnfinishedAsync(CancellationToken cancellationToken) =>
        store.ListUnfinishedAsync(cancellationToken);

    private static bool IsOfLockHolder(UnfinishedItem item) => item.Key is { } key
        && ((string[])[RepositoryKeys.Objects, RepositoryKeys.Packs, RepositoryKeys.Index, RepositoryKeys.Snapshots,
        RepositoryKeys.Forgotten])
            .Any(folder => key.StartsWith(folder, StringComparison.Ordinal));
}

/// <summary>Snapshots that have neither manifest nor signature.</summary>
/// <param name="Interrupted">With their files: they never came to be.</param>
/// <param name="Bereft">They were finished once, or came after one that was.</param>
internal sealed record UnfinishedSnapshots(
    IReadOnlyList<IGrouping<SnapshotId, SnapshotFile>> Interrupted, IReadOnlyList<SnapshotId> Bereft);
