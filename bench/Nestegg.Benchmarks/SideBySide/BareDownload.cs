using Nestegg.Stores.S3;
using Nestegg.TestKit.Servers;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>Reads every object of a bucket to nothing, many at a time: the limit that the store sets.</summary>
internal static class BareDownload
{
    public static async Task<int> RunAsync(Uri endpoint, string bucket, int parallel)
    {
        await using var client = new BucketClient(
            new S3Settings { Endpoint = endpoint, PathStyle = true }, new S3Credentials(CephGateway.AccessKey, CephGateway.SecretKey), bucket);
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel };
        await Parallel.ForEachAsync(client.ListAsync("", CancellationToken.None), options, async (item, token) =>
        {
            await using var source = await client.TryOpenAsync(item.Key, 0, null, token)
                ?? throw new InvalidOperationException($"{item.Key} vanished");
            await source.Content.CopyToAsync(Stream.Null, 1 << 17, token);
        });
        return 0;
    }
}
