using Amazon.S3;
using Nestegg.Age;
using Nestegg.Minisign;
using Nestegg.Repositories;
using Nestegg.Stores;
using Nestegg.TestKit.Servers;

namespace Nestegg.TestKit.Instances;

/// <summary>
/// The recorded instance brought to life on real servers: its database in a PostgreSQL, its objects in a bucket, its folder copied, an empty
/// repository, and a <c>nestegg.yaml</c> that leads there. Host names stay those inside compose and go through the map, as on a real host.
/// </summary>
public sealed class FixtureInstance : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private static readonly string[] Slots = ["b2-eu-cen", "wasabi-eu-central-2-v3", "scw-eu-fr-v3"];

    private readonly PostgresServer postgres;
    private readonly CephGateway store;
    private readonly string[] buckets;

    private FixtureInstance(PostgresServer postgres, CephGateway store, string database, string[] buckets)
    {
        (this.postgres, this.store, Database, this.buckets) = (postgres, store, database, buckets);
        Folder = folder["my-ente"];
        CopyFolder(FixtureFolder.Instance, Folder);
        IdentityPath = folder["identity.txt"];
        RepositoryFolder = folder["repository"];
        ConfigurationPath = folder["nestegg.yaml"];
        File.WriteAllText(ConfigurationPath, Configuration());
    }

    /// <summary>The operator's folder.</summary>
    public string Folder { get; }

    public string Database { get; private set; }

    /// <summary>The bucket with the objects: in slot <c>b2-eu-cen</c>, as the quickstart has it.</summary>
    public string Bucket => buckets[0];

    /// <summary>The empty bucket in slot <c>wasabi-eu-central-2-v3</c>.</summary>
    public string SecondBucket => buckets[1];

    public string RepositoryFolder { get; }

    /// <summary>What opens the secret parts of the repository.</summary>
    public string IdentityPath { get; }

    public string ConfigurationPath { get; }

    /// <summary>A place for what a test makes besides.</summary>
    public string this[string name] => folder[name];

    public IAmazonS3 Objects => store.Client;

    public static async Task<FixtureInstance> StartAsync(string moment, PostgresServer postgres, CephGateway store, CancellationToken cancellationToken)
    {
        var buckets = new List<string>();
        foreach (var _ in Slots)
        {
            buckets.Add(await store.CreateBucketAsync(cancellationToken));
        }

        await FixtureFolder.UploadAsync(store.Client, moment, buckets[0], cancellationToken);
        var database = await postgres.RestoreAsync(FixtureFolder.Dump(moment), cancellationToken);
        var instance = new FixtureInstance(postgres, store, database, [.. buckets]);
        await using var repository = LocalStore.Create(instance.RepositoryFolder, TimeProvider.System);
        await instance.CreateRepositoryAsync(repository, cancellationToken);
        return instance;
    }

    /// <summary>Time goes on: the database and the objects of the other moment take the place of what is there.</summary>
    public async Task MoveToAsync(string moment, CancellationToken cancellationToken)
    {
        await FixtureFolder.UploadAsync(store.Client, moment, Bucket, cancellationToken);
        Database = await postgres.RestoreAsync(FixtureFolder.Dump(moment), cancellationToken);
        await File.WriteAllTextAsync(ConfigurationPath, Configuration(), cancellationToken);
    }

    /// <summary>The bad day: the database, the objects and the folder are gone.</summary>
    public async Task DestroyAsync(CancellationToken cancellationToken)
    {
        await postgres.ExecuteAsync("postgres", $"DROP DATABASE {Database} WITH (FORCE)", cancellationToken);
        foreach (var item in (await store.Client.ListObjectsV2Async(new() { BucketName = Bucket }, cancellationToken)).S3Objects ?? [])
        {
            await store.Client.DeleteObjectAsync(Bucket, item.Key, cancellationToken);
        }

        Directory.Delete(Folder, recursive: true);
    }

    public Task<Npgsql.NpgsqlConnection> OpenDatabaseAsync(CancellationToken cancellationToken) => postgres.OpenAsync(Database, cancellationToken);

    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) => postgres.ExecuteAsync(Database, sql, cancellationToken);

    /// <summary>Makes a repository in a bucket, and a configuration like the other one that leads there.</summary>
    /// <param name="address"><c>s3://bucket/prefix?endpoint=…</c></param>
    public async Task<string> UseRepositoryAtAsync(string address, string accessKey, string secretKey, CancellationToken cancellationToken)
    {
        await using var store = StoreAddress.Parse(address).Open(new(accessKey, secretKey));
        await CreateRepositoryAsync(store, cancellationToken);
        var text = (await File.ReadAllTextAsync(ConfigurationPath, cancellationToken)).Replace($"repository: {RepositoryFolder}", $"""
            repository:
              location: "{address}"
              access-key-id: {accessKey}
              secret-access-key: {secretKey}
            """, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder["bucket.yaml"], text, cancellationToken);
        return folder["bucket.yaml"];
    }

    public void Dispose() => folder.Dispose();

    private async Task CreateRepositoryAsync(IStore store, CancellationToken cancellationToken)
    {
        using var key = MinisignSecretKey.Generate();
        using var identity = AgeIdentity.Generate();
        await File.WriteAllBytesAsync(folder["signing.key"], key.ToFileText(), cancellationToken);
        await File.WriteAllBytesAsync(IdentityPath, identity.ToText(), cancellationToken);
        await Repository.CreateAsync(store, [identity.Recipient], key.PublicKey, TimeProvider.System, cancellationToken);
    }

    private string Configuration() => $"""
        instance: {Folder}
        repository: {RepositoryFolder}
        signing-key: {folder["signing.key"]}
        map:
          - postgres:5432=127.0.0.1:{postgres.Port}
          - localhost:3200={store.Endpoint.Authority}
        access:
          db.name: {Database}
          db.user: {PostgresServer.User}
          db.password: {PostgresServer.Password}

        """ + string.Concat(Slots.Zip(buckets, (slot, bucket) =>
        $"  s3.{slot}.bucket: {bucket}\n  s3.{slot}.key: {CephGateway.AccessKey}\n  s3.{slot}.secret: {CephGateway.SecretKey}\n  s3.{slot}.region: {CephGateway.Region}\n"));

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
