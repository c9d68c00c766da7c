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
        var log = new RunLog(common.Output);
        await new Preflight(instance, log).RunAsync(cancellationToken);
        var summary = new Summary()
            .Add("errors", log.Count(Severity.Error), "errors")
            .Add("warnings", log.Count(Severity.Warning), "warnings")
            .Add("notes", log.Count(Severity.Note), "notes")
            .Add("ok", log.Count(Severity.Ok), "in order");
        return common.Output.Finish(summary, ExitCodes.Of(isComplete: log.Errors == 0));
    }
}
