using Nestegg.Opening;
using Nestegg.Proof;
using Nestegg.Repositories;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Jobs;

/// <summary>A snapshot of the repository, and how far it is proved.</summary>
/// <param name="ForgottenAt">When it was forgotten; <see langword="null"/> when it was not.</param>
public sealed record ListedSnapshot(Manifest Manifest, ProofStanding Proved, DateTimeOffset? ForgottenAt);

/// <summary>What a repository holds.</summary>
/// <param name="Snapshots">Those whose manifest is as it was signed, the oldest first. A damaged one is an error in the log.</param>
/// <param name="Finished">How many have a manifest and are not forgotten.</param>
/// <param name="Forgotten">How many have a manifest and are forgotten.</param>
/// <param name="Unfinished">How many runs did not come to their end.</param>
public sealed record SnapshotListing(IReadOnlyList<ListedSnapshot> Snapshots, int Finished, int Forgotten, int Unfinished);

/// <summary>One snapshot, with all that is kept of its proofs.</summary>
public sealed record DescribedSnapshot(Manifest Manifest, IReadOnlyList<ProofSummary> Proofs);

/// <summary>Lists and describes the snapshots of the configured repository.</summary>
public static class SnapshotsJob
{
    /// <param name="withForgotten">Whether those that are forgotten and not removed yet are listed too.</param>
    public static Task<SnapshotListing> ListAsync(
        JobContext context, bool withForgotten, RunLog log, CancellationToken cancellationToken) =>
        context.WithRepositoryAsync(
            async repository =>
            {
                var list = await repository.ListSnapshotsAsync(cancellationToken);
                list.TellUnread(log);
                var forgotten = await repository.ReadForgottenAsync(log, cancellationToken);
                var proofs = (await repository.Proofs.ListAsync(null, cancellationToken).ToListAsync(cancellationToken))
                    .ToLookup(proof => proof.Snapshot);
                var listed = new List<ListedSnapshot>();
                foreach (var id in list.Finished.Where(id => withForgotten || !forgotten.Has(id)))
                {
                    try
                    {
                        var manifest = await repository.ReadManifestAsync(id, cancellationToken);
                        listed.Add(new ListedSnapshot(manifest, ProofStanding.Of(manifest, proofs[id]), forgotten.When(id)));
                    }
                    catch (NesteggException failure) when (log.TryFindDamage(failure, "snapshot-damaged", id.ToString()))
                    {
                        // It is on the record; the others are listed all the same.
                    }
                }

                repository.TellGone(list.Finished is [.., var newest] ? newest : null, log);
                var gone = list.Finished.Count(forgotten.Has);
                return new SnapshotListing(
                    listed, list.Finished.Count - gone, gone, list.Unfinished.Count(id => !forgotten.Has(id)));
            },
            cancellationToken);

    /// <param name="name">An id, the beginning of one, or <c>latest</c>.</param>
    public static Task<DescribedSnapshot> DescribeAsync(JobContext context, string name, RunLog log, CancellationToken cancellationToken) =>
        context.WithRepositoryAsync(
            async repository =>
            {
                var manifest = await repository.ReadManifestAsync(name, log, cancellationToken);
                var proofs = await repository.Proofs.ListAsync(manifest.Id, cancellationToken)
                    .Where(proof => proof.ManifestSha256 == manifest.Hash)
                    .ToListAsync(cancellationToken);
                return new DescribedSnapshot(manifest, proofs);
            },
            cancellationToken);
}
