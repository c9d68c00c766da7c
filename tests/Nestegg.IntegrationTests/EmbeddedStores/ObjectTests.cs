using System.Net;
using System.Security.Cryptography;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.EmbeddedStores;

public sealed class ObjectTests : IAsyncLifetime
{
    private EmbeddedStore store = null!;
    private string bucket = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private AmazonS3Client Client => store.Client;

    public async ValueTask InitializeAsync()
    {
        store = await EmbeddedStore.StartAsync(Token);
        bucket = await store.CreateBucketAsync(Token);
    }

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(3_000_001)]
    public async Task An_object_comes_back_with_its_bytes_length_and_md5(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        var put = await Client.PutObjectAsync(new PutObjectRequest
        {
            BucketName = bucket,
            Key = "1/a", InputStream = new MemoryStream(content), ContentType = "image/x", Metadata = { ["note"] = "kept" },
        }, Token);
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData(content))}\"", put.ETag);

        using var got = await Client.GetObjectAsync(bucket, "1/a", Token);
        Assert.Equal(content, await ReadAsync(got));
        Assert.Equal((put.ETag, "image/x", "kept"), (got.ETag, got.Headers.ContentType, got.Metadata["note"]));
        var head = await Client.GetObjectMetadataAsync(bucket, "1/a", Token);
        Assert.Equal((length, put.ETag), (head.ContentLength, head.ETag));
        Assert.Null(head.Headers.ContentEncoding);
    }

    [Theory]
    [InlineData("CRC32")]
    [InlineData("CRC32C")]
    [InlineData("CRC64NVME")]
    [InlineData("SHA1")]
    [InlineData("SHA256")]
    public async Task The_checksums_of_the_sdk_are_verified_and_not_stored(string algorithm)
    {
        var content = RandomNumberGenerator.GetBytes(200_000);
        await Client.PutObjectAsync(new PutObjectRequest
        {
            BucketName = bucket, Key = "sum", InputStream = new MemoryStream(content), ChecksumAlgorithm = new ChecksumAlgorithm(algorithm),
        }, Token);
        Assert.Equal(content, await GetAsync("sum"));
    }

    [Fact]
    public async Task Unsigned_chunks_and_a_whole_signed_payload_are_taken_too()
    {
        foreach (var (key, chunked, signed) in ((string, bool, bool)[])[("a", false, true), ("b", true, true)])
        {
            await Client.PutObjectAsync(new PutObjectRequest
            {
                BucketName = bucket, Key = key, ContentBody = "content", UseChunkEncoding = chunked, DisablePayloadSigning = !signed,
            }, Token);
            Assert.Equal("content", await GetTextAsync(key));
        }
    }

    [Fact]
    public async Task A_range_comes_alone()
    {
        await PutAsync("digits", "0123456789");
        foreach (var (first, last, expected) in ((long, long, string)[])[(0, 0, "0"), (3, 5, "345"), (8, 100, "89")])
        {
            using var got = await Client.GetObjectAsync(
                new GetObjectRequest { BucketName = bucket, Key = "digits", ByteRange = new ByteRange(first, last) }, Token);
            Assert.Equal((HttpStatusCode.PartialContent, expected), (got.HttpStatusCode, Encoding.UTF8.GetString(await ReadAsync(got))));
        }

        await RefusedAsync("InvalidRange", HttpStatusCode.RequestedRangeNotSatisfiable,
            () => Client.GetObjectAsync(
                new GetObjectRequest { BucketName = bucket, Key = "digits", ByteRange = new ByteRange(10, 20) }, Token));
    }

    [Fact]
    public async Task A_wrong_md5_is_refused_and_nothing_is_stored()
    {
        await RefusedAsync("BadDigest", HttpStatusCode.BadRequest, () => Client.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = bucket, Key = "a", ContentBody = "content", MD5Digest = Convert.ToBase64String(
                new byte[16])
            }, Token));
        await RefusedAsync("NoSuchKey", HttpStatusCode.NotFound, () => Client.GetObjectAsync(bucket, "a", Token));
        Assert.Empty(Directory.GetFiles(Path.Combine(store.Folder, ".incoming")));
    }

    [Fact]
    public async Task A_conditional_put_never_replaces()
    {
        var put = new PutObjectRequest { BucketName = bucket, Key = "once", ContentBody = "first", IfNoneMatch = "*" };
        await Client.PutObjectAsync(put, Token);
        put.ContentBody = "second";
        await RefusedAsync("PreconditionFailed", HttpStatusCode.PreconditionFailed, () => Client.PutObjectAsync(put, Token));
        Assert.Equal("first", await GetTextAsync("once"));
    }

    [Fact]
    public async Task Of_many_conditional_puts_at_once_one_wins()
    {
        var puts = await Task.WhenAll(Enumerable.Range(0, 30).Select(async i =>
        {
            try
            {
                await Client.PutObjectAsync(
                    new PutObjectRequest { BucketName = bucket, Key = "lock/owner", ContentBody = $"{i}", IfNoneMatch = "*" }, Token);
                return i;
            }
            catch (AmazonS3Exception error) when (error.ErrorCode == "PreconditionFailed")
            {
                return -1;
            }
        }));
        var winner = Assert.Single(puts, i => i >= 0);
        Assert.Equal(Encoding.UTF8.GetBytes($"{winner}"), await GetAsync("lock/owner"));
    }

    [Fact]
    public async Task Puts_and_deletes_at_once_leave_whole_objects_only()
    {
        var contents = Enumerable.Range(0, 8).Select(i => new string((char)('a' + i), 100_000 + i)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 80).Select(async i =>
        {
            await PutAsync("deep/er/key", contents[i % 8]);
            if (i % 5 == 0)
            {
                await Client.DeleteObjectAsync(bucket, "deep/er/key", Token);
            }
        }));
        await PutAsync("deep/er/key", contents[0]);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            await PutAsync("deep/er/key", contents[i % 8]);
            Assert.Contains(Encoding.UTF8.GetString(await GetAsync("deep/er/key")), contents);
        }));
    }

    [Fact]
    public async Task A_conditional_get_says_when_the_client_has_it_already()
    {
        var put = await Client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "a", ContentBody = "content" }, Token);
        var unchanged = await Assert.ThrowsAsync<AmazonS3Exception>(() => Client.GetObjectAsync(
            new GetObjectRequest { BucketName = bucket, Key = "a", EtagToNotMatch = put.ETag }, Token));
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        await RefusedAsync("PreconditionFailed", HttpStatusCode.PreconditionFailed, () => Client.GetObjectAsync(
            new GetObjectRequest { BucketName = bucket, Key = "a", EtagToMatch = "\"other\"" }, Token));
    }

    [Fact]
    public async Task A_copy_keeps_or_replaces_the_metadata()
    {
        await Client.PutObjectAsync(
            new PutObjectRequest { BucketName = bucket, Key = "from é/1", ContentBody = "content", Metadata = { ["a"] = "1" } }, Token);
        await Client.CopyObjectAsync(bucket, "from é/1", bucket, "kept", Token);
        await Client.CopyObjectAsync(new CopyObjectRequest
        {
            SourceBucket = bucket, SourceKey = "from é/1", DestinationBucket = bucket, DestinationKey = "replaced",
            MetadataDirective = S3MetadataDirective.REPLACE, Metadata = { ["a"] = "2" },
        }, Token);
        Assert.Equal("content", await GetTextAsync("kept"));
        Assert.Equal("1", (await Client.GetObjectMetadataAsync(bucket, "kept", Token)).Metadata["a"]);
        Assert.Equal("2", (await Client.GetObjectMetadataAsync(bucket, "replaced", Token)).Metadata["a"]);
        await RefusedAsync("NoSuchKey", HttpStatusCode.NotFound, () => Client.CopyObjectAsync(bucket, "absent", bucket, "x", Token));
    }

    [Fact]
    public async Task Deleting_removes_one_or_many_and_absent_ones_are_no_error()
    {
        foreach (var key in (string[])["a", "b/c", "b/d"])
        {
            await PutAsync(key, key);
        }

        await Client.DeleteObjectAsync(bucket, "a", Token);
        await Client.DeleteObjectAsync(bucket, "a", Token);
        var deleted = await Client.DeleteObjectsAsync(new DeleteObjectsRequest
        {
            BucketName = bucket,
            Objects = [new KeyVersion { Key = "b/c" }, new KeyVersion { Key = "absent" }],
        }, Token);
        Assert.Equal(["b/c", "absent"], deleted.DeletedObjects.Select(item => item.Key));
        var left = await Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Token);
        Assert.Equal(["b/d"], left.S3Objects.Select(item => item.Key));
        await RefusedAsync("BucketNotEmpty", HttpStatusCode.Conflict, () => Client.DeleteBucketAsync(bucket, Token));
        await Client.DeleteObjectAsync(bucket, "b/d", Token);
        await Client.DeleteBucketAsync(bucket, Token);
        await RefusedAsync("NoSuchBucket", HttpStatusCode.NotFound, () => Client.GetObjectAsync(bucket, "a", Token));
    }

    [Fact]
    public async Task Hostile_keys_stay_in_their_bucket_and_come_back()
    {
        string[] keys =
        [
            "a", "a/b", "a/b/c",
            "a//b", "end/", "dots/...x", ".hidden", "con.jpg", "A", "日本/é\U0001F600", "e\u0301", "%2e%2e%2f", "a+b c", "*?<>|\"'\\",
            "~tilde~", new string('x', 1024), new string('é', 512), "tab\tkey", "a&b=c;d", "@:,$!()",
        ];
        foreach (var key in keys)
        {
            await PutAsync(key, key);
        }

        foreach (var key in keys)
        {
            Assert.Equal(Encoding.UTF8.GetBytes(key), await GetAsync(key));
        }

        var listed = await Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Encoding = EncodingType.Url }, Token);
        Assert.Equal(keys.OrderBy(Encoding.UTF8.GetBytes, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))),
            listed.S3Objects.Select(item => item.Key.Contains('%') ? Uri.UnescapeDataString(item.Key) : item.Key));
        Assert.Equal([".cors", ".incoming", ".multipart", bucket], Directory.GetFileSystemEntries(store.Folder).Select(Path.GetFileName)
            .Order(StringComparer.Ordinal));
        await RefusedAsync("KeyTooLongError", HttpStatusCode.BadRequest, () => PutAsync(new string('x', 1025), "x"));
    }

    private Task<PutObjectResponse> PutAsync(string key, string content) =>
        Client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, ContentBody = content }, Token);

    private async Task<byte[]> GetAsync(string key)
    {
        using var got = await Client.GetObjectAsync(bucket, key, Token);
        return await ReadAsync(got);
    }

    private async Task<string> GetTextAsync(string key) => Encoding.UTF8.GetString(await GetAsync(key));

    private static async Task<byte[]> ReadAsync(GetObjectResponse got)
    {
        using var copy = new MemoryStream();
        await got.ResponseStream.CopyToAsync(copy, Token);
        return copy.ToArray();
    }

    private static async Task RefusedAsync(string code, HttpStatusCode status, Func<Task> request)
    {
        var error = await Assert.ThrowsAnyAsync<AmazonS3Exception>(request);
        Assert.Equal((code, status), (error.ErrorCode, error.StatusCode));
    }
}
