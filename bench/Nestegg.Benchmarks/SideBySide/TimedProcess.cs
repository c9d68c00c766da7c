using System.Diagnostics;
using System.Globalization;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>What one run of a whole program cost.</summary>
/// <param name="BusyCores">
/// Of the whole machine while it ran, servers and all: where it is the number of cores, there is nothing left to gain by doing more at
/// once.
/// </param>
internal readonly record struct Cost(double WallSeconds, double CpuSeconds, double PeakMegabytes, double BusyCores);

/// <summary>Runs shell commands under GNU time, which asks the operating system for the peak memory of the largest process.</summary>
internal static class TimedProcess
{
    public static async Task<Cost> RunAsync(string command, string workingFolder, IReadOnlyDictionary<string, string> environment)
    {
        var report = Path.GetTempFileName();
        var start = new ProcessStartInfo(
            "/usr/bin/time", ["-f", "%e %U %S %M", "-o", report, "bash", "-c", "set -euo pipefail; " + command])
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var (before, began) = (BusySeconds(), Stopwatch.GetTimestamp());
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        var busyCores = (BusySeconds() - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"exit code {process.ExitCode}: {command}\n{await output}{await error}");
        }

        var fields = (await File.ReadAllLinesAsync(report))[^1].Split(' ')
            .Select(field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        File.Delete(report);
        return new Cost(fields[0], fields[1] + fields[2], fields[3] / 1024, busyCores);
    }

    // The first line of /proc/stat, in hundredths of a second: user, nice, system, idle, waiting, and two kinds of interrupts
    // (proc_stat(5)).
    private static double BusySeconds()
    {
        var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        return (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / 100;
    }
}
