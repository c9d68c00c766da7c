using Nestegg.Ente.Configuration;
using Nestegg.Stores.S3;

namespace Nestegg.Instance;

/// <summary>
/// A client for each configured bucket slot of an instance, reached through the map. Nothing is connected before it is used.
/// </summary>
internal sealed class InstanceBuckets : IAsyncDisposable
{
    private readonly Dictionary<string, BucketClient> clients;

    public InstanceBuckets(BucketSlots slots, EndpointMap map, TimeProvider time)
    {
        Slots = slots;
        clients = slots.Configured.ToDictionary(
            slot => slot.Name,
            slot => new BucketClient(
                new S3Settings
                {
                    Endpoint = AddressOf(slot, map),
                    Region = slot.Region.Length > 0 ? slot.Region : "us-east-1",

                    // `bucket.` before the name that somebody maps to is the name of nothing.
                    PathStyle = slot.UsesPathStyle || AddressOf(slot, map) != slot.Address,
                },
                new S3Credentials(slot.AccessKey, slot.SecretKey),
                slot.Bucket,
                time),
            StringComparer.Ordinal);
    }

    public BucketSlots Slots { get; }

    public BucketClient this[BucketSlot slot] => clients[slot.Name];

    /// <summary>The bucket of a slot; <see langword="null"/> when the slot is not configured.</summary>
    public BucketClient? Find(string slot) => clients.GetValueOrDefault(slot);

    private static Uri? AddressOf(BucketSlot slot, EndpointMap map) => slot.Address is { } address ? map.Resolve(address) : null;

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients.Values)
        {
            await client.DisposeAsync();
        }
    }
}
