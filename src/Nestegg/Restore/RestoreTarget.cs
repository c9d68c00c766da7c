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
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

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
                Map = options.Map, Postgres = options.Postgres, Patience = Patience, TellWaiting = what => log.Step("services", what),
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
    public Refusal MissingPgRestore() => new(
        FailureKind.BadInput,
        Routes.Postgres.PgRestore is { Count: > 0 } given
            ? $"`{string.Join(' ', given)} --version` does not work"
            : Routes.Postgres.Container is { } container
                ? $"{PgRestore} is neither on this machine nor in the server's container {container.ContainerName} ({container.Engine})"
            : $"{PgRestore} is not on this machine, and no container of the server {Database.Settings.Endpoint} was found",
        PgRestoreHint());

    private string PgRestoreHint()
    {
        const string install = "install PostgreSQL's client programs";
        return (Routes.Postgres.PgRestore.Count > 0, Routes.Postgres.Container) switch
        {
            (true, { } container) => $"leave out --pg-restore and what is configured: the server's container {container.ContainerName} "
                + $"is found by itself; its own is --pg-restore \"{container.Engine} exec -i {container.ContainerName} {PgRestore}\"",
            (true, null) => $"{install}, and leave out --pg-restore and what is configured",
            (false, { }) => $"{install}, of the server's version or newer",
            _ => $"{install}; or, if the server is in a container, see that it runs and that you may ask its engine (docker ps, podman "
                + "ps), and run the command again: it is found by itself",
        };
    }

    public async ValueTask DisposeAsync()
    {
        Folder.Dispose();
        Contents.Dispose();
        await Buckets.DisposeAsync();
    }
}
