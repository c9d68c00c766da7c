using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Instance.Containers;
using Nestegg.Instance.Programs;

namespace Nestegg.Restore;

/// <summary>
/// Where a restore goes: the folder, and the database and the buckets that its configuration names. Nothing is connected before it is used.
/// </summary>
internal sealed class RestoreTarget : IAsyncDisposable
{
    private const string PgRestore = "pg_restore";

    // What `docker compose up -d` has just started.
    public static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private RestoreTarget(TargetFolder folder, InstanceRoutes routes, TargetDatabase database, InstanceBuckets buckets)
    {
        Folder = folder;
        Routes = routes;
        Database = database;
        Buckets = buckets;
        Contents = BucketContents.Create();
    }

    public TargetFolder Folder { get; }

    /// <summary>How it is reached in this run.</summary>
    public InstanceRoutes Routes { get; }

    public TargetDatabase Database { get; }

    public InstanceBuckets Buckets { get; }

    /// <summary>Where the web apps of the restored instance are served from.</summary>
    public IReadOnlyList<string> Origins
    {
        get
        {
            var old = Folder.Planned.Changes.Select(change => change.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
            return WebOrigins.Of(
                Folder.Configuration.Settings().Where(setting => !old.Contains(setting.Key))
                    .Concat(Folder.Old.Settings().Where(setting => old.Contains(setting.Key))));
        }
    }

    /// <summary>What is in the buckets before the restore; the plan's making fills it.</summary>
    public BucketContents Contents { get; }

    /// <param name="folder">Disposed with the result, or at once when there is none.</param>
    /// <exception cref="Ente.EnteException">Its configuration is not what it should be.</exception>
    public static async Task<RestoreTarget> OpenAsync(
        TargetFolder folder, RestoreOptions options, TimeProvider time, RunLog log, CancellationToken cancellationToken)
    {
        try
        {
            var search = new RouteSearch(folder.Folder, folder.Configuration, time)
            {
                Map = options.Map, Postgres = options.Postgres, StartLimit = StartLimit, TellWaiting = what => log.Step("services", what),
            };
            var routes = await InstanceRoutes.FindAsync(search, cancellationToken);
            var database = new TargetDatabase(DatabaseSettings.From(folder.Configuration), routes.Map);
            var buckets = new InstanceBuckets(BucketSlots.From(folder.Configuration), routes.Map, time);
            return new RestoreTarget(folder, routes, database, buckets);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The one of this machine, or of the server's container; <see langword="null"/> when there is none.</summary>
    public Task<PostgresProgram?> FindPgRestoreAsync(int serverMajorVersion, CancellationToken cancellationToken) =>
        PostgresProgram.TryFindAsync(
            PgRestore, Routes.Postgres, serverMajorVersion,

            // `docker compose exec` looks for its file in the folder it is started in.
            Directory.Exists(Folder.Folder) ? Folder.Folder : Directory.Exists(".") ? Directory.GetCurrentDirectory() : "/",
            cancellationToken);

    /// <summary>Said when there is none.</summary>
    public Refusal MissingPgRestore()
    {
        var missing = new MissingProgram(PgRestore, Routes.Postgres);
        return new Refusal(FailureKind.BadInput, missing.Message(PgRestore), missing.Hint);
    }

    public async ValueTask DisposeAsync()
    {
        Folder.Dispose();
        Contents.Dispose();
        await Buckets.DisposeAsync();
    }
}
