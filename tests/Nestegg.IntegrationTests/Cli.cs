using System.Text.Json;
using Nestegg.Cli;
using Nestegg.Cli.Terminal;

namespace Nestegg.IntegrationTests;

/// <summary>
/// One run of the command line and what it said: in this process, or in one of its own where <c>NESTEGG_TEST_EXECUTABLE</c> names the
/// executable that ships.
/// </summary>
internal sealed record Cli(ExitCode ExitCode, string Out, string Error)
{
    /// <summary>The last event of a run with <c>--json</c>.</summary>
    public JsonElement Summary => Events().Last(line => line.GetProperty("event").GetString() == "summary");

    /// <summary>The environment of every run.</summary>
    public static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string> { ["HOME"] = Path.GetTempPath() };

    public static async Task<Cli> RunAsync(CancellationToken cancellationToken, params string[] args)
    {
        // No process can be started with what is cancelled already.
        if (CliProcess.IsShipped && !cancellationToken.IsCancellationRequested)
        {
            await using var run = CliProcess.Start(new Dictionary<string, string>(Variables), args);
            return await run.EndAsync(cancellationToken);
        }

        var (output, error) = (new StringWriter(), new StringWriter());
        var host = new CommandHost
        {
            Out = TextWriter.Synchronized(output),
            Error = TextWriter.Synchronized(error),
            Environment = Variables,
            WorkingFolder = Path.GetTempPath(),
        };
        var code = await CommandLine.RunAsync(args, host, cancellationToken);
        return new Cli(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs, and fails with all that was said when the exit code is another one.</summary>
    public static async Task<Cli> ExpectAsync(ExitCode expected, CancellationToken cancellationToken, params string[] args)
    {
        var run = await RunAsync(cancellationToken, args);
        Assert.True(
            run.ExitCode == expected,
            $"nestegg {string.Join(' ', args)}: exit code {(int)run.ExitCode}, expected {(int)expected}\n{run.Out}{run.Error}");
        return run;
    }

    public IEnumerable<JsonElement> Events() =>
        Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);

    public IEnumerable<string> FindingCodes(string severity) => Events()
        .Where(line => line.GetProperty("event").GetString() == "finding" && line.GetProperty("severity").GetString() == severity)
        .Select(line => line.GetProperty("code").GetString()!);
}
