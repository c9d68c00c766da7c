using System.Net;
using Nestegg.Server.S3;
using Nestegg.TestKit.Sample;
using Nestegg.TestKit.Servers;

namespace Nestegg.Demo;

/// <summary>A machine of the story: a PostgreSQL and an object store of its own.</summary>
internal sealed class Machine : IAsyncDisposable
{
    private readonly string accessKey;
    private readonly string secretKey;
    private readonly EmbeddedObjectStore store;

    private Machine(PostgresServer postgres, EmbeddedObjectStore store, string accessKey, string secretKey) =>
        (Postgres, this.store, this.accessKey, this.secretKey) = (postgres, store, accessKey, secretKey);

    public PostgresServer Postgres { get; }

    /// <summary>What leads from the names inside compose to the real addresses, as a person types it.</summary>
    public string Map => $"--map postgres:5432=127.0.0.1:{Postgres.Port} --map localhost:3200={store.Address.Authority}";

    /// <summary>A <c>nestegg.yaml</c> for an instance on this machine.</summary>
    public string Configuration(string instance, string repository) => $"""
        instance: {instance}
        repository: {repository}
        map:
          - postgres:5432=127.0.0.1:{Postgres.Port}
          - localhost:3200={store.Address.Authority}

        """;

    public static async Task<Machine> StartAsync(string bucketsFolder, string name, CancellationToken cancellationToken)
    {
        var (accessKey, secretKey) =
            ($"{name}-store-user", Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(12)));
        var postgres = await PostgresServer.StartAsync(cancellationToken);
        try
        {
            var store = await EmbeddedObjectStore.StartAsync(
                bucketsFolder, new IPEndPoint(IPAddress.Loopback, 0), new S3Credentials(accessKey, secretKey), cancellationToken);
            return new Machine(postgres, store, accessKey, secretKey);
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    public SampleOptions Options(string instanceFolder) => new()
    {
        Folder = instanceFolder, ServerConnectionString = Postgres.ConnectionString("postgres"),
        ObjectStore = store.Address, AccessKey = accessKey, SecretKey = secretKey,
    };

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await Postgres.DisposeAsync();
    }
}
