using System.Diagnostics;
using System.Globalization;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>What one run of a whole program cost.</summary>
internal readonly record struct Cost(double WallSeconds, double CpuSeconds, double PeakMegabytes);

/// <summary>Runs shell commands under GNU time, which asks the operating system for the peak memory of the largest process.</summary>
internal static class TimedProcess
{
    public static async Task<Cost> RunAsync(string command, string workingFolder, IReadOnlyDictionary<string, string> environment)
    {
        var report = Path.GetTempFileName();
        var start = new ProcessStartInfo("/usr/bin/time", ["-f", "%e %U %S %M", "-o", report, "bash", "-c", "set -euo pipefail; " + command])
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"exit code {process.ExitCode}: {command}\n{await output}{await error}");
        }

        var fields = (await File.ReadAllLinesAsync(report))[^1].Split(' ').Select(field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        File.Delete(report);
        return new Cost(fields[0], fields[1] + fields[2], fields[3] / 1024);
    }
}
