using Nestegg.Ente.Configuration;
using Nestegg.Settings;
using Npgsql;

namespace Nestegg.Instance;

/// <summary>
/// An instance that is open for reading: its configuration, its database and its buckets, all reached through the map. Nothing is connected
/// before it is used.
/// </summary>
internal sealed class EnteInstance : IAsyncDisposable
{
    private EnteInstance(NesteggConfiguration settings, InstanceFolder folder, TimeProvider time)
    {
        Time = time;
        Settings = settings;
        Folder = folder;
        DatabaseSettings = DatabaseSettings.From(folder.Access);
        Slots = BucketSlots.From(folder.Access);
        Database = DatabaseSessions.CreatePool(DatabaseSettings, settings.Map, settings.Parallel + 4);
    }

    public NesteggConfiguration Settings { get; }

    /// <summary>The configuration as it lies on disk. What belongs in a backup is <see cref="InstanceFolder.Configuration"/>.</summary>
    public InstanceFolder Folder { get; }

    public DatabaseSettings DatabaseSettings { get; }

    public BucketSlots Slots { get; }

    public NpgsqlDataSource Database { get; }

    public TimeProvider Time { get; }

    public EndpointMap Map => Settings.Map;

    /// <summary>The name in snapshots: the configured one, else the folder's.</summary>
    public string Name => Settings.InstanceName;

    /// <exception cref="Ente.EnteException">The configuration is not what it should be.</exception>
    public static EnteInstance Open(NesteggConfiguration settings, TimeProvider? time = null) =>
        new(settings, ReadFolder(settings), time ?? TimeProvider.System);

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
