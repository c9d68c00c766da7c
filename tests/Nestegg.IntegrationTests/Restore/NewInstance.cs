using System.Security.Cryptography;
using Amazon.S3.Model;
using Nestegg.Ente.Configuration;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Restore;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;
using Npgsql;

namespace Nestegg.IntegrationTests.Restore;

/// <summary>
/// What a person has on the new machine: a folder as the quickstart makes it, an empty database, an empty bucket for each slot that the old
/// instance used.
/// </summary>
internal sealed class NewInstance : IDisposable
{
    // What the neutralising steps change in the known instances; every other table must come back bit by bit.
    private static readonly string[] Neutralised =
    [
        "tokens", "push_tokens", "queue",
        "temp_objects", "otts", "srp_sessions", "temp_srp_setup", "temp_two_factor", "two_factor_sessions", "two_factor_used_codes",
        "passkey_login_sessions", "webauthn_sessions", "casting", "kex_store", "public_paste_tokens", "task_lock", "trash",
    ];

    private readonly TemporaryFolder folder = new();

    private NewInstance(PostgresServer postgres, CephGateway ceph, string database, IReadOnlyDictionary<string, string> buckets) =>
        (Postgres, Ceph, Database, Buckets) = (postgres, ceph, database, buckets);

    public PostgresServer Postgres { get; }

    public CephGateway Ceph { get; }

    public string Database { get; }

    /// <summary>By slot.</summary>
    public IReadOnlyDictionary<string, string> Buckets { get; }

    /// <summary>The one that museum will serve from.</summary>
    public string Bucket => Buckets["b2-eu-cen"];

    public string Folder => folder["my-ente"];

    /// <summary>The names of the compose network, as the person would map them.</summary>
    public string[] Map => [$"postgres:5432=127.0.0.1:{Postgres.Port}", $"localhost:3200=127.0.0.1:{Ceph.Endpoint.Port}"];

    /// <param name="old">What will be restored into it.</param>
    /// <param name="postgres">One of the test's own; else the one that all share.</param>
    public static async Task<NewInstance> CreateAsync(
        SharedServers servers, KnownMoment old, CancellationToken cancellationToken, bool makeDatabase = true,
        PostgresServer? postgres = null)
    {
        postgres ??= await servers.PostgresAsync(cancellationToken);
        var ceph = await servers.CephAsync(cancellationToken);
        var buckets = new Dictionary<string, string>();
        foreach (var slot in old.Objects.Select(item => item.Slot).Distinct())
        {
            buckets.Add(slot, await ceph.CreateBucketAsync(cancellationToken));
        }

        var database = makeDatabase ? await postgres.CreateDatabaseAsync(cancellationToken) : "db_" + Guid.NewGuid().ToString("n");
        var instance = new NewInstance(postgres, ceph, database, buckets);
        Directory.CreateDirectory(instance.Folder);
        await File.WriteAllTextAsync(Path.Combine(instance.Folder, "museum.yaml"), instance.MuseumYaml(), cancellationToken);
        return instance;
    }

    public RestoreOptions Options => new() { Into = Folder, Map = EndpointMap.Parse(Map), Parallel = 4 };

    /// <summary>Plans and runs a restore of a snapshot into this instance.</summary>
    public async Task<RestoreResult> RestoreAsync(
        KnownSnapshot snapshot, CancellationToken cancellationToken, RestoreOptions? options = null, RunLog? log = null)
    {
        await using var run = await RestoreRun.OpenAsync(
            new RestoreSource(snapshot.Repository, snapshot.Manifest, [snapshot.Sample.Identity]), options ?? Options, TimeProvider.System,
            log ?? RunEvents.Nowhere(), cancellationToken);
        return await run.RunAsync(await run.PlanAsync(cancellationToken), cancellationToken);
    }

    public async Task<RestorePlan> PlanAsync(KnownSnapshot snapshot, CancellationToken cancellationToken, RestoreOptions? options = null)
    {
        await using var run = await RestoreRun.OpenAsync(
            new RestoreSource(snapshot.Repository, snapshot.Manifest, [snapshot.Sample.Identity]), options ?? Options, TimeProvider.System,
            RunEvents.Nowhere(), cancellationToken);
        return await run.PlanAsync(cancellationToken);
    }

