using System.Globalization;
using Nestegg.TestKit;
using Nestegg.TestKit.Sample;
using Nestegg.TestKit.Servers;
using Npgsql;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>A filled instance on real servers, and a folder in which the programs are run.</summary>
internal sealed class BenchStand : IAsyncDisposable
{
    /// <summary>Transfers at once, for every program that can be told.</summary>
    public const int Parallel = 8;

    private readonly TemporaryFolder folder;
    private readonly PostgresServer postgres;
    private readonly CephGateway store;
    private readonly FilledInstance instance;

    private BenchStand(DataSet data, TemporaryFolder folder, PostgresServer postgres, CephGateway store, FilledInstance instance) =>
        (Data, this.folder, this.postgres, this.store, this.instance) = (data, folder, postgres, store, instance);

    public DataSet Data { get; }

    public string Folder => folder.Path;

    public Uri Endpoint => store.Endpoint;

    public string Bucket => instance.Bucket;

    public string Nestegg { get; } = RepositoryRoot.Combine("artifacts", "nestegg");

    /// <summary>This program, for the contenders that it plays itself.</summary>
    public string Self { get; } = Environment.ProcessPath!;

    /// <summary>What the commands find in their environment.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["RCLONE_CONFIG"] = folder["rclone.conf"],
        ["RESTIC_PASSWORD"] = "bench",
        ["RESTIC_REPOSITORY"] = "restic",
        ["BORG_UNENCRYPTED_REPO_ACCESS_IS_OK"] = "yes",
        ["AWS_CA_BUNDLE"] = "",
    };

    /// <summary>To whom the set's files belong.</summary>
    public SamplePerson Owner => instance.Owner;

    /// <summary>Somebody with few photos in an instance of many.</summary>
    public SamplePerson Reader => instance.Reader;

    public string ReaderAlbum => instance.ReaderAlbum;

    /// <summary>The server, as psql takes it, for who may make databases.</summary>
    public string ServerDatabase => ForLibpq(postgres.ConnectionString("postgres"));

    /// <summary>The instance's database, or another of its owner's, as pg_dump takes it.</summary>
    public string Database(string? name = null) => ForLibpq(instance.ConnectionString, name);

    public static async Task<BenchStand> OpenAsync(DataSet data)
    {
        var folder = new TemporaryFolder();
        var postgres = await PostgresServer.StartAsync(CancellationToken.None);
        var store = await CephGateway.StartAsync(CancellationToken.None);
        Console.Error.WriteLine($"{data.Name}: filling the database with {data.Objects:N0} objects");
        var instance = await FilledInstance.CreateAsync(data, folder["my-ente"], postgres, store);
        var stand = new BenchStand(data, folder, postgres, store, instance);
        await File.WriteAllTextAsync(folder["rclone.conf"], $"""
            [ceph]
            type = s3
            provider = Ceph
            access_key_id = {CephGateway.AccessKey}
            secret_access_key = {CephGateway.SecretKey}
            endpoint = {store.Endpoint}
            """);
        await stand.FillAsync();
        return stand;
    }

    public Task<Cost> RunAsync(string command) => TimedProcess.RunAsync(command, Folder, Variables);

    /// <summary>The first line of what a command prints.</summary>
    public async Task<string> FirstLineAsync(string command)
    {
        await RunAsync($"({command}) > output.txt 2>&1");
        return (await File.ReadAllLinesAsync(folder["output.txt"])).FirstOrDefault("").Trim();
    }

    /// <summary>Lengths of the folders that the programs have made.</summary>
    public async Task<IReadOnlyDictionary<string, long>> StoredAsync()
    {
        var stored = new Dictionary<string, long>();
        foreach (var name in (string[])["repository", "fetched", "restic", "borg"])
        {
            if (Directory.Exists(folder[name]))
            {
                stored[name] = long.Parse(await FirstLineAsync($"du --apparent-size -sb {name} | cut -f1"), CultureInfo.InvariantCulture);
            }
        }

        return stored;
    }

    public async ValueTask DisposeAsync()
    {
        await instance.DisposeAsync();
        await store.DisposeAsync();
        await postgres.DisposeAsync();
        folder.Dispose();
    }

    private static string ForLibpq(string connectionString, string? database = null)
    {
        var connection = new NpgsqlConnectionStringBuilder(connectionString);
        return $"host={connection.Host} port={connection.Port} dbname={database ?? connection.Database} "
            + $"user={connection.Username} password={connection.Password}";
    }

    private async Task FillAsync()
    {
        if (Data.IsEncrypted)
        {
            await File.WriteAllTextAsync(folder["password"], Owner.Password);
            await instance.WriteEncryptedAsync(folder["objects"]);
            await RunAsync(
                $"rclone copy --transfers {Parallel} objects ceph:{Bucket}; rm -rf objects; {Races.Init(this)}; {Races.Backup(this)}");
            return;
        }

        await File.WriteAllTextAsync(folder["password"], Reader.Password);
        if (Data.HasBytes)
        {
            Console.Error.WriteLine($"{Data.Name}: uploading {Data.Bytes / 1e6:N0} MB");
            await instance.UploadAsync(16);
        }
        else
        {
            await RunAsync(Races.Init(this));
            await IndexedRepository.WriteAsync(folder["repository"], folder["nestegg.key"], instance);
        }
    }
}
