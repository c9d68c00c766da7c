using Nestegg.Audit;
using Nestegg.Ente;
using Nestegg.Ente.Database;
using Nestegg.Ente.Revival;
using Nestegg.Formats.Age;
using Nestegg.Instance;
using Nestegg.Instance.Programs;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Snapshots;
using Nestegg.Stores.Local;
using Npgsql;

namespace Nestegg.Restore;

/// <summary>What a restore did.</summary>
/// <param name="Plan">What it set out to do.</param>
/// <param name="Steps">What was neutralised; empty when an earlier run had done it.</param>
/// <param name="Objects">What was put into the buckets.</param>
/// <param name="Missing">Objects that the snapshot itself does not have.</param>
/// <param name="Audit">What an audit of the restored instance found.</param>
public sealed record RestoreResult(
    RestorePlan Plan, IReadOnlyList<NeutralisingResult> Steps, TransferCounts Objects, long Missing, AuditResult Audit)
{
    /// <summary>Buckets that do not let the web apps in.</summary>
    public IReadOnlyList<BlockedBucket> Blocked { get; init; } = [];

    public bool IsComplete =>
        Objects.Failed == 0 && Missing == 0 && Audit.Errors == 0 && Plan.Findings.All(finding => finding.Severity < Severity.Error);
}

/// <summary>What is restored: a snapshot, with the repository that it is in and the identities that open its secret parts.</summary>
internal sealed record RestoreSource(Repository Repository, Manifest Snapshot, IReadOnlyCollection<AgeIdentity> Identities)
{
    public Task<Stream> OpenSecretAsync(SecretPart part, CancellationToken cancellationToken) =>
        Repository.OpenSecretAsync(Snapshot, part, Identities, cancellationToken);
}

/// <summary>
/// Brings an instance back: configuration, then the database in one transaction, then what would act by itself is taken out of it, then the
/// objects. A marker in the database says how far it is, so that the same command goes on where a run was interrupted.
/// </summary>
internal sealed class RestoreRun : IAsyncDisposable
{
    private readonly RestoreSource source;
    private readonly RestoreTarget target;
    private readonly RestoreOptions options;
    private readonly TimeProvider time;
    private readonly RunLog log;

    private RestoreRun(RestoreSource source, RestoreTarget target, RestoreOptions options, TimeProvider time, RunLog log)
    {
        this.source = source;
        this.target = target;
        this.options = options;
        this.time = time;
        this.log = log;
    }

    /// <summary>Opens the snapshot's configuration and looks at the folder.</summary>
    /// <exception cref="NesteggException">The identity is not one of the snapshot's, or the folder is no place for an instance.</exception>
    public static async Task<RestoreRun> OpenAsync(
        RestoreSource source, RestoreOptions options, TimeProvider time, RunLog log, CancellationToken cancellationToken)
    {
        options.CheckKeep();
        await using var tar = await source.OpenSecretAsync(SecretPart.Configuration, cancellationToken);
        var saved = await ConfigurationArchive.ReadAsync(tar, cancellationToken);
        var folder = TargetFolder.Inspect(options.Into, saved, options.IsBesideProduction);
        var target = await RestoreTarget.OpenAsync(folder, options, time, log, cancellationToken);
        return new RestoreRun(source, target, options, time, log);
    }

    /// <summary>Looks at database and buckets, and changes nothing.</summary>
    public Task<RestorePlan> PlanAsync(CancellationToken cancellationToken) =>
        new RestorePlanner(source, options, time, log).MakeAsync(target, cancellationToken);

    /// <exception cref="NesteggException">The plan has refusals, or something is out of reach.</exception>
    public async Task<RestoreResult> RunAsync(RestorePlan plan, CancellationToken cancellationToken)
    {
        await WriteConfigurationAsync(plan, cancellationToken);
        if (plan.Refusals is [var refusal, ..])
        {
            throw refusal.AsException();
        }

        try
        {
            await new BucketPreparation(target.Buckets, log).RunAsync(plan.Buckets, cancellationToken);
            var steps = await RestoreDatabaseAsync(plan, cancellationToken);
            var objects = await RestoreObjectsAsync(cancellationToken);
            var audit = await AuditAsync(cancellationToken);
            var blocked = await new BrowserAccess(target.Buckets, target.Origins).LookAsync(cancellationToken);

            // Last of all: until then the same command goes on where it was, and after it, too.
            if (objects.Failed == 0)
            {
                await target.Database.FinishAsync(Marker(RestoreStep.Finished), cancellationToken);
            }

            return new RestoreResult(
                plan, steps, objects, source.Snapshot.Counts.Missing - source.Snapshot.Counts.MissingDerived, audit)
            {
                Blocked = blocked,
            };
        }
        catch (Exception failure) when (DatabaseFailure.IsOfDatabase(failure))
        {
            throw new NesteggException(
                FailureKind.OutOfReach, $"the database {target.Database.Description} {DatabaseFailure.Describe(failure).What}",
                "after mending it, run the same command again: it goes on where it was", failure);
        }
    }

    public ValueTask DisposeAsync() => target.DisposeAsync();

