using System.Security.Cryptography;
using Amazon.S3.Model;
using Nestegg.Stores.S3;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Stores;

public class BucketClientTests(SharedServers servers, KnownInstances instances)
{
    private static readonly S3Credentials Credentials = new(CephGateway.AccessKey, CephGateway.SecretKey);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task Known_objects_are_read_with_their_bytes_lengths_and_tags(string known)
    {
        var moment = (await instances.OpenAsync(known, Token))["t1"];
        var ceph = await servers.CephAsync(Token);
        var name = await ceph.CreateBucketAsync(Token);
        await moment.UploadAsync(ceph.Client, _ => name, Token);
        await using var bucket = new BucketClient(Settings(ceph.Endpoint), Credentials, name);
        foreach (var expected in moment.Objects)
        {
            await using var item = await bucket.TryOpenAsync(expected.Key, 0, null, Token);
            Assert.Equal(expected.SizeBytes, item!.SizeBytes);
            Assert.Equal(Convert.ToHexStringLower(MD5.HashData(await File.ReadAllBytesAsync(expected.FilePath, Token))), item.ETag);
            Assert.Equal(expected.Hash.ToString(), Convert.ToHexStringLower(await SHA256.HashDataAsync(item.Content, Token)));
        }

        Assert.Equal("bucket-ok", Assert.Single(await bucket.ProbeAsync("slot", Token)).Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_that_breaks_in_the_middle_is_taken_up_where_it_broke(bool fallSilent)
    {
        var ceph = await servers.CephAsync(Token);
        var name = await ceph.CreateBucketAsync(Token);
        await using var proxy = new FaultyProxy(ceph.Endpoint) { CutAfterBytes = 1 << 20, FallSilent = fallSilent };
        await using var bucket = new BucketClient(
            Settings(proxy.Endpoint) with { AnswerLimit = TimeSpan.FromSeconds(fallSilent ? 2 : 30) }, Credentials, name);
        var content = new byte[8 << 20];
        new Random(3).NextBytes(content);
        await using (var patient = new BucketClient(Settings(ceph.Endpoint), Credentials, name))
        {
            await patient.PutAsync("key", new MemoryStream(content), content.Length, Token);
        }

        proxy.Faults = 4;
        await using var item = await bucket.TryOpenAsync("key", 1000, content.Length - 2000, Token);
        using var read = new MemoryStream();
        await item!.Content.CopyToAsync(read, Token);
        Assert.True(content.AsSpan(1000, content.Length - 2000).SequenceEqual(read.ToArray()));
        Assert.True(proxy.Faults <= 0, $"{proxy.Faults} faults were left");
    }

    [Fact]
    public async Task Refusals_of_a_real_server_are_told_apart()
    {
        var ceph = await servers.CephAsync(Token);
        var name = await ceph.CreateBucketAsync(Token);
        Assert.Equal("bucket-missing", await ProbeAsync(Credentials, "no-such-bucket"));
        Assert.Equal("bucket-denied", await ProbeAsync(new S3Credentials(CephGateway.AccessKey, "wrong"), name));
        Assert.Equal("bucket-denied", await ProbeAsync(new S3Credentials("UNKNOWN", "wrong"), name));

        await using var absent = new BucketClient(Settings(ceph.Endpoint), Credentials, "no-such-bucket");
        foreach (var call in (Func<Task>[])[() => absent.TryOpenAsync("some/key", 0, null, Token), () => absent.TryHeadAsync(
            "some/key", Token), () => absent.PutAsync("some/key", new MemoryStream(), 0, Token)])
        {
            var failure = await Assert.ThrowsAsync<NesteggException>(call);
            Assert.Contains("there is no bucket", failure.Message, StringComparison.Ordinal);
            Assert.Null(ErrorText.WhatIsWrong(failure, "some/key"));
        }

        async Task<string> ProbeAsync(S3Credentials credentials, string bucket)
        {
            await using var client = new BucketClient(Settings(ceph.Endpoint), credentials, bucket);
            return Assert.Single(await client.ProbeAsync("slot", Token)).Code;
        }
    }

    [Fact]
    public async Task A_key_of_another_kind_of_letters_is_listed_and_read()
    {
        var ceph = await servers.CephAsync(Token);
        await using var bucket = new BucketClient(Settings(ceph.Endpoint), Credentials, await ceph.CreateBucketAsync(Token));
        await bucket.PutAsync("1/日本 +é", new MemoryStream([1, 2]), 2, Token);
        var listed = Assert.Single(await bucket.ListAsync("1/", Token).ToListAsync(Token));
        Assert.Equal(("1/日本 +é", 2), (listed.Key, listed.SizeBytes));
        Assert.Equal(listed.ETag, (await bucket.TryHeadAsync("1/日本 +é", Token))!.Value.ETag);
    }

    [Fact]
    public async Task A_source_that_ends_early_leaves_no_object_and_no_parts()
    {
        var ceph = await servers.CephAsync(Token);
        var name = await ceph.CreateBucketAsync(Token);
        await using var bucket = new BucketClient(Settings(ceph.Endpoint), Credentials, name);
        var failure = await Assert.ThrowsAsync<NesteggException>(
            () => bucket.PutAsync("1/key", new MemoryStream(new byte[10 << 20]), 20 << 20, Token));
        Assert.Null(ErrorText.WhatIsWrong(failure, "1/key"));
        Assert.Null(await bucket.TryHeadAsync("1/key", Token));
        Assert.Empty((await ceph.Client.ListMultipartUploadsAsync(
            new ListMultipartUploadsRequest { BucketName = name }, Token)).MultipartUploads ?? []);
    }

    [Fact]
    public async Task Any_answer_may_get_lost_during_an_upload_in_parts()
    {
        var ceph = await servers.CephAsync(Token);
        var name = await ceph.CreateBucketAsync(Token);
        var content = new byte[20 << 20];
        new Random(4).NextBytes(content);
        await using var proxy = new FaultyProxy(ceph.Endpoint);

        // An answer of this server is some 300 bytes long, so the cut moves from the first answer of the connection to the last.
        for (var cut = 0; cut <= 2000; cut += 200)
        {
            await using var bucket = new BucketClient(Settings(proxy.Endpoint), Credentials, name, new TestTime(haste: 20));
            using var source = new MemoryStream(content);
            (proxy.CutAfterBytes, proxy.Faults) = (cut, 1);
            await bucket.PutAsync($"key{cut}", source, content.Length, Token);
            proxy.Faults = 0;
            await using var item = await bucket.TryOpenAsync($"key{cut}", 0, null, Token);
            Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(item!.Content, Token));
        }
    }

    [Theory]
    [InlineData(ObjectLockMode.Governance, 100)]
    [InlineData(ObjectLockMode.Compliance, 100)]
    [InlineData(ObjectLockMode.Compliance, 20 << 20)]
    public async Task What_is_locked_cannot_be_deleted(ObjectLockMode mode, int bytes)
    {
        var ceph = await servers.CephAsync(Token);
        var name = await ceph.CreateBucketAsync(Token, objectLock: true);
        await using var store = new S3Store(name, "repo", Settings(ceph.Endpoint) with { Lock = new ObjectLock(mode, 30) }, Credentials);
        await using (var writer = await store.CreateAsync(bytes, Token))
        {
            await writer.WriteAsync(new byte[bytes], Token);
            await writer.CommitAsync("objects/item", Token);
        }

        var retained = (await ceph.Client.GetObjectRetentionAsync(
            new GetObjectRetentionRequest { BucketName = name, Key = "repo/objects/item" }, Token)).Retention;
        Assert.Equal(mode.ToString(), retained.Mode.Value, ignoreCase: true);
        Assert.InRange((retained.RetainUntilDate!.Value.ToUniversalTime() - DateTime.UtcNow).TotalDays, 29, 31);
        var version = Assert.Single((await ceph.Client.ListVersionsAsync(name, "repo/", Token)).Versions).VersionId;
        var refused = await Assert.ThrowsAsync<Amazon.S3.AmazonS3Exception>(() => ceph.Client.DeleteObjectAsync(
            new DeleteObjectRequest { BucketName = name, Key = "repo/objects/item", VersionId = version }, Token));
        Assert.Equal("AccessDenied", refused.ErrorCode);

        // A delete without a version hides the item; its bytes stay.
        await store.DeleteAsync("objects/item", Token);
        Assert.Null(await store.TryGetSizeAsync("objects/item", Token));
        var kept = await ceph.Client.GetObjectMetadataAsync(
            new GetObjectMetadataRequest { BucketName = name, Key = "repo/objects/item", VersionId = version }, Token);
        Assert.Equal(bytes, kept.ContentLength);
    }

    [Fact]
    public async Task An_outage_is_survived_when_it_is_short_and_told_when_it_is_long()
    {
        Assert.SkipUnless(CephGateway.MissingReason is null, CephGateway.MissingReason ?? "");
        await using var ceph = await CephGateway.StartAsync(Token);
        var name = await ceph.CreateBucketAsync(Token);
        await using var bucket = new BucketClient(
            Settings(ceph.Endpoint) with { AnswerLimit = TimeSpan.FromSeconds(2) }, Credentials, name);
        await bucket.PutAsync("key", new MemoryStream(new byte[1000]), 1000, Token);

        await ceph.SuspendAsync(Token);
        var during = bucket.TryHeadAsync("key", Token);
        await Task.Delay(TimeSpan.FromSeconds(3), Token);
        await ceph.ResumeAsync(Token);
        Assert.Equal(1000, (await during)!.Value.SizeBytes);

        ceph.Kill();
        var failure = await Assert.ThrowsAsync<NesteggException>(() => bucket.TryHeadAsync("key", Token));
        Assert.Contains("nothing listens", failure.Message, StringComparison.Ordinal);
        Assert.Null(ErrorText.WhatIsWrong(failure, "key"));
        await ceph.StartGatewayAsync(Token);
        Assert.Equal(1000, (await bucket.TryHeadAsync("key", Token))!.Value.SizeBytes);
    }

    private static S3Settings Settings(Uri endpoint) => new() { Endpoint = endpoint, PathStyle = true };
}
