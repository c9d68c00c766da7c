using Amazon.S3.Model;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Servers;

public class CephGatewayTests(SharedServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_recorded_objects_go_in_and_are_listed_with_their_sizes()
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        var ceph = await servers.CephAsync(Token);
        var bucket = await ceph.CreateBucketAsync(Token);
        await FixtureFolder.UploadAsync(ceph.Client, "t1", bucket, Token);

        var listed = await ceph.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Token);
        Assert.Equal(
            FixtureFolder.Objects("t1").OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => (o.Key, o.SizeBytes)),
            listed.S3Objects.Select(o => (o.Key, o.Size ?? -1)));
    }
}