    // A new folder is written even when its services do not answer yet: its compose file is what a person starts them with.
    private async Task WriteConfigurationAsync(RestorePlan plan, CancellationToken cancellationToken)
    {
        var isWaitingForServices = target.Folder.IsNew
            && plan.Refusals.Count > 0
            && plan.Refusals.All(refusal => refusal.Kind == FailureKind.OutOfReach);
        if (plan.Refusals.Count > 0 && !isWaitingForServices)
        {
            return;
        }

        var folder = target.Folder;
        var done = await LocalFailure.GuardAsync(
            "write", folder.Folder, folder.Folder, () => folder.WriteAsync(time.GetUtcNow(), cancellationToken));
        foreach (var sentence in done)
        {
            log.Step("configuration", sentence);
        }

        if (isWaitingForServices)
        {
            throw new NesteggException(
                FailureKind.OutOfReach,
                $"the configuration is in {target.Folder.Folder}, but its services do not answer yet: {plan.Refusals[0].Message}",
                $"start them without museum (cd {target.Folder.Folder}{string.Concat(target.Folder.Moves.Select(move => $" && {move.Command}"))} "
                + "&& docker compose up -d postgres minio), then run the same command "
                + $"again; {plan.Refusals[0].Hint}");
        }
    }

    private async Task<IReadOnlyList<NeutralisingResult>> RestoreDatabaseAsync(RestorePlan plan, CancellationToken cancellationToken)
    {
        var state = plan.Database.State!;
        var isContinued = plan.Database.Action == DatabaseAction.Continue;
        if (isContinued && state.Marker!.Step is RestoreStep.Loaded or RestoreStep.Finished)
        {
            log.Step("database", $"{target.Database.Name} was loaded and neutralised by the run of {state.Marker!.StartedAt:u}");
            return [];
        }

        if (!isContinued || state.Tables == 0)
        {
            var program = await target.FindPgRestoreAsync(state.ServerMajorVersion, cancellationToken)
                ?? throw target.MissingPgRestore().AsException();

            // Before anything is emptied for it.
            await using var dump = await source.OpenSecretAsync(SecretPart.Database, cancellationToken);
            await target.Database.PrepareAsync(
                state, source.Snapshot.Instance.DatabaseSchema, Marker(RestoreStep.Loading), cancellationToken);
            await LoadAsync(dump, program, state, cancellationToken);
        }

        return await NeutraliseAsync(cancellationToken);
    }

    private async Task LoadAsync(Stream dump, PostgresProgram program, DatabaseState state, CancellationToken cancellationToken)
    {
        log.Step("database", $"loading the dump into {target.Database.Description} with {program}");
        await using var selected = await SelectedArchive.OpenAsync(
            dump, source.Snapshot.Instance.DatabaseSchema, state.LoadingRights, cancellationToken);
        await DumpLoading.RunAsync(
            selected,
            arguments => program.Start(target.Database.Settings, target.Routes.Map, state.ServerMajorVersion, arguments),
            bytes => log.Progress("database", 0, null, bytes), cancellationToken);
        log.Step("database", "the dump is loaded and not neutralised yet: until the next line museum must not start on it");
    }

    private async Task<IReadOnlyList<NeutralisingResult>> NeutraliseAsync(CancellationToken cancellationToken)
    {
        await using var connection = await target.Database.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var results = new List<NeutralisingResult>(
            await Neutralisation.RunAsync(connection, options.Keep, options.IsBesideProduction, time.GetUtcNow(), cancellationToken));
        var places = await SlotCorrection.RunAsync(connection, target.Buckets.Slots, cancellationToken);
        if (places.RowCount > 0)
        {
            results.Add(places);
        }

        await TargetDatabase.RemoveRemarkAsync(connection, cancellationToken);
        await TargetDatabase.MarkAsync(connection, RestoreStep.Loaded, cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        // A loaded dump brings no statistics, and without them museum's first queries read whole tables.
        await using var analyze = new NpgsqlCommand("ANALYZE", connection);
        await analyze.ExecuteNonQueryAsync(cancellationToken);
        return results;
    }

    private async Task<TransferCounts> RestoreObjectsAsync(CancellationToken cancellationToken)
    {
        log.Step(
            "objects",
            $"putting {Counted.Of(source.Snapshot.Counts.Objects, "object")} into {string.Join(", ", target.Buckets.Slots.Configured.Select(slot => slot.Bucket).Distinct())}");
        await using var connections = target.Database.OpenPool();
        await using var connection = await connections.OpenConnectionAsync(cancellationToken);
        var catalog = await EnteCatalog.ReadAsync(connection, cancellationToken);
        var places = new BucketTarget(target.Buckets, connections, catalog, target.Contents, options.OverwriteBuckets);
        var transfer = new ObjectTransfer(source.Repository, places, options.Parallel, log);
        return await transfer.RunAsync(
            source.Repository.ReadLiveRowsAsync(source.Snapshot, cancellationToken), source.Snapshot.Counts, cancellationToken);
    }

    private async Task<AuditResult> AuditAsync(CancellationToken cancellationToken)
    {
        log.Step("audit", "auditing the restored instance");
        await using var connections = target.Database.OpenPool();
        return await new AuditRun(log.OfPart(), time).OfLiveAsync(
            connections, target.Buckets.Slots, slot => target.Buckets[slot], cancellationToken);
    }

    private RestoreMarker Marker(RestoreStep step) =>
        new(source.Snapshot.RepositoryId, source.Snapshot.Id.ToString(), step, time.GetUtcNow());
}
