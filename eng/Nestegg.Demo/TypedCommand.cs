using System.Diagnostics;

namespace Nestegg.Demo;

/// <summary>The demo did not go as it should.</summary>
internal sealed class DemoException(string message) : Exception(message);

/// <summary>Runs the real program as a person would: shows what is typed, and lets the program's own output through.</summary>
internal sealed class TypedCommand(string workingFolder)
{
    /// <summary>Runs <c>nestegg</c> with these arguments.</summary>
    /// <param name="line">As typed, without quotes in it.</param>
    public async Task RunAsync(string line, CancellationToken cancellationToken)
    {
        Console.WriteLine();
        Console.WriteLine($"$ nestegg {line}");
        var start = new ProcessStartInfo(Program(), line.Split(' ')) { WorkingDirectory = workingFolder, RedirectStandardInput = true };
        // The person who watches has no configuration of their own in this story.
        start.Environment.Remove("NESTEGG_CONFIG");
        using var process = Process.Start(start) ?? throw new DemoException("nestegg did not start");
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        if (process.ExitCode != 0)
        {
            throw new DemoException($"nestegg {line} ended with exit code {process.ExitCode}; 0 was expected");
        }
    }

    // Built beside the demo, with the same configuration: eng/Nestegg.Demo/bin/Release/net10.0 → src/Nestegg.Cli/bin/Release/net10.0.
    private static string Program()
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var name = OperatingSystem.IsWindows() ? "Nestegg.Cli.exe" : "Nestegg.Cli";
        var path = TestKit.RepositoryRoot.Combine("src", "Nestegg.Cli", "bin", output.Parent!.Name, output.Name, name);
        return File.Exists(path) ? path : throw new DemoException($"{path} is not built");
    }
}
