using Nestegg.Ente.Objects;
using Nestegg.TestKit;
using Nestegg.TestKit.Sample;
using Nestegg.TestKit.Servers;
using Npgsql;

namespace Nestegg.IntegrationTests.Samples;

public class MillionInstanceTests(SharedServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_buckets_hold_exactly_what_the_database_names(bool straightIntoTheFolder)
    {
        var objects = LongDataAttribute.IsOn ? 1_000_000 : 5_000;
        var postgres = await servers.PostgresAsync(Token);
        using var folder = new TemporaryFolder();
        await using var store = await EmbeddedStore.StartAsync(Token);
        var name = "million_" + Guid.NewGuid().ToString("n");
        var options = new SampleOptions
        {
            Folder = folder["my-ente"],
            ServerConnectionString = postgres.ConnectionString("postgres"), DatabaseName = name, DatabaseUser = name + "_user",
            ObjectStore = store.Endpoint, AccessKey = EmbeddedStore.AccessKey, SecretKey = EmbeddedStore.SecretKey,
        };
        var instance = await MillionInstance.CreateAsync(options, objects, Token);
        if (straightIntoTheFolder)
        {
            instance.WriteObjects(store.Folder);
        }
        else
        {
            await instance.UploadObjectsAsync(store.Client, 8, Token);
        }

        await using var connection = new NpgsqlConnection(postgres.ConnectionString(name));
        await connection.OpenAsync(Token);
        var named = new HashSet<(string, long)>();
        await foreach (var item in NamedObjects.ReadAsync(connection, Token))
        {
            Assert.True(named.Add((item.Key, item.SizeBytes!.Value)));
        }

        Assert.Equal(instance.Objects, named.Count);
        await foreach (var item in store.Client.Paginators.ListObjectsV2(new() { BucketName = instance.Bucket }).S3Objects.WithCancellation(
            Token))
        {
            Assert.True(named.Remove((item.Key, item.Size!.Value)), item.Key);
        }

        Assert.Empty(named);
    }
}
