using Nestegg.Ente.Configuration;
using Nestegg.Stores.S3;

namespace Nestegg.Restore;

/// <summary>The buckets of the new instance, opened through the map.</summary>
internal sealed class TargetBuckets : IAsyncDisposable
{
    private readonly Dictionary<string, BucketClient> clients = new(StringComparer.Ordinal);

    public TargetBuckets(BucketSlots slots, EndpointMap map)
    {
        Slots = slots;
        foreach (var slot in slots.Configured)
        {
            var settings = new S3Settings
            {
                Endpoint = slot.Address is { } address ? map.Resolve(address) : null,
                Region = slot.Region.Length > 0 ? slot.Region : "us-east-1",
                PathStyle = slot.UsesPathStyle,
            };
            clients.Add(slot.Name, new BucketClient(settings, new S3Credentials(slot.AccessKey, slot.SecretKey), slot.Bucket));
        }
    }

    public BucketSlots Slots { get; }

    /// <summary>The bucket of a slot; <see langword="null"/> when the slot is not configured.</summary>
    public BucketClient? Find(string slot) => clients.GetValueOrDefault(slot);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients.Values)
            await client.DisposeAsync();
    }
}
