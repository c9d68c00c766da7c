using System.Globalization;
using System.Text;
using Nestegg.TestKit;
using Nestegg.TestKit.Museum;
using Nestegg.TestKit.Sample;
using Nestegg.TestKit.Servers;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>
/// <c>nestegg export --live</c> beside <see cref="OneAtATime"/>, in turns. museum, its database and the store are on this machine and share
/// its processors; how long after a request an answer begins is set, because on loopback there is no network to wait for.
/// </summary>
internal sealed class LiveExport(RecordedMuseum museum, SampleInstance sample, TemporaryFolder folder, int rounds)
{
    // As many and as much as in the comparison that led to this one.
    private const int Files = 160;
    private const long FileBytes = 695_000_000 / Files;

    private static readonly int[] DelaysMs = [0, 10, 40];

    private readonly string nestegg = RepositoryRoot.Combine("artifacts", "nestegg");

    public static async Task<int> RunAsync(string[] options)
    {
        var rounds = Harness.Rounds(options);
        using var folder = new TemporaryFolder();
        await using var postgres = await PostgresServer.StartAsync(CancellationToken.None);
        await using var store = await EmbeddedStore.StartAsync(CancellationToken.None);
        await using var sample = await SampleInstance.CreateAsync(
            new SampleOptions
            {
                Folder = folder["my-ente"], ServerConnectionString = postgres.ConnectionString("postgres"), ObjectStore = store.Endpoint,
                AccessKey = EmbeddedStore.AccessKey, SecretKey = EmbeddedStore.SecretKey, UsesComposeNames = false,
            },
            CancellationToken.None);
        await BulkUpload.IntoFolderAsync(sample, folder["objects"], Files, _ => FileBytes, CancellationToken.None);
        await using var database = await postgres.OpenAsync(sample.Options.DatabaseName, CancellationToken.None);
        await using var museum = await RecordedMuseum.StartAsync(
            database, new Dictionary<string, MuseumAccount> { [sample.Ada.Email] = new(sample.Ada.UserId, null) },
            key => Path.Combine(folder["objects"], key), CancellationToken.None);
        await File.WriteAllTextAsync(folder["password"], sample.Ada.Password);
        await Harness.KeepAsync("live", await new LiveExport(museum, sample, folder, rounds).RaceAsync(), options);
        return 0;
    }

    private async Task<string> RaceAsync()
    {
        var table = new StringBuilder($"""
            ## Export from a live museum

            {Files} files, {Files * FileBytes / 1_000_000} MB. {DateTime.UtcNow:yyyy-MM-dd}, `bench/run live --rounds {rounds}`.
            {Harness.Machine}


            """);
        table.AppendLine(
            "| an answer begins after | one at a time | busy cores | all cores / busy | nestegg export --live | busy cores | times as "
            + "fast | peak MB |")
            .AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (var delayMs in DelaysMs)
        {
            museum.Delay = museum.Store.Delay = TimeSpan.FromMilliseconds(delayMs);
            List<Cost> simple = [], ours = [];
            for (var round = 0; round < rounds; round++)
            {
                simple.Add(await TimeAsync($"{Environment.ProcessPath} one-at-a-time {museum.Endpoint} {sample.Ada.Email} password out"));
                ours.Add(
                    await TimeAsync(
                        $"{nestegg} export --quiet --live {museum.Endpoint} --user {sample.Ada.Email} --password-file password --album "
                        + $"{BulkUpload.AlbumName} --to out"));
            }

            var (before, after) = (Median(simple, cost => cost.WallSeconds), Median(ours, cost => cost.WallSeconds));

            // What doing the same work at once, on all cores, could gain.
            var busy = Median(simple, cost => cost.BusyCores);
            table.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {delayMs} ms | {before:0.0} s | {busy:0.00} | {Environment.ProcessorCount / busy:0.0} | {after:0.0} s | {Median(ours, cost => cost.BusyCores):0.00} | {before / after:0.0} | {ours.Max(cost => cost.PeakMegabytes):0} |");
        }

        return table.ToString();
    }

    private async Task<Cost> TimeAsync(string command)
    {
        var cost = await TimedProcess.RunAsync(command, folder.Path, new Dictionary<string, string>());
        Directory.Delete(folder["out"], recursive: true);
        return cost;
    }

    private static double Median(List<Cost> costs, Func<Cost, double> of) => costs.Select(of).Order().ElementAt(costs.Count / 2);
}
