using Nestegg.Stores;
using Nestegg.Stores.S3;
using Nestegg.TestKit.Servers;
using Nestegg.Tests.Stores;

namespace Nestegg.IntegrationTests.Stores;

public sealed class EmbeddedStoreConformanceTests : StoreConformanceTests
{
    private EmbeddedStore? server;

    protected override async Task<IStore> OpenEmptyAsync()
    {
        server = await EmbeddedStore.StartAsync(Token);
        var bucket = await server.CreateBucketAsync(Token);
        return new S3Store(bucket, "", new S3Settings { Endpoint = server.Endpoint, PathStyle = true }, new S3Credentials(
            EmbeddedStore.AccessKey, EmbeddedStore.SecretKey));
    }

    protected override async ValueTask CleanUpAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }
}