    /// <summary>The SHA-256 of every object in the buckets, by key.</summary>
    public async Task<SortedDictionary<string, ObjectHash>> HashObjectsAsync(CancellationToken cancellationToken)
    {
        var hashes = new SortedDictionary<string, ObjectHash>(StringComparer.Ordinal);
        foreach (var bucket in Buckets.Values)
        {
            var listed = await Ceph.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, cancellationToken);
            foreach (var item in listed.S3Objects ?? [])
            {
                using var got = await Ceph.Client.GetObjectAsync(bucket, item.Key, cancellationToken);
                hashes.Add(item.Key, new ObjectHash(await SHA256.HashDataAsync(got.ResponseStream, cancellationToken)));
            }
        }

        return hashes;
    }

    public static SortedDictionary<string, ObjectHash> Expected(KnownMoment moment) =>
        new(moment.Objects.ToDictionary(item => item.Key, item => item.Hash), StringComparer.Ordinal);

    /// <summary>Rows and checksum of every table.</summary>
    public static async Task<SortedDictionary<string, string>> ChecksumsAsync(
        PostgresServer postgres, string database, CancellationToken cancellationToken)
    {
        await using var connection = await postgres.OpenAsync(database, cancellationToken);
        var tables = new List<string>();
        await using (var list = new NpgsqlCommand(
            "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1", connection))
        await using (var reader = await list.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                tables.Add(reader.GetString(0));
            }
        }

        var sums = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var table in tables)
        {
            await using var sum = new NpgsqlCommand(
                $"SELECT count(*) || ' ' || coalesce(md5(string_agg(CAST(t AS text), E'\\n' ORDER BY CAST(t AS text))), '') FROM {table} t",
                connection);
            sums[table] = (string)(await sum.ExecuteScalarAsync(cancellationToken))!;
        }

        return sums;
    }

    /// <summary>Every table of the restored database is that of the moment, row for row, but for the documented steps.</summary>
    public static async Task AssertTablesAsync(NewInstance target, KnownMoment moment, CancellationToken cancellationToken)
    {
        var original = await target.Postgres.RestoreAsync(moment.DumpPath, cancellationToken);
        var expected = await ChecksumsAsync(target.Postgres, original, cancellationToken);
        var restored = await ChecksumsAsync(target.Postgres, target.Database, cancellationToken);
        Assert.Equal(expected.Keys, restored.Keys);
        Assert.All(expected.Where(table => !Neutralised.Contains(table.Key)), table => Assert.Equal(
            $"{table.Key} {table.Value}", $"{table.Key} {restored[table.Key]}"));
        // An older schema lacks some of these.
        Assert.All(Neutralised.Where(expected.ContainsKey).Where(table => table != "trash"), table => Assert.Equal("0 ", restored[table]));
    }

    /// <summary>A session ends on the server some moments after its client has gone, and a restore refuses to run beside one.</summary>
    public async Task UntilNobodyIsConnectedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await Postgres.OpenAsync("postgres", cancellationToken);
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{Database}'", connection);
        while ((long)(await command.ExecuteScalarAsync(cancellationToken))! > 0)
        {
            await Task.Delay(20, cancellationToken);
        }
    }

    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) => Postgres.ExecuteAsync(Database, sql, cancellationToken);

    public async Task<T> AskAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var connection = await Postgres.OpenAsync(Database, cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public void Dispose() => folder.Dispose();

    private string MuseumYaml() => $"""
        # made on the new machine
        db:
            host: postgres
            port: 5432
            name: {Database}
            user: {PostgresServer.User}
            password: {PostgresServer.Password}   # of the new machine
        s3:
            are_local_buckets: true
            use_path_style_urls: true
        {string.Join("\n", Buckets.Select(bucket => $"""
                {bucket.Key}:
                    key: {CephGateway.AccessKey}
                    secret: {CephGateway.SecretKey}
                    endpoint: localhost:3200
                    region: {CephGateway.Region}
                    bucket: {bucket.Value}
            """))}
        key:
            encryption: bmV3
            hash: bmV3
        jwt:
            secret: bmV3

        """;
}
