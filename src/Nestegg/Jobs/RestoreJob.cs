using Nestegg.Opening;
using Nestegg.Restore;

namespace Nestegg.Jobs;

/// <summary>What a restore is asked for.</summary>
/// <param name="Parallel">Objects in transfer at once; <see langword="null"/> for the configuration's number.</param>
/// <param name="Begin">Is shown the plan before anything is changed, and says whether to go on.</param>
public sealed record RestoreRequest(SnapshotSource Snapshot, RestoreOptions Options, int? Parallel, Func<RestorePlan, bool> Begin);

/// <summary>What of a restore is wanted when only the objects are.</summary>
/// <param name="Snapshot">An id, the beginning of one, or <c>latest</c>.</param>
/// <param name="Folder">Full path of the folder that gets each object under its key.</param>
/// <param name="Parallel">Objects in transfer at once; <see langword="null"/> for the configuration's number.</param>
public sealed record RestoreObjectsRequest(string Snapshot, string Folder, int? Parallel);

/// <summary>The objects of a snapshot, written into a folder.</summary>
public sealed record RestoredObjects(string Snapshot, TransferCounts Counts);

/// <summary>Brings an instance back, or only its objects.</summary>
public static class RestoreJob
{
    /// <returns><see langword="null"/> when the plan was not to be carried out.</returns>
    /// <exception cref="NesteggException">
    /// The plan has refusals, or something is damaged or out of reach; the same command goes on from there.
    /// </exception>
    public static Task<RestoreResult?> RunAsync(JobContext context, RestoreRequest request, RunLog log, CancellationToken cancellationToken)
    {
        var options = request.Options with { Parallel = TransferCount.Of(request.Parallel, context.Configuration.Parallel) };
        return context.WithRepositoryAsync(
            async repository =>
            {
                using var identities = await OpenedIdentities.OpenAsync(request.Snapshot.Identities, repository, cancellationToken);
                var manifest = await repository.ReadManifestAsync(request.Snapshot.Name, log, cancellationToken);
                var source = new RestoreSource(repository, manifest, identities.Identities);
                await using var run = await RestoreRun.OpenAsync(source, options, context.Time, log, cancellationToken);
                var plan = await run.PlanAsync(cancellationToken);
                return request.Begin(plan) ? await run.RunAsync(plan, cancellationToken) : null;
            },
            cancellationToken);
    }

    /// <summary>Objects are stored as they were in the bucket, so no identity is needed for them.</summary>
    public static Task<RestoredObjects> WriteObjectsAsync(
        JobContext context, RestoreObjectsRequest request, RunLog log, CancellationToken cancellationToken)
    {
        var parallel = TransferCount.Of(request.Parallel, context.Configuration.Parallel);
        return context.WithRepositoryAsync(
            async repository =>
            {
                var manifest = await repository.ReadManifestAsync(request.Snapshot, log, cancellationToken);
                var transfer = new ObjectTransfer(repository, new FolderTarget(request.Folder), parallel, log);
                var rows = repository.ReadLiveRowsAsync(manifest, cancellationToken);
                return new RestoredObjects(manifest.Id.ToString(), await transfer.RunAsync(rows, manifest.Counts, cancellationToken));
            },
            cancellationToken);
    }
}
