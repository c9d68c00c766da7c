using System.Runtime.InteropServices;
using System.Text;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>Prepares a set on real servers, runs every race on it, and writes the tables.</summary>
internal sealed class Harness : IAsyncDisposable
{
    private const int Parallel = 8;

    private readonly DataSet data;
    private readonly int rounds;
    private readonly TemporaryFolder folder = new();
    private readonly PostgresServer postgres;
    private readonly CephGateway store;
    private FilledInstance? instance;

    private Harness(DataSet data, int rounds, PostgresServer postgres, CephGateway store) =>
        (this.data, this.rounds, this.postgres, this.store) = (data, rounds, postgres, store);

    public static async Task<int> RunAsync(string set, string[] options)
    {
        var rounds = int.Parse(Option(options, "--rounds") ?? "3");
        var output = Option(options, "--out") ?? RepositoryRoot.Combine("bench", "results");
        await using var postgres = await PostgresServer.StartAsync(CancellationToken.None);
        await using var store = await CephGateway.StartAsync(CancellationToken.None);
        await using var harness = new Harness(DataSet.Named(set), rounds, postgres, store);
        var text = await harness.RunAsync();
        Directory.CreateDirectory(output);
        var path = Path.Combine(output, $"{DateTime.UtcNow:yyyy-MM-dd}-{set}.md");
        await File.WriteAllTextAsync(path, text);
        Console.WriteLine(text);
        Console.Error.WriteLine($"written to {path}");
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        if (instance is not null)
        {
            await instance.DisposeAsync();
        }

        folder.Dispose();
    }

    private async Task<string> RunAsync()
    {
        Console.Error.WriteLine($"{data.Name}: filling the database with {data.Objects:N0} objects");
        instance = await FilledInstance.CreateAsync(data, folder["my-ente"], postgres, store);
        var hasObjects = data.Objects <= 100_000;
        if (hasObjects)
        {
            Console.Error.WriteLine($"{data.Name}: uploading {data.Bytes / 1e6:N0} MB");
            await instance.UploadAsync(16);
        }

        await File.WriteAllTextAsync(folder["rclone.conf"], $"""
            [ceph]
            type = s3
            provider = Ceph
            access_key_id = {CephGateway.AccessKey}
            secret_access_key = {CephGateway.SecretKey}
            endpoint = {store.Endpoint}
            """);
        var text = new StringBuilder(await HeadAsync());
        foreach (var race in hasObjects ? Races.OnObjects(Place()) : Races.OnDatabase(Place()))
        {
            if (!hasObjects)
            {
                await TimedProcess.RunAsync(Place().Init, folder.Path, Variables());
                await IndexedRepository.WriteAsync(folder["repository"], instance);
            }

            text.Append((await race.RunAsync(rounds, folder.Path, Variables())).ToMarkdown());
        }

        return text.ToString();
    }

    private BenchPlace Place() => new(
        RepositoryRoot.Combine("artifacts", "nestegg"), Environment.ProcessPath!, folder.Path, store.Endpoint, instance!.Bucket, instance.ConnectionString, Parallel);

    private async Task<string> HeadAsync() => $"""
        ## {data.Name}

        {data.Objects:N0} objects, {data.Bytes / 1e6:N0} MB. {DateTime.UtcNow:yyyy-MM-dd}, `bench/run whole {data.Name} --rounds {rounds}`.
        {Environment.ProcessorCount} cores of {await FirstLineAsync("grep -m1 'model name' /proc/cpuinfo | cut -d: -f2")}, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {RuntimeInformation.OSDescription}, .NET {Environment.Version}.
        {await FirstLineAsync("pg_dump --version")}; {await FirstLineAsync("radosgw --version")}; {await FirstLineAsync("rclone version")}; {await FirstLineAsync("restic version")}; {await FirstLineAsync("borg --version")}.


        """;

    private async Task<string> FirstLineAsync(string command)
    {
        await TimedProcess.RunAsync($"({command}) > version.txt 2>&1", folder.Path, Variables());
        return (await File.ReadAllLinesAsync(folder["version.txt"])).FirstOrDefault("").Trim();
    }

    private Dictionary<string, string> Variables() => new()
    {
        ["RCLONE_CONFIG"] = folder["rclone.conf"],
        ["RESTIC_PASSWORD"] = "bench",
        ["BORG_UNENCRYPTED_REPO_ACCESS_IS_OK"] = "yes",
        ["AWS_CA_BUNDLE"] = "",
    };

    private static string? Option(string[] options, string name) =>
        Array.IndexOf(options, name) is >= 0 and var at && at + 1 < options.Length ? options[at + 1] : null;
}
