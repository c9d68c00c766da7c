using Amazon.S3;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Settings;
using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.TestKit.Servers;

namespace Nestegg.TestKit.Instances;

/// <summary>
/// A known instance brought to life on real servers: its database in a PostgreSQL, its objects in a bucket for each slot, its folder
/// copied, an empty repository, and a <c>nestegg.yaml</c> that leads there. Host names stay those inside compose and go through the map, as
/// on a real host.
/// </summary>
public sealed class RunningInstance : IDisposable
{
    private static readonly string[] Slots = ["b2-eu-cen", "wasabi-eu-central-2-v3", "scw-eu-fr-v3"];

    private readonly TemporaryFolder folder = new();
    private readonly AgeIdentity identity = AgeIdentity.Generate();
    private readonly KnownInstance known;
    private readonly PostgresServer postgres;
    private readonly CephGateway store;
    private readonly IReadOnlyDictionary<string, string> buckets;

    // The section of nestegg.yaml for a repository in a bucket.
    private string? inBucket;

    private RunningInstance(
        KnownInstance known, KnownMoment moment, PostgresServer postgres, CephGateway store, IReadOnlyDictionary<string, string> buckets)
    {
        (this.known, Moment, this.postgres, this.store, this.buckets) = (known, moment, postgres, store, buckets);
        Folder = folder["my-ente"];
        CopyFolder(known.Folder, Folder);
        IdentityPath = folder["identity.txt"];
        RepositoryFolder = folder["repository"];
        ConfigurationPath = folder["nestegg.yaml"];
    }

    /// <summary>What it was brought to life from: what must be found in it, until a test changes it.</summary>
    public KnownMoment Moment { get; private set; }

    /// <summary>The operator's folder.</summary>
    public string Folder { get; }

    public string Database { get; private set; } = "";

    /// <summary>The bucket in slot <c>b2-eu-cen</c>, which has every original and thumbnail, as the quickstart has it.</summary>
    public string Bucket => buckets[Slots[0]];

    /// <summary>A slot in which there is nothing.</summary>
    public string SpareSlot => Slots.Except(Moment.Objects.Select(item => item.Slot)).First();

    /// <summary>Its bucket.</summary>
    public string SpareBucket => buckets[SpareSlot];

    /// <summary>The bucket of a slot.</summary>
    public string BucketOf(string slot) => buckets[slot];

    public string RepositoryFolder { get; }

    /// <summary>What opens the secret parts of the repository.</summary>
    public string IdentityPath { get; }

    public string ConfigurationPath { get; }

    /// <summary>A place for what a test makes besides.</summary>
    public string this[string name] => folder[name];

    public IAmazonS3 Objects => store.Client;

    /// <param name="moment"><c>t1</c> or <c>t2</c>.</param>
    public static async Task<RunningInstance> StartAsync(
        KnownInstance known, string moment, PostgresServer postgres, CephGateway store, CancellationToken cancellationToken)
    {
        var buckets = new Dictionary<string, string>();
        foreach (var slot in Slots)
        {
            buckets.Add(slot, await store.CreateBucketAsync(cancellationToken));
        }

        var instance = new RunningInstance(known, known[moment], postgres, store, buckets);
        await instance.MoveToAsync(moment, cancellationToken);
        await using var repository = LocalStore.Create(instance.RepositoryFolder, TimeProvider.System);
        await instance.CreateRepositoryAsync(repository, cancellationToken);
        return instance;
    }

    /// <summary>Time goes on: the database and the objects of another moment take the place of what is there.</summary>
    public async Task MoveToAsync(string moment, CancellationToken cancellationToken)
    {
        Moment = known[moment];
        await Moment.UploadAsync(store.Client, slot => buckets[slot], cancellationToken);
        Database = await postgres.RestoreAsync(Moment.DumpPath, cancellationToken);
        await WriteConfigurationAsync(cancellationToken);
    }

    /// <summary>An object is gone from the bucket of its slot.</summary>
    public Task DeleteObjectAsync(string key, CancellationToken cancellationToken) =>
        store.Client.DeleteObjectAsync(PlaceOf(key), key, cancellationToken);

