using System.Diagnostics;
using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Sample;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Resilience;

public class MemoryTests(SharedServers servers, ITestOutputHelper output)
{
    private const long LimitBytes = 200_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(50_000)]
    [LongData(1_000_000)]
    public async Task Objects_take_less_than_200_megabytes_however_many_they_are(int objects)
    {
        var postgres = await servers.PostgresAsync(Token);
        using var folder = new TemporaryFolder();
        await using var store = await EmbeddedStore.StartAsync(Token);
        var name = "million_" + Guid.NewGuid().ToString("n");
        var instance = await MillionInstance.CreateAsync(
            new SampleOptions
            {
                Folder = folder["my-ente"],
                ServerConnectionString = postgres.ConnectionString("postgres"), DatabaseName = name, DatabaseUser = name + "_user",
                ObjectStore = store.Endpoint,
                AccessKey = EmbeddedStore.AccessKey, SecretKey = EmbeddedStore.SecretKey, UsesComposeNames = false,
            },
            objects, Token);
        instance.WriteObjects(store.Folder);
        var recipient = await NewRepository.CreateAsync(LocalStore.Create(folder["repository"]), folder["signing.key"], Token);
        await File.WriteAllTextAsync(
            folder["nestegg.yaml"],
            $"instance: {folder["my-ente"]}\nrepository: {folder["repository"]}\nsigning-key: {folder["signing.key"]}\n"
            + $"recipients: [{recipient}]\n", Token);

        Assert.Equal(objects, await BackUpAsync("first", folder["nestegg.yaml"]));
        Assert.Equal(0, await BackUpAsync("second", folder["nestegg.yaml"]));
    }

    /// <returns>How many objects were fetched.</returns>
    private async Task<long> BackUpAsync(string run, string configuration)
    {
        var began = Stopwatch.GetTimestamp();
        await using var backup = CliProcess.Start("backup", "--json", "--config", configuration);
        var end = await backup.ExpectAsync(ExitCode.Done, Token);
        output.WriteLine(
            $"{run}: {end.Summary.GetProperty("objects")} objects, {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s, peak {backup.PeakBytes / 1e6:0} MB");
        Assert.InRange(backup.PeakBytes, 1, LimitBytes);
        return end.Summary.GetProperty("newObjects").GetInt64();
    }
}
