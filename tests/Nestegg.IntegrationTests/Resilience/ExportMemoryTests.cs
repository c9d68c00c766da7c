using System.Diagnostics;
using Nestegg.TestKit;
using Nestegg.TestKit.Sample;

namespace Nestegg.IntegrationTests.Resilience;

public class ExportMemoryTests(SharedServers servers, ITestOutputHelper output)
{
    private const long LimitBytes = 250_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="spreadBytes">How far the lengths go above the first one, in steps of one.</param>
    [Theory]
    [InlineData(5_000, 100L, 5_000)]
    [LongData(1, 4L << 30, 1)]
    [LongData(200_000, 100L, 1_000)]
    public async Task Files_take_less_than_250_megabytes_however_many_and_however_long_they_are(int files, long firstBytes, int spreadBytes)
    {
        var postgres = await servers.PostgresAsync(Token);
        using var folder = new TemporaryFolder();
        var ada = await BulkSnapshot.CreateAsync(postgres, folder, files, number => firstBytes + (number % spreadBytes), Token);

        Assert.Equal(files, await ExportAsync("first", folder, ada));
        Assert.Equal(0, await ExportAsync("second", folder, ada));
    }

    /// <returns>How many files were written.</returns>
    private async Task<long> ExportAsync(string run, TemporaryFolder folder, SamplePerson person)
    {
        var began = Stopwatch.GetTimestamp();
        await using var export = CliProcess.Start([.. BulkSnapshot.ExportArguments(person, folder, "photos"), "--json"]);
        var end = await export.ExpectAsync(ExitCode.Done, Token);
        output.WriteLine(
            $"{run}: {end.Summary.GetProperty("files")} files, {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s, peak {export.PeakBytes / 1e6:0} MB");
        Assert.InRange(export.PeakBytes, 1, LimitBytes);
        return end.Summary.GetProperty("written").GetInt64();
    }
}
