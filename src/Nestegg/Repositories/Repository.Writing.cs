using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Locks;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Repositories;

// What writes.
internal sealed partial class Repository
{
    /// <inheritdoc cref="RepositoryLock.AcquireAsync"/>
    public Task<RepositoryLock> LockAsync(string command, TimeProvider time, Random random, CancellationToken cancellationToken) =>
        RepositoryLock.AcquireAsync(store, command, time, random, cancellationToken);

    /// <summary>Begins a snapshot: reads the newest manifest. The caller holds the lock.</summary>
    /// <param name="signingKey">Must be the repository's; stays the caller's.</param>
    public async Task<SnapshotWriter> BeginSnapshotAsync(
        MinisignSecretKey signingKey, TimeProvider time, Random random, CancellationToken cancellationToken)
    {
        if (signingKey.PublicKey.ToString() != SigningKey.ToString())
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the signing key {signingKey.PublicKey} is not the repository's, which is {SigningKey}",
                "give the signing key that nestegg init wrote for this repository");
        }

        var (finished, unfinished) = await ListSnapshotsAsync(cancellationToken);
        SnapshotId? newest = finished.Concat(unfinished).Select(id => (SnapshotId?)id).Max();
        PreviousManifest? previous = null;
        if (finished.Count > 0)
        {
            // A damaged newest manifest must not stop the next backup; its hash as it is now goes on the record.
            var content = await store.TryReadAsync(RepositoryKeys.SnapshotFile(finished[^1], RepositoryKeys.Manifest), cancellationToken);
            previous = new PreviousManifest(finished[^1], ObjectHash.Of(content));
        }

        var start = new SnapshotStart(SnapshotId.New(time.GetUtcNow(), newest, random), previous);
        return new SnapshotWriter(this, store, signingKey, start, time);
    }
}
