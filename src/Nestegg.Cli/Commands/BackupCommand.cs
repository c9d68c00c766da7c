using System.CommandLine;
using Nestegg.Backup;
using Nestegg.Cli.Terminal;
using Nestegg.Jobs;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg backup</c>: makes one snapshot of the instance.</summary>
internal static class BackupCommand
{
    public static Command Create(CommonOptions common)
    {
        var parallel = new Option<int?>("--parallel")
        {
            Description = "Objects in transfer at once (else `parallel` of the configuration, else 8)", HelpName = "N",
        };
        var command = new Command("backup", "Captures configuration, database and objects as one snapshot") { parallel };
        common.SetAction(command, (parse, _) => new BackupRequest(parse.GetValue(parallel)), RunAsync);
        return command.WithExamples(
            "nestegg backup", "nestegg backup --config /etc/nestegg/nestegg.yaml --json", "nestegg backup --quiet --parallel 16");
    }

    private static async Task<ExitCode> RunAsync(CommandRun run, BackupRequest request, CancellationToken cancellationToken)
    {
        // Night after night it is what is wrong that counts; doctor shows the rest.
        run.Output.IsBrief = true;
        var result = await BackupJob.RunAsync(run.Context, request, run.Log, cancellationToken);
        var code = run.Output.Finish(Summary(result), ExitCodes.Of(result.IsComplete));
        run.Output.Line(
            result.IsComplete
                ? $"next: {run.Typed("prove")}, with the identity and somebody's password, shows that the backup opens"
                : $"next: {run.Typed("doctor")} and {run.Typed("audit")} say what is missing and what to do");
        return code;
    }

    private static Summary Summary(BackupResult result)
    {
        var (manifest, counts) = (result.Manifest, result.Counts);
        return new Summary()
            .Add("snapshot", manifest.Id.ToString(), "snapshot")
            .Add("complete", manifest.Complete, "complete")
            .Add("users", manifest.Counts.Users, "users")
            .Add("files", manifest.Counts.Files, "files")
            .Add("objects", manifest.Counts.Objects, "objects")
            .AddBytes("objectBytes", manifest.Counts.ObjectBytes, "their size")
            .Add("newObjects", manifest.Counts.NewObjects, "fetched now")
            .AddBytes("newBytes", manifest.Counts.NewBytes, "their size")
            .Add("missing", counts.Missing, "missing or of another length")
            .Add("missingDerived", counts.MissingDerived, "previews and ML data missing")
            .Add("changedSince", counts.ChangedSince, "changed while the run went on")
            .Add("seconds", Math.Round(result.Duration.TotalSeconds, 1), "seconds");
    }
}
