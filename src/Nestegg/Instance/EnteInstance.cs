using System.Collections.Concurrent;
using Nestegg.Ente.Configuration;
using Nestegg.Stores.S3;
using Npgsql;

namespace Nestegg.Instance;

/// <summary>An instance that is open for reading: its configuration, its database and its buckets, all reached through the map. Nothing is connected before it is used.</summary>
internal sealed class EnteInstance : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<BucketClient>> buckets = new(StringComparer.Ordinal);
    private readonly TimeProvider time;

    private EnteInstance(NesteggConfiguration settings, InstanceFolder folder, TimeProvider time)
    {
        this.time = time;
        Settings = settings;
        Folder = folder;
        DatabaseSettings = DatabaseSettings.From(folder.Access);
        Slots = BucketSlots.From(folder.Access);
        Database = NpgsqlDataSource.Create(DatabaseSettings.ConnectionString(settings.Map, settings.Parallel + 4));
    }

    public NesteggConfiguration Settings { get; }

    /// <summary>The configuration as it lies on disk. What belongs in a backup is <see cref="InstanceFolder.Configuration"/>.</summary>
    public InstanceFolder Folder { get; }

    public DatabaseSettings DatabaseSettings { get; }

    public BucketSlots Slots { get; }

    public NpgsqlDataSource Database { get; }

    public EndpointMap Map => Settings.Map;

    /// <summary>The name in snapshots: the configured one, else the folder's.</summary>
    public string Name => Settings.InstanceName;

    /// <exception cref="Ente.EnteException">The configuration is not what it should be.</exception>
    public static EnteInstance Open(NesteggConfiguration settings, TimeProvider? time = null) =>
        new(settings, InstanceFolder.Read(settings.RequireInstance()), time ?? TimeProvider.System);

    /// <summary>The bucket of a slot that is configured. The client is shared and stays this instance's.</summary>
    public BucketClient Bucket(BucketSlot slot) => buckets.GetOrAdd(slot.Name, _ => new Lazy<BucketClient>(() => Open(slot))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var bucket in buckets.Values.Where(bucket => bucket.IsValueCreated))
            await bucket.Value.DisposeAsync();

        await Database.DisposeAsync();
    }

    private BucketClient Open(BucketSlot slot)
    {
        var settings = new S3Settings
        {
            Endpoint = slot.Address is { } address ? Map.Resolve(address) : null,
            Region = slot.Region.Length > 0 ? slot.Region : "us-east-1",
            PathStyle = slot.UsesPathStyle,
        };
        return new BucketClient(settings, new S3Credentials(slot.AccessKey, slot.SecretKey), slot.Bucket, time);
    }
}
