using System.CommandLine;
using Nestegg.Cli.Terminal;
using Nestegg.Jobs;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg doctor</c>: looks at the instance and says what is wrong and what to do.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommonOptions common)
    {
        var command = new Command("doctor", "Looks at the instance: configuration, database, secrets, programs, buckets");
        common.SetAction(command, (_, _) => 0, (run, _, cancellationToken) => RunAsync(run, cancellationToken));
        return command.WithExamples("nestegg doctor", "nestegg doctor --config /etc/nestegg/nestegg.yaml --json");
    }

    private static async Task<ExitCode> RunAsync(CommandRun run, CancellationToken cancellationToken)
    {
        await DoctorJob.RunAsync(run.Context, run.Log, cancellationToken);
        var summary = new Summary()
            .Add("errors", run.Log.Errors, "errors")
            .Add("warnings", run.Log.Warnings, "warnings")
            .Add("notes", run.Log.Count(Severity.Note), "notes")
            .Add("ok", run.Log.Count(Severity.Ok), "in order");
        var code = run.Output.Finish(summary, ExitCodes.Of(run.Log.Errors == 0));
        run.Output.Line(run.Log.Errors == 0
            ? $"next: {run.Typed("backup")}"
            : $"next: mend what the errors name, then {run.Typed("doctor")} again");
        return code;
    }
}
