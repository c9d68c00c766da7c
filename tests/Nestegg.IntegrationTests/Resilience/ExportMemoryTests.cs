using System.Diagnostics;
using Nestegg.TestKit;
using Nestegg.TestKit.Sample;

namespace Nestegg.IntegrationTests.Resilience;

public class ExportMemoryTests(SharedServers servers, ITestOutputHelper output)
{
    private const long LimitBytes = 250_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Five_thousand_files_take_less_than_250_megabytes() => ExportTwiceAsync(5_000, number => 100 + number);

    [Fact]
    public Task A_file_of_four_gibibytes_takes_less_than_250_megabytes() => LongAsync(1, _ => 4L << 30);

    [Fact]
    public Task Two_hundred_thousand_files_take_less_than_250_megabytes() => LongAsync(200_000, number => 100 + (number % 1000));

    private Task LongAsync(int files, Func<int, long> lengthBytes)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("NESTEGG_LONG_TESTS") == "1", "takes many minutes and gigabytes; NESTEGG_LONG_TESTS=1 runs this");
        return ExportTwiceAsync(files, lengthBytes);
    }

    private async Task ExportTwiceAsync(int files, Func<int, long> lengthBytes)
    {
        var postgres = await servers.PostgresAsync(Token);
        using var folder = new TemporaryFolder();
        var ada = await BulkSnapshot.CreateAsync(postgres, folder, files, lengthBytes, Token);

        Assert.Equal(files, await ExportAsync("first", folder, ada));
        Assert.Equal(0, await ExportAsync("second", folder, ada));
    }

    /// <returns>How many files were written.</returns>
    private async Task<long> ExportAsync(string run, TemporaryFolder folder, SamplePerson person)
    {
        var began = Stopwatch.GetTimestamp();
        await using var export = CliProcess.Start([.. BulkSnapshot.ExportArguments(person, folder, "photos"), "--json"]);
        var end = await export.ExpectAsync(ExitCode.Done, Token);
        output.WriteLine($"{run}: {end.Summary.GetProperty("files")} files, {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s, peak {export.PeakBytes / 1e6:0} MB");
        Assert.InRange(export.PeakBytes, 1, LimitBytes);
        return end.Summary.GetProperty("written").GetInt64();
    }
}
