using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.EmbeddedStores;

public sealed class BucketTests : IAsyncLifetime
{
    private EmbeddedStore store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => store = await EmbeddedStore.StartAsync(Token);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public async Task Buckets_are_made_listed_found_and_removed()
    {
        await store.Client.PutBucketAsync("b2-eu-cen", Token);
        await store.Client.PutBucketAsync("scw.eu", Token);
        Assert.Equal(["b2-eu-cen", "scw.eu"], (await store.Client.ListBucketsAsync(Token)).Buckets.Select(bucket => bucket.BucketName));
        await store.Client.HeadBucketAsync(new HeadBucketRequest { BucketName = "scw.eu" }, Token);
        Assert.Equal("", (await store.Client.GetBucketLocationAsync("scw.eu", Token)).Location.Value);
        var again = await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => store.Client.PutBucketAsync("scw.eu", Token));
        Assert.Equal("BucketAlreadyOwnedByYou", again.ErrorCode);
        await store.Client.DeleteBucketAsync("scw.eu", Token);
        var gone = await Assert.ThrowsAnyAsync<AmazonS3Exception>(
            () => store.Client.HeadBucketAsync(new HeadBucketRequest { BucketName = "scw.eu" }, Token));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("UPPER")]
    [InlineData(".incoming")]
    [InlineData("a..b")]
    public async Task A_name_that_is_none_is_refused(string name)
    {
        var error = await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => store.Client.PutBucketAsync(name, Token));
        Assert.Equal("InvalidBucketName", error.ErrorCode);
    }

    [Fact]
    public async Task Two_thousand_five_hundred_keys_come_in_pages_of_both_kinds()
    {
        var bucket = await store.CreateBucketAsync(Token);
        var keys = Enumerable.Range(0, 2500).Select(i => $"{i % 3}/key {i:d4}").Order(StringComparer.Ordinal).ToList();
        await Parallel.ForEachAsync(keys, Token, async (key, token) =>
            await store.Client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, ContentBody = "x" }, token));

        var pages = new List<int>();
        var listed = new List<string>();
        await foreach (var page in store.Client.Paginators.ListObjectsV2(
            new ListObjectsV2Request { BucketName = bucket }).Responses.WithCancellation(Token))
        {
            pages.Add(page.S3Objects.Count);
            listed.AddRange(page.S3Objects.Select(item => item.Key));
        }

        Assert.Equal([1000, 1000, 500], pages);
        Assert.Equal(keys, listed);

        listed.Clear();
        await foreach (var page in store.Client.Paginators.ListObjects(
            new ListObjectsRequest { BucketName = bucket, Prefix = "1/", MaxKeys = 300 }).Responses.WithCancellation(Token))
        {
            listed.AddRange(page.S3Objects.Select(item => item.Key));
        }

        Assert.Equal(keys.Where(key => key[0] == '1'), listed);
        var folders = await store.Client.ListObjectsV2Async(
            new ListObjectsV2Request { BucketName = bucket, Delimiter = "/", StartAfter = "0/z" }, Token);
        Assert.Equal(["1/", "2/"], folders.CommonPrefixes);
    }

    [Fact]
    public async Task What_is_not_implemented_is_said()
    {
        var bucket = await store.CreateBucketAsync(Token);
        var error = await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => store.Client.GetLifecycleConfigurationAsync(bucket, Token));
        Assert.Equal(("NotImplemented", HttpStatusCode.NotImplemented), (error.ErrorCode, error.StatusCode));
    }

    [Fact]
    public async Task A_store_that_is_started_again_has_what_it_had()
    {
        using var folder = new TestKit.TemporaryFolder();
        var credentials = new Server.S3.S3Credentials(EmbeddedStore.AccessKey, EmbeddedStore.SecretKey);
        for (var run = 0; run < 2; run++)
        {
            await using var server =
                await Server.S3.EmbeddedObjectStore.StartAsync(folder.Path, new IPEndPoint(IPAddress.Loopback, 0), credentials, Token);
            using var client = new AmazonS3Client(EmbeddedStore.AccessKey, EmbeddedStore.SecretKey, new AmazonS3Config
            {
                ServiceURL = server.Address.ToString(),
                ForcePathStyle = true,
            });
            if (run == 0)
            {
                await client.PutBucketAsync("kept", Token);
                await client.PutObjectAsync(new PutObjectRequest { BucketName = "kept", Key = "a/b", ContentBody = "content" }, Token);
            }
            else
            {
                Assert.Equal(7, (await client.GetObjectMetadataAsync("kept", "a/b", Token)).ContentLength);
            }
        }
    }
}
