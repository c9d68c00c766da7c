using System.Diagnostics;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Locks;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Repositories;

// What writes.
internal sealed partial class Repository
{
    /// <inheritdoc cref="RepositoryLock.AcquireAsync"/>
    /// <param name="log">Is told of locks that are watched or taken over.</param>
    public Task<RepositoryLock> LockAsync(
        string command, RunLog log, TimeProvider time, Random random, CancellationToken cancellationToken) =>
        RepositoryLock.AcquireAsync(new LockFolder(store, time, log), command, random, cancellationToken);

    /// <summary>Begins a snapshot after the newest one that is signed. The caller holds the lock.</summary>
    /// <param name="signingKey">Must be the repository's; stays the caller's.</param>
    public async Task<SnapshotWriter> BeginSnapshotAsync(
        MinisignSecretKey signingKey, TimeProvider time, Random random, CancellationToken cancellationToken)
    {
        CheckAgainst(signingKey.PublicKey);
        var notBelieved = new List<Finding>();
        SnapshotId? damaged = null;
        var previous = await FindNewestAsync(async (id, failure) =>
        {
            // One that was signed has its number, even if nothing else of it can be read.
            var wasSigned = await WasSignedAsync(id, cancellationToken);
            damaged ??= wasSigned ? id : null;
            notBelieved.Add(NotBelieved(id, failure) with { Code = wasSigned ? "previous-snapshot-damaged" : "snapshot-not-believed" });
        }, cancellationToken);
        var start = new SnapshotStart(SnapshotId.New(time.GetUtcNow(), damaged ?? previous?.Id, random), previous, notBelieved);
        Debug.Assert(previous is null || start.Id > previous.Id, "A new snapshot comes after those before it, whatever the clock says.");
        return new SnapshotWriter(this, store, signingKey, start, time);
    }

    /// <summary>
    /// Whoever can write to the repository could add a recipient of their own to <c>nestegg.json</c> and read what is encrypted next.
    /// </summary>
    /// <param name="configured">Whom the operator wrote down; when nobody, the newest snapshot says what the file was.</param>
    /// <param name="committed">
    /// Snapshots that the caller knows to have been finished. Where a newer one than all that are whole is gone or damaged, an older one
    /// does not stand for it: it may name a recipient that was retired since.
    /// </param>
    /// <param name="accept">How a person says that the recipients found are theirs.</param>
    /// <exception cref="NesteggException"><see cref="FailureKind.Damaged"/></exception>
    public async Task RequireOwnRecipientsAsync(
        IReadOnlyList<string> configured, IReadOnlySet<SnapshotId> committed, CancellationToken cancellationToken,
        string accept = "write them into nestegg.yaml (recipients:)")
    {
        var notBelieved = 0;
        var finished = committed.ToList();
        var newest = await FindNewestAsync(
            async (id, _) =>
            {
                notBelieved++;
                await RefuseOtherIdAsync(id, cancellationToken);
                if (await WasSignedAsync(id, cancellationToken))
                {
                    finished.Add(id);
                }
            },
            cancellationToken);
        var found = Description.Recipients.Order(StringComparer.Ordinal).ToArray();
        var file = $"{RepositoryKeys.Description} at {Location}";
        if (configured.Count > 0)
        {
            var known = configured.Order(StringComparer.Ordinal).ToArray();
            if (!known.SequenceEqual(found))
            {
                throw new NesteggException(
                    FailureKind.Damaged,
                    $"{file} names the recipients {string.Join(", ", found)}; the configuration names {string.Join(", ", known)}",
                    "if you changed one of them, make both alike; if you did not, somebody else has written to the repository");
            }
        }
        else if (newest is null)
        {
            var none = notBelieved > 0
                ? $"none of the {notBelieved} snapshots at {Location} has a signature that fits"
                : $"{Location} has no snapshot yet, and the configuration names no recipients";
            throw new NesteggException(
                FailureKind.Damaged,
                $"{none}, so nothing says whether the recipients in {RepositoryKeys.Description} are yours: {string.Join(", ", found)}",
                $"if they are, {accept}"
                + (notBelieved > 0 ? "; somebody else has written to the repository: compare it with another copy" : ""));
        }
        else if (finished.Find(id => id.Number > newest.Id.Number) is { Number: > 0 } lost)
        {
            throw new NesteggException(
                FailureKind.Damaged,
                $"the snapshot {lost} at {Location} is gone or damaged, and {newest.Id}, the newest that is whole, was made before it; the "
                + $"configuration names no recipients, so nothing says whether the recipients in {RepositoryKeys.Description} are still "
                + $"yours: {string.Join(", ", found)}",
                $"if they are, {accept}; if you did not remove the snapshot, somebody else has written to "
                + "the repository: compare it with another copy");
        }
        else if (newest.RepositorySha256 != Description.Hash)
        {
            throw new NesteggException(
                FailureKind.Damaged,
                $"{file} hashes to {Description.Hash}; when {newest.Id} was made it hashed to {newest.RepositorySha256}. "
                + $"Its recipients are now {string.Join(", ", found)}",
                $"if you changed it, {accept}, and it is accepted; if you did not, somebody else "
                + "has written to the repository: put the file back from another copy");
        }
    }

    // What this key has signed for another id is of another repository, or of this one under its own id.
    private async Task RefuseOtherIdAsync(SnapshotId id, CancellationToken cancellationToken)
    {
        if (await ReadSignedCommentAsync(id, cancellationToken) is { } comment
            && comment.StartsWith(SnapshotWriter.TrustedComment(id, ""), StringComparison.Ordinal)
            && comment != SnapshotWriter.TrustedComment(id, Description.Id))
        {
            throw Damage.Of(
                $"{RepositoryKeys.Description} at {Location} has the id {Description.Id}; the signature of {id} says '{comment}': "
                + "the id was changed, or snapshots of another repository were put here");
        }
    }
}
