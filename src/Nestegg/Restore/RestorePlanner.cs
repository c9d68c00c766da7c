using Nestegg.Ente.Database;
using Nestegg.Ente.Revival;
using Nestegg.Instance;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Npgsql;

namespace Nestegg.Restore;

/// <summary>Looks at everything that a restore would touch, and changes nothing.</summary>
internal sealed class RestorePlanner(RestoreSource source, RestoreOptions options, TimeProvider time, RunLog log)
{
    private readonly Manifest snapshot = source.Snapshot;
    private readonly List<Finding> findings = [];
    private readonly List<Refusal> refusals = [];

    /// <param name="target">Receives what is in the buckets.</param>
    public async Task<RestorePlan> MakeAsync(RestoreTarget target, CancellationToken cancellationToken)
    {
        findings.AddRange(target.Folder.Findings);
        findings.AddRange(target.Routes.Findings);
        findings.AddRange(RestoreAdvice.AboutMuseum(snapshot, target.Folder.MuseumImage));
        var plannedDatabase = await PlanDatabaseAsync(target, cancellationToken);
        var buckets = new BucketPlanning(source, target, options);
        var plannedBuckets = await buckets.MakeAsync(cancellationToken);
        findings.AddRange(buckets.Findings);
        refusals.AddRange(buckets.Refusals);
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

    private async Task<PlannedDatabase> PlanDatabaseAsync(RestoreTarget target, CancellationToken cancellationToken)
    {
        var database = target.Database;
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
                if (await target.FindPgRestoreAsync(state.ServerMajorVersion, cancellationToken) is null)
                {
                    refusals.Add(target.MissingPgRestore());
                }
            }

            findings.AddRange(AboutServer(database, state));
            return new PlannedDatabase(database.Description, action, state);
        }
        catch (NesteggException failure)
        {
            refusals.Add(new Refusal(failure.Kind, failure.Message, failure.Hint));
            return new PlannedDatabase(database.Description, DatabaseAction.Refuse, null)
            {
                Silence = failure.InnerException is PostgresException ? "does not let us in"
                    : failure.Kind == FailureKind.OutOfReach ? "does not answer"
                    : null,
            };
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
            dump, snapshot.Instance.DatabaseSchema, state.LoadingRights, cancellationToken);
        findings.AddRange(LoadingPlan.Findings(selected.Selection.Omitted, database.Name));
        refusals.AddRange(LoadingPlan.Refusals(selected.Selection.Omitted, database.Name));
    }

    // A run that was killed leaves connections that end a moment later.
    private async Task<DatabaseState> InspectAsync(TargetDatabase database, CancellationToken cancellationToken)
    {
        var state = await InspectStartedAsync(database, cancellationToken);
        for (var wait = 0; wait < 40 && state is { OtherSessions: > 0, Marker: not null }; wait++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), time, cancellationToken);
            state = await database.InspectAsync(snapshot.Instance.DatabaseSchema, cancellationToken);
        }

        return state;
    }

    // A server that has just been started takes connections before it is ready, and says so.
    private async Task<DatabaseState> InspectStartedAsync(TargetDatabase database, CancellationToken cancellationToken)
    {
        var wait = new StartWait(RestoreTarget.StartLimit, time, what => log.Step("services", what));
        while (true)
        {
            try
            {
                return await database.InspectAsync(snapshot.Instance.DatabaseSchema, cancellationToken);
            }
            catch (NesteggException failure) when (DatabaseFailure.IsOfStart(failure.InnerException))
            {
                if (!await wait.GoesOnAsync($"PostgreSQL to start ({database.Settings})", cancellationToken))
                {
                    throw;
                }
            }
        }
    }

    private static int Major(string version) => int.TryParse(version.Split('.', ' ')[0], out var major) ? major : 0;
}
