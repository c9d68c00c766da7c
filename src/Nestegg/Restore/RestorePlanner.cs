using Nestegg.Ente.Configuration;
using Nestegg.Ente.Database;
using Nestegg.Ente.Revival;
using Nestegg.Instance;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Restore;

/// <summary>Looks at everything that a restore would touch, and changes nothing.</summary>
internal sealed class RestorePlanner(RestoreSource source, RestoreOptions options, TimeProvider time)
{
    private readonly Manifest snapshot = source.Snapshot;
    private readonly List<Finding> findings = [];
    private readonly List<Refusal> refusals = [];

    /// <param name="target">Receives what is in the buckets.</param>
    public async Task<RestorePlan> MakeAsync(RestoreTarget target, CancellationToken cancellationToken)
    {
        findings.AddRange(target.Folder.Findings);
        findings.AddRange(RestoreAdvice.AboutMuseum(snapshot, target.Folder.MuseumImage));
        var plannedDatabase = await PlanDatabaseAsync(target.Database, cancellationToken);
        var plannedBuckets = await PlanBucketsAsync(target.Buckets, target.Contents, cancellationToken);
        return new RestorePlan
        {
            Snapshot = snapshot,
            Folder = target.Folder.Planned,
            Database = plannedDatabase,
            Buckets = plannedBuckets,
            Steps = [.. Neutralisation.Describe(options.Keep, options.IsBesideProduction)],
            Findings = findings,
            Refusals = refusals,
        };
    }

    private async Task<PlannedDatabase> PlanDatabaseAsync(TargetDatabase database, CancellationToken cancellationToken)
    {
        try
        {
            var state = await InspectAsync(database, cancellationToken);
            var (action, refusal) = DatabasePlanning.Decide(database, state, snapshot, options.OverwriteDatabase);
            if (refusal is not null)
            {
                refusals.Add(refusal);
            }
            else if (action != DatabaseAction.Continue || state.Tables == 0)
            {
                await PlanLoadingAsync(database, state, cancellationToken);
            }

            findings.AddRange(AboutServer(database, state));
            return new PlannedDatabase(database.Description, action, state);
        }
        catch (NesteggException failure)
        {
            refusals.Add(new Refusal(failure.Kind, failure.Message, failure.Hint));
            return new PlannedDatabase(database.Description, DatabaseAction.Refuse, null);
        }
    }

    private IEnumerable<Finding> AboutServer(TargetDatabase database, DatabaseState state)
    {
        if (state.ServerMajorVersion < Major(snapshot.Instance.DatabaseVersion))
        {
            yield return new Finding(
                "server-older", Severity.Warning, database.Name,
                $"the server is PostgreSQL {state.ServerVersion}, the snapshot is of "
                + $"{snapshot.Instance.DatabaseVersion}; an older server may refuse a part of the dump",
                $"run PostgreSQL {Major(snapshot.Instance.DatabaseVersion)} or newer");
        }

        if (state.IsSuperuser)
        {
            var user = database.Settings.User;
            yield return new Finding(
                "role-superuser", Severity.Note, user,
                $"the role {user} is a superuser of the server: what is in a dump can run programs there. A restore does not need one",
                $"make a role without that right, and the database as its own (CREATE DATABASE {database.Name} OWNER …), and name it in db.user");
        }
    }

    private async Task PlanLoadingAsync(TargetDatabase database, DatabaseState state, CancellationToken cancellationToken)
    {
        await using var dump = await source.OpenSecretAsync(SecretPart.Database, cancellationToken);
        await using var selected = await SelectedArchive.OpenAsync(
            dump, snapshot.Instance.DatabaseSchema, state.Role.Extensions, cancellationToken);
        findings.AddRange(LoadingPlan.Findings(selected.Selection.Omitted, database.Name));
        refusals.AddRange(LoadingPlan.Refusals(selected.Selection.Omitted, database.Name));
    }

    // A run that was killed leaves connections that end a moment later.
    private async Task<DatabaseState> InspectAsync(TargetDatabase database, CancellationToken cancellationToken)
    {
        var state = await database.InspectAsync(snapshot.Instance.DatabaseSchema, cancellationToken);
        for (var wait = 0; wait < 40 && state is { OtherSessions: > 0, Marker: not null }; wait++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), time, cancellationToken);
            state = await database.InspectAsync(snapshot.Instance.DatabaseSchema, cancellationToken);
        }

        return state;
    }

    private async Task<IReadOnlyList<PlannedBucket>> PlanBucketsAsync(
        InstanceBuckets buckets, BucketContents contents, CancellationToken cancellationToken)
    {
        if (!buckets.Slots.HotPrimary.IsConfigured)
        {
            refusals.Add(new Refusal(
                FailureKind.BadInput,
                buckets.Slots.HotPrimary.Unusable
                    ?? $"the new instance has no bucket in {buckets.Slots.HotPrimary.Name}, from which museum serves downloads",
                $"set s3.{buckets.Slots.HotPrimary.Name}.bucket, endpoint, key and secret in museum.yaml of the new instance"));
        }

        var reachable = new List<BucketSlot>();
        foreach (var slot in buckets.Slots.Configured)
        {
            if (await TryListAsync(slot, buckets, contents, cancellationToken))
            {
                reachable.Add(slot);
            }
        }

        if (!contents.IsEmpty)
        {
            await CompareAsync(reachable, contents, cancellationToken);
        }

        return [.. reachable.Select(slot => Judge(slot, buckets, contents))];
    }

    private async Task<bool> TryListAsync(
        BucketSlot slot, InstanceBuckets buckets, BucketContents contents, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in buckets[slot].ListAsync("", cancellationToken))
            {
                contents.Add(slot.Name, item.Key, item.SizeBytes, item.ETag);
            }

            return true;
        }
        catch (NesteggException failure) when (failure.Kind == FailureKind.OutOfReach)
        {
            if (slot == buckets.Slots.HotPrimary)
            {
                refusals.Add(new Refusal(failure.Kind, failure.Message, failure.Hint));
            }
            else
            {
                findings.Add(new Finding("bucket-unreachable", Severity.Warning, slot.Name, $"{failure.Message}.", failure.Hint));
            }

            return false;
        }
    }

    private async Task CompareAsync(List<BucketSlot> slots, BucketContents contents, CancellationToken cancellationToken)
    {
        await foreach (var row in source.Repository.ReadLiveRowsAsync(snapshot, cancellationToken))
        {
            foreach (var slot in slots)
            {
                contents.Expect(slot.Name, row.Key, row.SizeBytes);
            }
        }
    }

    private PlannedBucket Judge(BucketSlot slot, InstanceBuckets buckets, BucketContents contents)
    {
        var (same, conflicting, foreign) = contents.Count(slot.Name);
        if (conflicting + foreign > 0 && !options.OverwriteBuckets.Contains(slot.Bucket))
        {
            var example = contents.Example(slot.Name, isConflict: conflicting > 0);
            refusals.Add(new Refusal(
                FailureKind.BadInput,
                $"the bucket {slot.Bucket} ({slot.Name}) is not empty: {foreign:N0} objects that the snapshot does not have, "
                + $"{conflicting:N0} with another length than in the snapshot, such as {example}",
                $"name an empty bucket in museum.yaml, or add --overwrite-bucket {slot.Bucket}: objects of the snapshot are replaced "
                + $"then, others stay"));
        }

        return new PlannedBucket(slot.Name, slot.Bucket, slot.ConfiguredEndpoint, same, conflicting, foreign);
    }

    private static int Major(string version) => int.TryParse(version.Split('.', ' ')[0], out var major) ? major : 0;
}
