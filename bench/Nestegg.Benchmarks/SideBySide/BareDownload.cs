using System.Buffers;
using System.Security.Cryptography;
using Nestegg.Stores.S3;
using Nestegg.TestKit.Servers;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>Reads every object of a bucket to nothing, many at a time: the limit that the store sets.</summary>
internal static class BareDownload
{
    /// <param name="isHashed">
    /// Also computes SHA-256 and MD5, without which no copy is named by its content and compared with what the store states.
    /// </param>
    public static async Task<int> RunAsync(Uri endpoint, string bucket, int parallel, bool isHashed)
    {
        await using var client = new BucketClient(
            new S3Settings { Endpoint = endpoint, PathStyle = true }, new S3Credentials(CephGateway.AccessKey, CephGateway.SecretKey),
            bucket);
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel };
        await Parallel.ForEachAsync(client.ListAsync("", CancellationToken.None), options, async (item, token) =>
        {
            await using var source = await client.TryOpenAsync(item.Key, 0, null, token)
                ?? throw new InvalidOperationException($"{item.Key} vanished");
            if (isHashed)
            {
                await HashAsync(source.Content, token);
            }
            else
            {
                await source.Content.CopyToAsync(Stream.Null, 1 << 17, token);
            }
        });
        return 0;
    }

    private static async Task HashAsync(Stream content, CancellationToken cancellationToken)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            sha256.AppendData(buffer, 0, count);
            md5.AppendData(buffer, 0, count);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        sha256.GetHashAndReset();
        md5.GetHashAndReset();
    }
}
