using Nestegg.Ente.Configuration;
using Nestegg.Instance.Containers;
using Nestegg.Instance.Programs;
using Nestegg.Settings;
using Npgsql;

namespace Nestegg.Instance;

/// <summary>
/// An instance that is open for reading: its configuration, its database and its buckets, all reached through the map. Nothing is connected
/// before it is used.
/// </summary>
internal sealed class EnteInstance : IAsyncDisposable
{
    private readonly Dictionary<(string Name, int? MajorVersion), PostgresProgram?> programs = [];

    private EnteInstance(NesteggConfiguration settings, InstanceFolder folder, InstanceRoutes routes, TimeProvider time)
    {
        Time = time;
        Settings = settings;
        Folder = folder;
        Routes = routes;
        DatabaseSettings = DatabaseSettings.From(folder.Access);
        Slots = BucketSlots.From(folder.Access);
        Database = DatabaseSessions.CreatePool(DatabaseSettings, routes.Map, settings.Parallel + 4);
    }

    public NesteggConfiguration Settings { get; }

    /// <summary>
    /// The configuration as museum runs with it, or as it lies on disk. What belongs in a backup is
    /// <see cref="InstanceFolder.Configuration"/>.
    /// </summary>
    public InstanceFolder Folder { get; }

    public DatabaseSettings DatabaseSettings { get; }

    public BucketSlots Slots { get; }

    public NpgsqlDataSource Database { get; }

    public TimeProvider Time { get; }

    /// <summary>How it is reached in this run.</summary>
    public InstanceRoutes Routes { get; }

    public EndpointMap Map => Routes.Map;

    /// <summary>The name in snapshots: the configured one, else the folder's.</summary>
    public string Name => Settings.InstanceName;

    /// <summary>Opens it with what a person wrote alone.</summary>
    /// <exception cref="Ente.EnteException">The configuration is not what it should be.</exception>
    public static EnteInstance Open(NesteggConfiguration settings, TimeProvider? time = null) =>
        new(settings, ReadFolder(settings), new InstanceRoutes(settings.Map, settings.Postgres, []), time ?? TimeProvider.System);

    /// <summary>Opens it, and asks the container engines of this machine with what museum runs and how it is reached.</summary>
    /// <exception cref="Ente.EnteException">The configuration is not what it should be.</exception>
    public static async Task<EnteInstance> OpenAsync(NesteggConfiguration settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var running = await RunningInstance.ReadAsync(settings.RequireInstance(), time, cancellationToken);
        var folder = running.Folder;
        var search = new RouteSearch(folder.Folder, folder.Access, time)
        {
            Map = settings.Map, Postgres = settings.Postgres, MuseumYaml = folder.MuseumYaml, Containers = running.Containers,
            Museum = running.Museum,
        };
        var routes = await InstanceRoutes.FindAsync(search, cancellationToken);
        return new EnteInstance(settings, folder, routes with { Findings = [.. running.Findings, .. routes.Findings] }, time);
    }

    /// <summary>
    /// Finds <c>pg_dump</c> or <c>pg_restore</c> for this instance's server; each is looked for once.
    /// </summary>
    /// <inheritdoc cref="PostgresProgram.TryFindAsync"/>
    public async Task<PostgresProgram?> TryFindProgramAsync(string name, int? wantedMajorVersion, CancellationToken cancellationToken)
    {
        if (!programs.TryGetValue((name, wantedMajorVersion), out var program))
        {
            program = await PostgresProgram.TryFindAsync(name, Routes.Postgres, wantedMajorVersion, Folder.Folder, cancellationToken);
            programs[(name, wantedMajorVersion)] = program;
        }

        return program;
    }

    /// <summary>The buckets of its slots; the caller disposes them.</summary>
    public InstanceBuckets OpenBuckets() => new(Slots, Map, Time);

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    private static InstanceFolder ReadFolder(NesteggConfiguration settings)
    {
        var folder = InstanceFolder.Read(settings.RequireInstance());
        folder.RequireConfiguration();
        return folder;
    }
}
