using Nestegg.Ente.Configuration;
using Nestegg.Stores.S3;

namespace Nestegg.Instance;

/// <summary>A client for each configured bucket slot of an instance, reached through the map. Nothing is connected before it is used.</summary>
internal sealed class InstanceBuckets : IAsyncDisposable
{
    private readonly Dictionary<string, BucketClient> clients;

    public InstanceBuckets(EnteInstance instance) => clients = instance.Slots.Configured.ToDictionary(
        slot => slot.Name,
        slot => new BucketClient(
            new S3Settings
            {
                Endpoint = instance.AddressOf(slot),
                Region = slot.Region.Length > 0 ? slot.Region : "us-east-1",
                PathStyle = slot.UsesPathStyle,
            },
            new S3Credentials(slot.AccessKey, slot.SecretKey),
            slot.Bucket,
            instance.Time),
        StringComparer.Ordinal);

    public BucketClient this[BucketSlot slot] => clients[slot.Name];

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients.Values)
        {
            await client.DisposeAsync();
        }
    }
}
