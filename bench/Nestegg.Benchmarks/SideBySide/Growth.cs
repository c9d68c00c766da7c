using System.Globalization;
using System.Text;
using Nestegg.TestKit;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>
/// What a backup that finds nothing new and the first photo cost, from a thousand objects to ten million, as tables and a plot.
/// </summary>
internal static class Growth
{
    private static readonly int[] Sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];

    public static async Task<int> RunAsync(string[] options)
    {
        var rounds = Harness.Rounds(options);
        var largest = int.Parse(Harness.Option(options, "--largest") ?? "10000000", CultureInfo.InvariantCulture);
        var (text, points) = (new StringBuilder(), new StringBuilder());
        foreach (var size in Sizes.Where(size => size <= largest))
        {
            await using var stand = await BenchStand.OpenAsync(DataSet.OfDatabase(size));
            text.Append(await Harness.HeadAsync(stand, $"bench/run growth --rounds {rounds}"));
            points.Append(CultureInfo.InvariantCulture, $"{size}");
            foreach (var race in Races.OnDatabase(stand))
            {
                var result = await race.RunAsync(rounds, stand);
                text.Append(result.ToMarkdown());
                points.Append(CultureInfo.InvariantCulture, $" {result.OursSeconds} {result.OursMegabytes}");
            }

            points.AppendLine(size > 1_000_000 ? " - -" : "");
        }

        await Harness.KeepAsync("growth", text.ToString(), options);
        await PlotAsync(points.ToString(), RepositoryRoot.Combine("docs", "growth.svg"));
        return 0;
    }

    private static async Task PlotAsync(string points, string picture)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["points"], points);
        await ExternalProgram.RunAsync("gnuplot",
        [
            "-e",
            $"""
            set terminal svg size 760,420 background rgb 'white'; set output '{picture}'; set logscale xy; set format x '10^%T'; set grid; set key left top;
            set xlabel 'objects in the repository'; set ylabel 'seconds'; set y2label 'peak MB'; set logscale y2; set y2tics; set ytics nomirror;
            set datafile missing '-'; plot '{folder["points"]}' using 1:2 with linespoints title 'backup with nothing new, seconds', '' using 1:3 axes x1y2 with linespoints title 'its peak memory, MB', '' using 1:4 with linespoints title 'first photo, cold, seconds'
            """,
        ], CancellationToken.None);
    }
}
