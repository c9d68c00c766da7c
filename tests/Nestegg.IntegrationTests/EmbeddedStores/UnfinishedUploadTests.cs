using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.EmbeddedStores;

/// <summary>Multipart uploads that nobody completes, on a store that takes two of them and six million bytes of parts.</summary>
public sealed class UnfinishedUploadTests : IAsyncLifetime
{
    private EmbeddedStore store = null!;
    private string bucket = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await EmbeddedStore.StartSmallAsync(Token);
        bucket = await store.CreateBucketAsync(Token);
    }

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public async Task One_too_many_is_refused_until_another_has_ended()
    {
        var first = await StartAsync("a");
        await StartAsync("b");
        await RefusedAsync("QuotaExceeded", () => StartAsync("c"));
        await store.Client.AbortMultipartUploadAsync(bucket, "a", first, Token);
        var third = await StartAsync("c");
        await store.Client.CompleteMultipartUploadAsync(
            new CompleteMultipartUploadRequest
            {
                BucketName = bucket, Key = "c", UploadId = third, PartETags = [await PutPartAsync("c", third, 1, 3)],
            }, Token);
        await StartAsync("d");
    }

    [Fact]
    public async Task Parts_that_are_too_much_together_are_refused_and_leave_nothing()
    {
        var (first, second) = (await StartAsync("a"), await StartAsync("b"));
        await PutPartAsync("a", first, 1, 4_000_000);
        await RefusedAsync("QuotaExceeded", () => PutPartAsync("b", second, 1, 2_000_001));
        Assert.Empty(Directory.GetFiles(Path.Combine(store.Folder, ".incoming")));
        await PutPartAsync("b", second, 1, 2_000_000);

        // A part in the place of another has its room, as soon as that has gone.
        await RefusedAsync("QuotaExceeded", () => PutPartAsync("b", second, 2, 1));
        await store.Client.AbortMultipartUploadAsync(bucket, "a", first, Token);
        await PutPartAsync("b", second, 1, 1_000_000);
        await PutPartAsync("b", second, 2, 5_000_000);
        await RefusedAsync("QuotaExceeded", () => PutPartAsync("b", second, 3, 1));
    }

    [Fact]
    public async Task A_part_that_is_copied_counts_as_much()
    {
        await store.Client.PutObjectAsync(
            new PutObjectRequest { BucketName = bucket, Key = "source", InputStream = new MemoryStream(new byte[6_000_001]) }, Token);
        var id = await StartAsync("copy");
        await RefusedAsync("QuotaExceeded", () => store.Client.CopyPartAsync(
            new CopyPartRequest
            {
                SourceBucket = bucket, SourceKey = "source",
                DestinationBucket = bucket, DestinationKey = "copy", UploadId = id, PartNumber = 1,
            }, Token));
    }

    private async Task<string> StartAsync(string key) => (await store.Client.InitiateMultipartUploadAsync(bucket, key, Token)).UploadId;

    private async Task<PartETag> PutPartAsync(string key, string id, int number, int length)
    {
        var part = await store.Client.UploadPartAsync(
            new UploadPartRequest
            {
                BucketName = bucket, Key = key, UploadId = id, PartNumber = number, InputStream = new MemoryStream(new byte[length]),
            }, Token);
        return new PartETag(number, part.ETag);
    }

    private static async Task RefusedAsync(string code, Func<Task> request)
    {
        var refused = await Assert.ThrowsAnyAsync<AmazonS3Exception>(request);
        Assert.Equal((code, HttpStatusCode.Forbidden), (refused.ErrorCode, refused.StatusCode));
    }
}
