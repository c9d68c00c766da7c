using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.S3.Transfer;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.EmbeddedStores;

public sealed class MultipartTests : IAsyncLifetime
{
    private const int MiB = 1024 * 1024;

    private EmbeddedStore store = null!;
    private string bucket = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await EmbeddedStore.StartAsync(Token);
        bucket = await store.CreateBucketAsync(Token);
    }

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public async Task Seventy_mebibytes_go_up_in_parts_and_come_back()
    {
        var content = RandomNumberGenerator.GetBytes(70 * MiB + 1);
        using var transfer = new TransferUtility(store.Client);
        await transfer.UploadAsync(new TransferUtilityUploadRequest
        {
            BucketName = bucket, Key = "big", InputStream = new MemoryStream(content), PartSize = 8 * MiB,
        }, Token);
        using var got = await store.Client.GetObjectAsync(bucket, "big", Token);
        Assert.EndsWith("-9\"", got.ETag, StringComparison.Ordinal);
        Assert.Equal(content.Length, got.ContentLength);
        Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(got.ResponseStream, Token));
        Assert.Empty(Directory.GetDirectories(Path.Combine(store.Folder, ".multipart")));
    }

    [Fact]
    public async Task The_etag_is_the_md5_of_the_parts_md5s()
    {
        var first = RandomNumberGenerator.GetBytes(5 * MiB);
        byte[] last = [1, 2, 3];
        var id = await StartAsync("two");
        var one = await PutPartAsync("two", id, 1, first);
        var two = await PutPartAsync("two", id, 2, last);
        var parts = await store.Client.ListPartsAsync(bucket, "two", id, Token);
        Assert.Equal([(1, 5L * MiB), (2, 3L)], parts.Parts.Select(part => (part.PartNumber!.Value, part.Size!.Value)));
        var done = await CompleteAsync("two", id, one, two);
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData([.. MD5.HashData(first), .. MD5.HashData(last)]))}-2\"", done.ETag);
    }

    [Fact]
    public async Task A_part_that_is_sent_again_replaces_the_first()
    {
        var id = await StartAsync("again");
        await PutPartAsync("again", id, 1, [1]);
        var second = await PutPartAsync("again", id, 1, [2, 2]);
        await CompleteAsync("again", id, second);
        Assert.Equal(2, (await store.Client.GetObjectMetadataAsync(bucket, "again", Token)).ContentLength);
    }

    [Fact]
    public async Task Impossible_completions_are_refused_and_the_upload_lives_on()
    {
        var id = await StartAsync("bad");
        var one = await PutPartAsync("bad", id, 1, [1]);
        var two = await PutPartAsync("bad", id, 2, [2]);
        await RefusedAsync("EntityTooSmall", () => CompleteAsync("bad", id, one, two));
        await RefusedAsync("InvalidPartOrder", () => CompleteAsync("bad", id, one, one));
        await RefusedAsync("InvalidPart", () => CompleteAsync("bad", id, new PartETag(3, one.ETag)));
        await RefusedAsync("InvalidPart", () => CompleteAsync("bad", id, new PartETag(1, two.ETag)));
        await RefusedAsync("NoSuchUpload", () => CompleteAsync("other key", id, one));
        await RefusedAsync("NoSuchUpload", () => CompleteAsync("bad", "../../etc", one));
        Assert.Equal(id, Assert.Single((await store.Client.ListMultipartUploadsAsync(bucket, Token)).MultipartUploads).UploadId);
        await CompleteAsync("bad", id, one);
    }

    [Fact]
    public async Task Uploads_are_listed_page_by_page()
    {
        var started = new List<(string, string)>();
        foreach (var key in (string[])["a", "b", "b", "c/d", "é"])
        {
            started.Add((key, await StartAsync(key)));
        }

        var request = new ListMultipartUploadsRequest { BucketName = bucket, MaxUploads = 2 };
        var listed = new List<(string, string)>();
        ListMultipartUploadsResponse page;
        do
        {
            page = await store.Client.ListMultipartUploadsAsync(request, Token);
            Assert.InRange(page.MultipartUploads.Count, 1, 2);
            listed.AddRange(page.MultipartUploads.Select(upload => (upload.Key, upload.UploadId)));
            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
        while (page.IsTruncated == true);

        Assert.Equal(started.OrderBy(upload => upload.Item1, StringComparer.Ordinal).ThenBy(upload => upload.Item2), listed);
    }

    [Fact]
    public async Task An_aborted_upload_is_gone()
    {
        var id = await StartAsync("aborted");
        await PutPartAsync("aborted", id, 1, [1]);
        await store.Client.AbortMultipartUploadAsync(bucket, "aborted", id, Token);
        await RefusedAsync("NoSuchUpload", () => PutPartAsync("aborted", id, 2, [2]));
        await RefusedAsync("NoSuchUpload", () => store.Client.ListPartsAsync(bucket, "aborted", id, Token));
        Assert.Empty(Directory.GetDirectories(Path.Combine(store.Folder, ".multipart")));
    }

    [Fact]
    public async Task A_part_can_be_copied_from_an_object()
    {
        await store.Client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "digits", ContentBody = "0123456789" }, Token);
        var id = await StartAsync("copy");
        var part = await store.Client.CopyPartAsync(new CopyPartRequest
        {
            SourceBucket = bucket, SourceKey = "digits",
            DestinationBucket = bucket, DestinationKey = "copy", UploadId = id, PartNumber = 1, FirstByte = 2, LastByte = 4,
        }, Token);
        await CompleteAsync("copy", id, new PartETag(1, part.ETag));
        using var got = await store.Client.GetObjectAsync(bucket, "copy", Token);
        Assert.Equal("234", await new StreamReader(got.ResponseStream).ReadToEndAsync(Token));
    }

    private async Task<string> StartAsync(string key) => (await store.Client.InitiateMultipartUploadAsync(bucket, key, Token)).UploadId;

    private async Task<PartETag> PutPartAsync(string key, string id, int number, byte[] content)
    {
        var part = await store.Client.UploadPartAsync(new UploadPartRequest
        {
            BucketName = bucket, Key = key, UploadId = id, PartNumber = number, InputStream = new MemoryStream(content),
        }, Token);
        return new PartETag(number, part.ETag);
    }

    private Task<CompleteMultipartUploadResponse> CompleteAsync(string key, string id, params List<PartETag> parts) =>
        store.Client.CompleteMultipartUploadAsync(
            new CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = id, PartETags = parts }, Token);

    private static async Task RefusedAsync(string code, Func<Task> request) =>
        Assert.Equal(code, (await Assert.ThrowsAnyAsync<AmazonS3Exception>(request)).ErrorCode);
}
