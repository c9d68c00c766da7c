using Amazon.S3;
using Nestegg.TestKit.Servers;

namespace Nestegg.TestKit.Instances;

/// <summary>
/// The recorded instance brought to life on real servers: its database in a PostgreSQL, its objects in a bucket, its folder copied, and a
/// <c>nestegg.yaml</c> that leads there. Host names stay those inside compose and go through the map, as on a real host.
/// </summary>
public sealed class FixtureInstance : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly PostgresServer postgres;
    private readonly CephGateway store;

    private FixtureInstance(PostgresServer postgres, CephGateway store, string database, string bucket)
    {
        (this.postgres, this.store, Database, Bucket) = (postgres, store, database, bucket);
        Folder = folder["my-ente"];
        CopyFolder(FixtureFolder.Instance, Folder);
        SigningKey = folder["signing.key"];
        RepositoryFolder = folder["repository"];
        ConfigurationPath = folder["nestegg.yaml"];
        File.WriteAllText(ConfigurationPath, Configuration());
    }

    /// <summary>The operator's folder.</summary>
    public string Folder { get; }

    public string Database { get; private set; }

    public string Bucket { get; }

    public string RepositoryFolder { get; }

    public string SigningKey { get; }

    public string ConfigurationPath { get; }

    /// <summary>A place for what a test makes besides.</summary>
    public string this[string name] => folder[name];

    public IAmazonS3 Objects => store.Client;

    public static async Task<FixtureInstance> StartAsync(string moment, PostgresServer postgres, CephGateway store, CancellationToken cancellationToken)
    {
        var bucket = await store.CreateBucketAsync(cancellationToken);
        await FixtureFolder.UploadAsync(store.Client, moment, bucket, cancellationToken);
        var database = await postgres.RestoreAsync(FixtureFolder.Dump(moment), cancellationToken);
        return new FixtureInstance(postgres, store, database, bucket);
    }

    /// <summary>Time goes on: the database and the objects of the other moment take the place of what is there.</summary>
    public async Task MoveToAsync(string moment, CancellationToken cancellationToken)
    {
        await FixtureFolder.UploadAsync(store.Client, moment, Bucket, cancellationToken);
        Database = await postgres.RestoreAsync(FixtureFolder.Dump(moment), cancellationToken);
        await File.WriteAllTextAsync(ConfigurationPath, Configuration(), cancellationToken);
    }

    public Task<Npgsql.NpgsqlConnection> OpenDatabaseAsync(CancellationToken cancellationToken) => postgres.OpenAsync(Database, cancellationToken);

    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) => postgres.ExecuteAsync(Database, sql, cancellationToken);

    public void Dispose() => folder.Dispose();

    private string Configuration() => $"""
        instance: {Folder}
        repository: {RepositoryFolder}
        signing-key: {SigningKey}
        map:
          - postgres:5432=127.0.0.1:{postgres.Port}
          - localhost:3200={store.Endpoint.Authority}
        access:
          db.name: {Database}
          db.user: {PostgresServer.User}
          db.password: {PostgresServer.Password}
          s3.b2-eu-cen.bucket: {Bucket}
          s3.b2-eu-cen.key: {CephGateway.AccessKey}
          s3.b2-eu-cen.secret: {CephGateway.SecretKey}
          s3.b2-eu-cen.region: {CephGateway.Region}

        """;

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
