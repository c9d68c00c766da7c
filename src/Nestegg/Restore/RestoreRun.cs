using Nestegg.Age;
using Nestegg.Audit;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Database;
using Nestegg.Ente.Revival;
using Nestegg.Instance;
using Nestegg.Repositories;
using Nestegg.Snapshots;
using Nestegg.Stores.Local;
using Npgsql;

namespace Nestegg.Restore;

/// <summary>What a restore did.</summary>
/// <param name="Plan">What it set out to do.</param>
/// <param name="Configuration">What was done to the configuration, a sentence for each.</param>
/// <param name="Steps">What was neutralised; empty when an earlier run had done it.</param>
/// <param name="Objects">What was put into the buckets.</param>
/// <param name="Missing">Objects that the snapshot itself does not have.</param>
/// <param name="Audit">What an audit of the restored instance found.</param>
public sealed record RestoreResult(
    RestorePlan Plan, IReadOnlyList<string> Configuration, IReadOnlyList<NeutralisingResult> Steps, TransferCounts Objects, long Missing, AuditResult Audit)
{
    public bool IsComplete => Objects.Failed == 0 && Missing == 0 && Audit.Errors == 0 && Plan.Findings.All(finding => finding.Severity < Severity.Error);
}

/// <summary>
/// Brings an instance back: configuration, then the database in one transaction, then what would act by itself is taken out of it, then the
/// objects. A marker in the database says how far it is, so that the same command goes on where a run was interrupted.
/// </summary>
internal sealed class RestoreRun : IAsyncDisposable
{
    private readonly Repository repository;
    private readonly Manifest snapshot;
    private readonly IReadOnlyCollection<AgeIdentity> identities;
    private readonly RestoreOptions options;
    private readonly TimeProvider time;
    private readonly RunLog log;
    private readonly TargetFolder folder;
    private readonly DatabaseSettings databaseSettings;
    private readonly TargetDatabase database;
    private readonly TargetBuckets buckets;
    private readonly BucketContents contents;

    private RestoreRun(
        Repository repository, Manifest snapshot, IReadOnlyCollection<AgeIdentity> identities, TargetFolder folder, RestoreOptions options, TimeProvider time, RunLog log)
    {
        this.repository = repository;
        this.snapshot = snapshot;
        this.identities = identities;
        this.options = options;
        this.time = time;
        this.log = log;
        this.folder = folder;
        databaseSettings = DatabaseSettings.From(folder.Configuration);
        database = new TargetDatabase(databaseSettings, options.Map);
        buckets = new TargetBuckets(BucketSlots.From(folder.Configuration), options.Map);

        // Last: what is above may refuse the configuration, and nobody would dispose this then.
        contents = new BucketContents();
    }

