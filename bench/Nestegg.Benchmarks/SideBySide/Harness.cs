using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Nestegg.TestKit;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>Runs every race on one set and writes the tables.</summary>
internal static class Harness
{
    public static async Task<int> RunAsync(string set, string[] options)
    {
        var rounds = Rounds(options);
        await using var stand = await BenchStand.OpenAsync(DataSet.Named(set));
        var text = new StringBuilder(await HeadAsync(stand, $"bench/run whole {set} --rounds {rounds}"));
        foreach (var race in Races.On(stand)
            .Where(race => Option(options, "--job") is not { } job || race.Job.Contains(job, StringComparison.OrdinalIgnoreCase)))
        {
            text.Append((await race.RunAsync(rounds, stand)).ToMarkdown());
        }

        await KeepAsync(set, text.ToString(), options);
        return 0;
    }

    /// <summary>Prints a job's tables and keeps them in bench/results, or where <c>--out</c> says.</summary>
    public static async Task KeepAsync(string name, string text, string[] options)
    {
        var folder = Option(options, "--out") ?? RepositoryRoot.Combine("bench", "results");
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{DateTime.UtcNow:yyyy-MM-dd}-{name}.md");
        await File.WriteAllTextAsync(path, text);
        Console.WriteLine(text);
        Console.Error.WriteLine($"written to {path}");
    }

    /// <summary>Keeps a filled instance and its servers up until it is interrupted, to run and profile single commands against.</summary>
    public static async Task<int> StandAsync(string set)
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        await using var stand = await BenchStand.OpenAsync(DataSet.Named(set));
        Console.WriteLine($"cd {stand.Folder}");
        foreach (var (name, value) in stand.Variables)
        {
            Console.WriteLine($"export {name}={value}");
        }

        foreach (var contender in Races.On(stand).SelectMany(race => race.Contenders))
        {
            Console.WriteLine($"# {contender.Name}\n{contender.Prepare}\n{contender.Command}");
        }

        await Task.Delay(Timeout.Infinite, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }

    /// <summary>What was measured on which machine, for the top of a set's tables.</summary>
    public static async Task<string> HeadAsync(BenchStand stand, string command) => $"""
        ## {stand.Data.Name}

        {stand.Data.Objects:N0} objects, {stand.Data.Bytes / 1e6:N0} MB. {DateTime.UtcNow:yyyy-MM-dd}, `{command}`.
        {Machine}
        {await stand.FirstLineAsync("pg_dump --version")}; {await stand.FirstLineAsync("radosgw --version")}; {await stand.FirstLineAsync("rclone version")}; {await stand.FirstLineAsync("restic version")}; {await stand.FirstLineAsync("borg --version")}.


        """;

    public static string Machine =>
        $"{Environment.ProcessorCount} cores of {File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1]}, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {RuntimeInformation.OSDescription}, .NET {Environment.Version}.";

    public static int Rounds(string[] options) => int.Parse(Option(options, "--rounds") ?? "3", CultureInfo.InvariantCulture);

    /// <summary>The word after an option's name.</summary>
    public static string? Option(string[] options, string name) =>
        Array.IndexOf(options, name) is >= 0 and var at && at + 1 < options.Length ? options[at + 1] : null;
}
