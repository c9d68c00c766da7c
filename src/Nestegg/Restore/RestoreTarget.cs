using Nestegg.Ente.Configuration;
using Nestegg.Instance;

namespace Nestegg.Restore;

/// <summary>
/// Where a restore goes: the folder, and the database and the buckets that its configuration names. Nothing is connected before it is used.
/// </summary>
internal sealed class RestoreTarget : IAsyncDisposable
{
    private RestoreTarget(TargetFolder folder, TargetDatabase database, InstanceBuckets buckets, BucketContents contents)
    {
        Folder = folder;
        Database = database;
        Buckets = buckets;
        Contents = contents;
    }

    public TargetFolder Folder { get; }

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
    public static RestoreTarget Open(TargetFolder folder, EndpointMap map, TimeProvider time)
    {
        try
        {
            var database = new TargetDatabase(DatabaseSettings.From(folder.Configuration), map);
            var buckets = new InstanceBuckets(BucketSlots.From(folder.Configuration), map, time);
            return new RestoreTarget(folder, database, buckets, BucketContents.Create());
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Folder.Dispose();
        Contents.Dispose();
        await Buckets.DisposeAsync();
    }
}