    /// <summary>An object has other bytes.</summary>
    public Task ReplaceObjectAsync(string key, string content, CancellationToken cancellationToken) =>
        store.Client.PutObjectAsync(new() { BucketName = PlaceOf(key), Key = key, ContentBody = content }, cancellationToken);

    /// <summary>The bad day: the database, the objects and the folder are gone.</summary>
    public async Task DestroyAsync(CancellationToken cancellationToken)
    {
        await postgres.ExecuteAsync("postgres", $"DROP DATABASE {Database} WITH (FORCE)", cancellationToken);
        foreach (var bucket in buckets.Values)
        {
            foreach (var item in (await store.Client.ListObjectsV2Async(new() { BucketName = bucket }, cancellationToken)).S3Objects ?? [])
            {
                await store.Client.DeleteObjectAsync(bucket, item.Key, cancellationToken);
            }
        }

        Directory.Delete(Folder, recursive: true);
    }

    public Task<Npgsql.NpgsqlConnection> OpenDatabaseAsync(CancellationToken cancellationToken) =>
        postgres.OpenAsync(Database, cancellationToken);

    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) => postgres.ExecuteAsync(Database, sql, cancellationToken);

    /// <summary>The first column of a query, as text.</summary>
    public async Task<IReadOnlyList<string>> AskAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = await OpenDatabaseAsync(cancellationToken);
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var answers = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            answers.Add(reader.GetValue(0).ToString()!);
        }

        return answers;
    }

    /// <summary>Makes a repository in a bucket, and a configuration like the other one that leads there.</summary>
    /// <param name="address"><c>s3://bucket/prefix?endpoint=…</c></param>
    public async Task<string> UseRepositoryAtAsync(string address, string accessKey, string secretKey, CancellationToken cancellationToken)
    {
        await using var store = StoreAddress.Parse(address).Open(new(accessKey, secretKey));
        await CreateRepositoryAsync(store, cancellationToken);
        inBucket = $"""
            repository:
              location: "{address}"
              access-key-id: {accessKey}
              secret-access-key: {secretKey}
            """;
        await WriteConfigurationAsync(cancellationToken);
        return folder["bucket.yaml"];
    }

    public void Dispose()
    {
        identity.Dispose();
        folder.Dispose();
    }

    private string PlaceOf(string key) => buckets[Moment.Objects.First(item => item.Key == key).Slot];

    private async Task CreateRepositoryAsync(IStore store, CancellationToken cancellationToken)
    {
        using var key = MinisignSecretKey.Generate();
        await File.WriteAllBytesAsync(folder["signing.key"], key.ToFileText(), cancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder["signing.key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await File.WriteAllBytesAsync(IdentityPath, identity.ToText(), cancellationToken);
        await Repository.CreateAsync(store, [identity.Recipient], key.PublicKey, TimeProvider.System, cancellationToken);
    }

    private async Task WriteConfigurationAsync(CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(ConfigurationPath, Configuration(), cancellationToken);
        if (inBucket is not null)
        {
            var text = Configuration().Replace($"repository: {RepositoryFolder}", inBucket, StringComparison.Ordinal);
            await File.WriteAllTextAsync(folder["bucket.yaml"], text, cancellationToken);
        }
    }

    private string Configuration() => $"""
        instance: {Folder}
        repository: {RepositoryFolder}
        signing-key: {folder["signing.key"]}
        recipients: [{identity.Recipient}]
        map:
          - postgres:5432=127.0.0.1:{postgres.Port}
          - localhost:3200={store.Endpoint.Authority}
        access:
          db.name: {Database}
          db.user: {PostgresServer.User}
          db.password: {PostgresServer.Password}

        """ + string.Concat(buckets.Select(bucket => $"""
          s3.{bucket.Key}.bucket: {bucket.Value}
          s3.{bucket.Key}.key: {CephGateway.AccessKey}
          s3.{bucket.Key}.secret: {CephGateway.SecretKey}
          s3.{bucket.Key}.region: {CephGateway.Region}

        """));

    private static void CopyFolder(string from, string to)
    {
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }
}
