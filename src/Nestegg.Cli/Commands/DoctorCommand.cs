using System.CommandLine;
using Nestegg.Cli.Terminal;
using Nestegg.Instance;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg doctor</c>: looks at the instance and says what is wrong and what to do.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommonOptions common)
    {
        var command = new Command("doctor", "Looks at the instance: configuration, database, secrets, programs, buckets");
        command.SetAction(async (parse, cancellationToken) => (int)await RunAsync(common, parse, cancellationToken));
        return command.WithExamples("nestegg doctor", "nestegg doctor --config /etc/nestegg/nestegg.yaml --json");
    }

    private static async Task<ExitCode> RunAsync(CommonOptions common, ParseResult parse, CancellationToken cancellationToken)
    {
        await using var instance = EnteInstance.Open(common.Configuration(parse), common.Host.Time);
        var result = await new Preflight(instance).RunAsync(common.Output, cancellationToken);
        var summary = new Summary()
            .Add("errors", result.Count(Severity.Error), "errors")
            .Add("warnings", result.Count(Severity.Warning), "warnings")
            .Add("notes", result.Count(Severity.Note), "notes")
            .Add("ok", result.Count(Severity.Ok), "in order");
        return common.Output.Finish(summary, result.Count(Severity.Error) > 0 ? ExitCode.Incomplete : ExitCode.Done);
    }
}
