using System.Collections.Concurrent;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Retention;

namespace Nestegg.Jobs;

/// <summary>
/// Reads what a keep policy needs to know. Only signed manifests count: what is damaged or was never signed is told, and neither counted
/// nor forgotten.
/// </summary>
/// <param name="lockDays">For how many days the store refuses to delete what was written; 0 where it does not.</param>
internal sealed class SnapshotFactReader(Repository repository, int lockDays, RunLog log)
{
    // Each manifest is two requests.
    private const int Parallelism = 8;

    /// <returns>Those that are not forgotten yet.</returns>
    /// <exception cref="NesteggException">The marks cannot be read, so that it is not known which are.</exception>
    public async Task<IReadOnlyCollection<SnapshotFacts>> ReadAsync(CancellationToken cancellationToken)
    {
        var forgotten = await repository.ForgetMarks.ReadAsync(Severity.Warning, log.Find, cancellationToken);
        var list = await repository.ListSnapshotsAsync(cancellationToken);
        list.TellUnread(log);
        var manifests = new ConcurrentBag<Manifest>();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(list.Finished.Where(id => !forgotten.Has(id)), parallel, async (id, token) =>
        {
            try
            {
                manifests.Add(await repository.ReadManifestAsync(id, token));
            }
            catch (NesteggException failure) when (failure.SparesOthers)
            {
                await PassOverAsync(id, failure, token);
            }
        });

        var proofs = await repository.Proofs.ListWholeAsync(manifests.Select(manifest => manifest.Id).ToHashSet(), cancellationToken)
            .Where(proof => proof.Verdict == ProofVerdict.Proved).ToListAsync(cancellationToken);
        var proved = proofs.ToLookup(proof => new PreviousManifest(proof.Snapshot, proof.ManifestSha256), proof => proof.UserId);
        return [.. manifests.Select(manifest => Facts(manifest, proved[new PreviousManifest(manifest.Id, manifest.Hash)]))];
    }

    private SnapshotFacts Facts(Manifest manifest, IEnumerable<long> provedBy) => new(
        manifest.Id, manifest.Instance.Name, manifest.CreatedAt, manifest.Complete, manifest.Counts.Users, manifest.Counts.Files)
    {
        Manifest = manifest.Hash,
        ProvedBy = [.. provedBy.Distinct()],
        LockedUntil = lockDays > 0 ? manifest.FinishedAt.AddDays(lockDays) : null,
    };

    private async Task PassOverAsync(SnapshotId id, NesteggException failure, CancellationToken cancellationToken)
    {
        var wasSigned = await repository.WasSignedAsync(id, cancellationToken);
        log.Find(
            wasSigned ? "snapshot-damaged" : "snapshot-not-believed", wasSigned ? Severity.Error : Severity.Warning,
            $"{RepositoryKeys.Snapshots}{id}", failure.Message, failure.Hint);
    }
}
