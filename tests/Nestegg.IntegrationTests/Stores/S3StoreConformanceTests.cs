using Amazon.S3.Model;
using Nestegg.Stores;
using Nestegg.Stores.S3;
using Nestegg.TestKit.Servers;
using Nestegg.Tests.Stores;

namespace Nestegg.IntegrationTests.Stores;

public sealed class S3StoreConformanceTests(SharedServers servers) : StoreConformanceTests
{
    private CephGateway? ceph;
    private string bucket = "";

    protected override async Task<IStore> OpenEmptyAsync()
    {
        ceph = await servers.CephAsync(Token);
        bucket = await ceph.CreateBucketAsync(Token);
        return new S3Store(bucket, "some/prefix", new S3Settings { Endpoint = ceph.Endpoint, PathStyle = true }, new S3Credentials(
            CephGateway.AccessKey, CephGateway.SecretKey));
    }

    protected override async Task AssertNothingWaitsAsync()
    {
        var uploads = await ceph!.Client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket }, Token);
        Assert.Empty(uploads.MultipartUploads ?? []);
    }
}
