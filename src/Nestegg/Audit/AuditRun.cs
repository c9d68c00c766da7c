using System.Data;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Database;
using Nestegg.Ente.Integrity;
using Nestegg.Ente.Objects;
using Nestegg.Ente.Scratch;
using Nestegg.Instance;
using Nestegg.Repositories;
using Nestegg.Repositories.Manifests;
using Nestegg.Snapshots;
using Nestegg.Stores.S3;
using Npgsql;

namespace Nestegg.Audit;

/// <summary>
/// Compares a database with the objects that it names and with itself, and changes nothing. Of a snapshot or of a live instance; the same
/// rows give the same findings.
/// </summary>
/// <param name="log">Gets findings and progress, in an order that only the data decides. One audit has one log.</param>
internal sealed class AuditRun(RunLog log, TimeProvider time)
{
    private readonly AuditCounts counts = new();

    /// <summary>Audits a live instance.</summary>
    public async Task<AuditResult> OfInstanceAsync(EnteInstance instance, CancellationToken cancellationToken)
    {
        await using var buckets = instance.OpenBuckets();
        return await DatabaseFailure.GuardAsync(
            instance.DatabaseSettings, () => OfLiveAsync(instance.Database, instance.Slots, slot => buckets[slot], cancellationToken));
    }

    /// <summary>Audits a live database and the buckets that its museum uses.</summary>
    /// <exception cref="NesteggException"><see cref="FailureKind.OutOfReach"/> when the hot primary bucket does not answer.</exception>
    /// <exception cref="NpgsqlException">The database does not answer; the caller knows which it is.</exception>
    public async Task<AuditResult> OfLiveAsync(
        NpgsqlDataSource database, BucketSlots slots, Func<BucketSlot, BucketClient> clients, CancellationToken cancellationToken)
    {
        await using var source = await database.OpenConnectionAsync(cancellationToken);
        using var file = ScratchDatabase.Create();
        return await CompareLiveAsync(source, new AuditTables(file), new AuditPlaces(slots), clients, cancellationToken);
    }

    /// <summary>Audits a snapshot.</summary>
    /// <param name="snapshot">Opened; gets tables of our own beside Ente's.</param>
    public async Task<AuditResult> OfSnapshotAsync(Repository repository, OpenedSnapshot snapshot, CancellationToken cancellationToken)
    {
        var tables = new AuditTables(snapshot.Database.File);
        var inventory = new SnapshotInventory(tables, repository, snapshot.Manifest, log);
        await inventory.LoadAsync(cancellationToken);
        var rows = await EnteRows.OpenAsync(snapshot.Connection, cancellationToken);
        await tables.LoadNamedAsync(NamedObjects.ReadAsync(snapshot.Connection, cancellationToken), cancellationToken);
        await new RowAudit(rows, counts, log).RunAsync(cancellationToken);
        var compared = new ComparedObjects(null, snapshot.Manifest.CreatedAt, inventory.ConfirmAsync) { Absence = inventory.Absence };
        await new ObjectAudit(tables, compared, counts, log).RunAsync(cancellationToken);
        return Result(await UserTotals.ReadAsync(snapshot.Connection, cancellationToken));
    }

    /// <summary>
    /// The database first and the buckets after it: Ente stores an object before a row names it, and keeps it for weeks after.
    /// </summary>
    private async Task<AuditResult> CompareLiveAsync(
        NpgsqlConnection source, AuditTables tables, AuditPlaces places, Func<BucketSlot, BucketClient> clients,
        CancellationToken cancellationToken)
    {
        var orphans = new OrphanAudit(tables, places, counts, log);
        IReadOnlyList<UserTotals> users;
        DateTimeOffset databaseAt;
        await using (var transaction = await source.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken))
        {
            await using (var readOnly = new NpgsqlCommand("SET TRANSACTION READ ONLY", source))
            {
                await readOnly.ExecuteNonQueryAsync(cancellationToken);
            }

            databaseAt = time.GetUtcNow();
            var rows = await EnteRows.OpenAsync(source, cancellationToken);
            await tables.LoadNamedAsync(NamedObjects.ReadAsync(source, cancellationToken), cancellationToken);
            await orphans.LoadReasonsAsync(rows, cancellationToken);
            await new RowAudit(rows, counts, log).RunAsync(cancellationToken);
            users = await UserTotals.ReadAsync(source, cancellationToken);
        }

        await new LiveInventory(tables, places, clients, counts, log).LoadAsync(cancellationToken);
        await new ObjectAudit(tables, new ComparedObjects(places, databaseAt, AskAgainAsync), counts, log).RunAsync(cancellationToken);
        orphans.Run(databaseAt, cancellationToken);
        return Result(users);

        async Task<IReadOnlySet<string>> AskAgainAsync(IReadOnlyList<NamedObject> suspects, CancellationToken token)
        {
            var before = suspects.ToHashSet();
            var same = new HashSet<string>(StringComparer.Ordinal);
            await foreach (var item in NamedObjects.ReadAgainAsync(source, suspects, token))
            {
                if (before.Contains(item))
                {
                    same.Add(item.Key);
                }
            }

            return same;
        }
    }

    private AuditResult Result(IReadOnlyList<UserTotals> users) => new(counts, log.Errors, log.Warnings, log.CountsByCode, users);
}
