using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Instance.Preflights;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Locks;
using Nestegg.Repositories.Manifests;
using Nestegg.Repositories.Packs;
using Nestegg.Snapshots;

namespace Nestegg.Backup;

/// <summary>What a run did.</summary>
public sealed record BackupResult(Manifest Manifest, BackupCounts Counts, TimeSpan Duration)
{
    public bool IsComplete => Manifest.Complete;
}

/// <summary>
/// One backup: preflight, the database and the configuration, the objects that the repository has not, and the manifest that makes
/// them one snapshot. Interrupted at any moment it leaves the repository as valid as before; what was stored by then is not fetched again.
/// </summary>
internal sealed class BackupRun(
    EnteInstance instance, Repository repository, BackupOptions options, RunLog log, TimeProvider time)
{
    private readonly BackupCounts counts = new();
    private IReadOnlyList<ManifestBucket> buckets = [];

    public async Task<BackupResult> RunAsync(CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        var manifest = await RunStepsAsync(cancellationToken);
        return new BackupResult(manifest, counts, time.GetElapsedTime(startedAt));
    }

    private async Task<Manifest> RunStepsAsync(CancellationToken cancellationToken)
    {
        await repository.RequireOwnRecipientsAsync(options.Recipients, options.Committed, cancellationToken);
        buckets = await new Preflight(instance, log).RunAsync(cancellationToken);
        await using var hold = await repository.LockAsync("backup", log, time, options.Random, cancellationToken);
        return await hold.RunAsync(token => TakeAsync(hold, token), cancellationToken);
    }

    private async Task<Manifest> TakeAsync(RepositoryLock hold, CancellationToken cancellationToken)
    {
        await using var snapshot = await repository.BeginSnapshotAsync(options.SigningKey, time, options.Random, cancellationToken);
        await RemoveLeftoversAsync(snapshot.Id, cancellationToken);
        using var queue = ObjectQueue.Create();
        log.Step("database", "Capturing the database and the list of objects");
        var capture = new DatabaseCapture(instance, snapshot, counts, time);
        var (database, objects) =
            await DatabaseFailure.GuardAsync(instance.DatabaseSettings, () => capture.RunAsync(queue, cancellationToken));
        foreach (var finding in snapshot.NotBelieved.Concat(objects.Findings))
        {
            log.Find(finding);
        }

        log.Step("configuration", "Capturing the configuration");
        await PutConfigurationAsync(snapshot, cancellationToken);
        var there = Counted.Of(counts.Objects, "object is", "objects are");
        log.Step("objects", $"{there} in the repository already, {queue.Count:N0} to be fetched");
        try
        {
            var damaged = await CopyAsync(snapshot, objects, queue, cancellationToken);
            await hold.ConfirmAsync(cancellationToken);
            var manifest = await CommitAsync(snapshot, objects, database, cancellationToken);
            await repository.DamageClaims.SettleAsync(objects.Damage, damaged, cancellationToken);
            return manifest;
        }
        catch (Exception failure) when (failure is OperationCanceledException or NesteggException)
        {
            await KeepWhatIsStoredAsync(objects.Writer);
            throw;
        }
    }

    private async Task PutConfigurationAsync(SnapshotWriter snapshot, CancellationToken cancellationToken)
    {
        var (files, skipped) = instance.Folder.ListFiles(cancellationToken);
        IReadOnlyList<SkippedFile> gone = [];
        await snapshot.PutSecretAsync(
            SecretPart.Configuration,
            async (output, token) => gone =
                await ConfigurationArchive.WriteAsync(instance.Folder.Configuration, files, output, time, token),
            expectedBytes: 1 << 16, cancellationToken);
        foreach (var file in skipped.Concat(gone))
        {
            log.Find(ConfigurationArchive.LeftOut(file));
        }
    }

    private async Task RemoveLeftoversAsync(SnapshotId own, CancellationToken cancellationToken)
    {
        try
        {
            var (removed, bereft) =
                await repository.Leftovers.RemoveAsync(own, options.Committed, time.GetUtcNow(), cancellationToken);
            foreach (var snapshot in bereft)
            {
                log.Find(CommittedSnapshots.Bereft(snapshot, Severity.Warning));
            }

            if (removed > 0)
            {
                log.Step("leftovers", $"{Counted.Of(removed, "leftover was", "leftovers were")} removed, of runs that were interrupted");
            }
        }
        catch (NesteggException denied) when (denied.IsOfOneItem)
        {
            log.Find(
                "leftovers-kept", Severity.Note, repository.Location, $"what an interrupted run left stays: {denied.Message}", denied.Hint);
        }
    }

    /// <returns>Files of the repository that stay damaged.</returns>
    private async Task<IReadOnlyCollection<string>> CopyAsync(
        SnapshotWriter snapshot, SnapshotObjects objects, ObjectQueue queue, CancellationToken cancellationToken)
    {
        var progress = new CopyProgress(log, "objects", queue.Count, queue.TotalBytes);
        await using var sources = instance.OpenBuckets();
        var reach = new SlotReach(sources);
        var mending = new Mending(repository, sources, reach, objects, log);
        await mending.RunAsync(options.Parallel, cancellationToken);
        var copier = new SlotCopier(sources, reach, objects, counts);
        using var problems = ObjectQueue.Create();
        await new ObjectCopier(copier, reach, progress, options.Parallel).CopyAsync(queue, problems, cancellationToken);
        var review = new LossReview(instance, copier, snapshot, counts, log);
        await DatabaseFailure.GuardAsync(instance.DatabaseSettings, () => review.RunAsync(problems, cancellationToken));
        await objects.Writer.FinishAsync(cancellationToken);
        await mending.ReportAsync(cancellationToken);
        return mending.NotPutBack;
    }

    /// <summary>An index file for what was stored before the run was stopped, so that the next run need not fetch it again.</summary>
    private async Task KeepWhatIsStoredAsync(ObjectWriter objects)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), time);
        try
        {
            await objects.KeepAsync(limit.Token);
            log.Step("stopped", Counted.Of(
                objects.AddedObjects, "object that was fetched so far is kept for the next run",
                "objects that were fetched so far are kept for the next run"));
        }
        catch (Exception failure) when (failure is NesteggException or OperationCanceledException)
        {
            // The failure that stopped the run is what has to be told; this one follows from it.
            log.Step("stopped", "What was fetched last could not be recorded; the next run fetches it again");
        }
    }

    private async Task<Manifest> CommitAsync(
        SnapshotWriter snapshot, SnapshotObjects objects, CapturedDatabase database, CancellationToken cancellationToken)
    {
        if (snapshot.Previous is { } previous)
        {
            foreach (var finding in SnapshotComparison.Findings(previous, database.Tables, counts.ByKind()))
            {
                log.Find(finding);
            }
        }

        if (counts.Missing > 0)
        {
            log.Find(
                new Finding(
                    "objects-missing", Severity.Error, "objects",
                    Counted.Of(
                        counts.Missing, "object that the database names is missing or has another length.",
                        "objects that the database names are missing or have another length."),
                    "They are named in the manifest (nestegg snapshots ID) and in missing.tsv.zst."));
        }

        if (counts.MissingDerived > 0)
        {
            log.Find(
                new Finding(
                    "derived-objects-missing", Severity.Warning, "objects",
                    Counted.Of(
                        counts.MissingDerived, "preview or machine-learning object is missing.",
                        "previews or machine-learning objects are missing."),
                    "The apps make them again from the originals."));
        }

        log.Step("commit", "Writing the manifest");
        return await snapshot.CommitAsync(Draft(database), objects, cancellationToken);
    }

    private Manifest Draft(CapturedDatabase database) => new()
    {
        CreatedAt = database.TakenAt,
        Program = $"nestegg {typeof(BackupRun).Assembly.GetName().Version?.ToString(3)}",
        Complete = log.Errors == 0,
        Instance = new ManifestInstance(
            instance.Name, instance.Folder.MuseumImage, database.ServerVersion, database.Catalog.SchemaVersion ?? 0,
            database.Catalog.SchemaDirty)
        {
            DatabaseSchema = database.Catalog.Schema,
        },
        Buckets = buckets,
        Counts = new ManifestCounts
        {
            Users = database.Tables.GetValueOrDefault("users"),
            Files = database.Tables.GetValueOrDefault("files"),
            Objects = counts.Objects,
            ObjectBytes = counts.Bytes,
            Missing = counts.Missing,
            MissingDerived = counts.MissingDerived,
            Kinds = counts.ByKind(),
        },
        Tables = database.Tables,
        Findings = [.. log.Findings.Where(finding => finding.Severity != Severity.Ok && !LossReview.IsOfOneObject(finding))],
    };
}
