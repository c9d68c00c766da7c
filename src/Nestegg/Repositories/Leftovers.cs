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
    /// <returns>How many there were.</returns>
    public async Task<int> RemoveAsync(SnapshotId own, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var snapshot in await FindSnapshotsAsync(cancellationToken))
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

        return count;
    }

    /// <summary>
    /// The folders of snapshots that never came to be: without a signature, without a manifest, and named by no later one. With a manifest
    /// it may be a finished one whose signature somebody took away, which nobody but a person may remove.
    /// </summary>
    /// <exception cref="NesteggException">A part may not be listed: what is seen of a snapshot may not be all of it.</exception>
    public async Task<IReadOnlyList<IGrouping<SnapshotId, SnapshotFile>>> FindSnapshotsAsync(CancellationToken cancellationToken)
    {
        var unfinished = await repository.ListSnapshotFilesAsync(_ => { }, cancellationToken)
            .GroupBy(file => file.Snapshot)
            .Where(files => files.All(file => file.Name is not (RepositoryKeys.Signature or RepositoryKeys.Manifest)))
            .ToListAsync(cancellationToken);
        if (unfinished.Count == 0)
        {
            return [];
        }

        var finishedOnce = await repository.ReadManifestsAsync((_, _) => default, cancellationToken)
            .Select(manifest => manifest.Previous?.Id).ToHashSetAsync(cancellationToken: cancellationToken);
        return [.. unfinished.Where(files => !finishedOnce.Contains(files.Key))];
    }

    /// <inheritdoc cref="IStore.ListUnfinishedAsync"/>
    public IAsyncEnumerable<UnfinishedItem> ListUnfinishedAsync(CancellationToken cancellationToken) =>
        store.ListUnfinishedAsync(cancellationToken);

    private static bool IsOfLockHolder(UnfinishedItem item) => item.Key is { } key
        && ((string[])[RepositoryKeys.Objects, RepositoryKeys.Packs, RepositoryKeys.Index, RepositoryKeys.Snapshots])
            .Any(folder => key.StartsWith(folder, StringComparison.Ordinal));
}
