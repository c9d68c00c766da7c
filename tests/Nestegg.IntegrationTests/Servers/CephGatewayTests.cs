using Amazon.S3.Model;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Servers;

public class CephGatewayTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task Known_objects_go_in_and_are_listed_with_their_sizes(string name)
    {
        var moment = (await instances.OpenAsync(name, Token))["t1"];
        var ceph = await servers.CephAsync(Token);
        var bucket = await ceph.CreateBucketAsync(Token);
        await moment.UploadAsync(ceph.Client, _ => bucket, Token);

        var listed = await ceph.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Token);
        Assert.Equal(
            moment.Objects.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => (o.Key, o.SizeBytes)),
            listed.S3Objects.Select(o => (o.Key, o.Size ?? -1)));
    }
}