    /// <summary>Opens the snapshot's configuration and looks at the folder.</summary>
    /// <exception cref="NesteggException">The identity is not one of the snapshot's, or the folder is no place for an instance.</exception>
    public static async Task<RestoreRun> OpenAsync(
        Repository repository, Manifest snapshot, IReadOnlyCollection<AgeIdentity> identities, RestoreOptions options, TimeProvider time, RunLog log, CancellationToken cancellationToken)
    {
        options.CheckKeep();
        await using var tar = await repository.OpenSecretAsync(snapshot, SecretPart.Configuration, identities, cancellationToken);
        var saved = await ConfigurationArchive.ReadAsync(tar, cancellationToken);
        var folder = TargetFolder.Inspect(options.Into, saved, options.IsBesideProduction);
        try
        {
            return new RestoreRun(repository, snapshot, identities, folder, options, time, log);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Looks at database and buckets, and changes nothing.</summary>
    public Task<RestorePlan> PlanAsync(CancellationToken cancellationToken) =>
        new RestorePlanner(repository, snapshot, options, time).MakeAsync(folder, database, buckets, contents, cancellationToken);

    /// <exception cref="NesteggException">The plan has refusals, or something is out of reach.</exception>
    public async Task<RestoreResult> RunAsync(RestorePlan plan, CancellationToken cancellationToken)
    {
        var configuration = await WriteConfigurationAsync(plan, cancellationToken);
        if (plan.Refusals is [var refusal, ..])
            throw refusal.AsException();

        try
        {
            var steps = await RestoreDatabaseAsync(plan, cancellationToken);
            var objects = await RestoreObjectsAsync(cancellationToken);
            if (objects.Failed == 0)
                await database.RemoveMarkerAsync(cancellationToken);

            var audit = await AuditAsync(cancellationToken);
            return new RestoreResult(plan, configuration, steps, objects, snapshot.Counts.Missing - snapshot.Counts.MissingDerived, audit);
        }
        catch (Exception failure) when (DatabaseFailure.IsOfDatabase(failure))
        {
            throw new NesteggException(
                FailureKind.OutOfReach, $"the database {database.Description} {DatabaseFailure.Describe(failure).What}",
                "after mending it, run the same command again: it goes on where it was", failure);
        }
    }

    public async ValueTask DisposeAsync()
    {
        folder.Dispose();
        contents.Dispose();
        await buckets.DisposeAsync();
    }

    // A new folder is written even when its services do not answer yet: its compose file is what a person starts them with.
    private async Task<IReadOnlyList<string>> WriteConfigurationAsync(RestorePlan plan, CancellationToken cancellationToken)
    {
        var isWaitingForServices = folder.IsNew && plan.Refusals.Count > 0 && plan.Refusals.All(refusal => refusal.Kind == FailureKind.OutOfReach);
        if (plan.Refusals.Count > 0 && !isWaitingForServices)
            return [];

        var done = await LocalFailure.GuardAsync("write", folder.Folder, folder.Folder, () => folder.WriteAsync(time.GetUtcNow(), cancellationToken));
        foreach (var sentence in done)
            log.Step("configuration", sentence);

        if (isWaitingForServices)
        {
            throw new NesteggException(
                FailureKind.OutOfReach, $"the configuration is in {folder.Folder}, but its services do not answer yet: {plan.Refusals[0].Message}",
                $"start them without museum (cd {folder.Folder} && docker compose up -d postgres minio), then run the same command again; {plan.Refusals[0].Hint}");
        }

        return done;
    }

    private async Task<IReadOnlyList<NeutralisingResult>> RestoreDatabaseAsync(RestorePlan plan, CancellationToken cancellationToken)
    {
        var state = plan.Database.State!;
        var isContinued = plan.Database.Action == DatabaseAction.Continue;
        if (isContinued && state.Marker!.Step == RestoreStep.Loaded)
        {
            log.Step("database", $"{database.Name} was loaded and neutralised by the run of {state.Marker.StartedAt:u}");
            return [];
        }

        if (!isContinued || state.Tables == 0)
        {
            var program = await PostgresProgram.FindAsync("pg_restore", options.Postgres, null, ProgramFolder(), cancellationToken);
            await database.PrepareAsync(state, new RestoreMarker(snapshot.RepositoryId, snapshot.Id.ToString(), RestoreStep.Loading, time.GetUtcNow()), cancellationToken);
            await LoadAsync(program, cancellationToken);
        }

        return await NeutraliseAsync(cancellationToken);
    }

    private async Task LoadAsync(PostgresProgram program, CancellationToken cancellationToken)
    {
        log.Step("database", $"loading the dump into {database.Description}");
        await using var dump = await repository.OpenSecretAsync(snapshot, SecretPart.Database, identities, cancellationToken);
        await DumpLoading.RunAsync(dump, program, databaseSettings, options.Map, bytes => log.Progress("database", 0, null, bytes), cancellationToken);
    }

    private async Task<IReadOnlyList<NeutralisingResult>> NeutraliseAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var results = new List<NeutralisingResult>(await Neutralisation.RunAsync(connection, options.Keep, options.IsBesideProduction, time.GetUtcNow(), cancellationToken));
        var places = await SlotCorrection.RunAsync(connection, buckets.Slots, cancellationToken);
        if (places.RowCount > 0)
            results.Add(places);

        await TargetDatabase.MarkAsync(connection, RestoreStep.Loaded, cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        // A loaded dump brings no statistics, and without them museum's first queries read whole tables.
        await using var analyze = new NpgsqlCommand("ANALYZE", connection);
        await analyze.ExecuteNonQueryAsync(cancellationToken);
        return results;
    }

    private async Task<TransferCounts> RestoreObjectsAsync(CancellationToken cancellationToken)
    {
        log.Step("objects", $"putting {snapshot.Counts.Objects:N0} objects into {string.Join(", ", buckets.Slots.Configured.Select(slot => slot.Bucket).Distinct())}");
        await using var source = NpgsqlDataSource.Create(databaseSettings.ConnectionString(options.Map, maxConnections: 4));
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var catalog = await EnteCatalog.ReadAsync(connection, cancellationToken);
        var target = new BucketTarget(buckets, source, catalog, contents, options.OverwriteBuckets);
        var transfer = new ObjectTransfer(repository, target, options.Parallel, log);
        return await transfer.RunAsync(repository.ReadLiveRowsAsync(snapshot, cancellationToken), snapshot.Counts, cancellationToken);
    }

    private async Task<AuditResult> AuditAsync(CancellationToken cancellationToken)
    {
        log.Step("audit", "auditing the restored instance");
        await using var source = NpgsqlDataSource.Create(databaseSettings.ConnectionString(options.Map, maxConnections: 4));
        return await new AuditRun(log.OfPart(), time).OfLiveAsync(source, buckets.Slots, slot => buckets.Find(slot.Name)!, cancellationToken);
    }

    // `docker compose exec` looks for its file in the folder it is started in.
    private string ProgramFolder() => Directory.Exists(folder.Folder) ? folder.Folder : Directory.GetCurrentDirectory();
}
