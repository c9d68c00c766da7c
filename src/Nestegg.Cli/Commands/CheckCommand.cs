using System.CommandLine;
using Nestegg.Checks;
using Nestegg.Cli.Terminal;
using Nestegg.Jobs;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg check</c>: is the repository as it was written.</summary>
internal static class CheckCommand
{
    public static Command Create(CommonOptions common)
    {
        var read = new Option<bool>("--read") { Description = "Read and hash every byte" };
        var subset = new Option<string?>("--read-subset")
        {
            Description =
                "Read a part: 5% for the next five in a hundred, 3/30 for the third of thirty parts, next/30 for the one after the last "
                + "that was read",
            HelpName = "PART",
        };
        var command = new Command("check", "Compares the repository with its own records") { read, subset };
        common.SetAction(command, (parse, _) => new CheckRequest(Scope(parse.GetValue(read), parse.GetValue(subset))), RunAsync);
        return command.WithExamples("nestegg check", "nestegg check --read", "nestegg check --read-subset next/30 --quiet");
    }

    private static ReadScope Scope(bool readsAll, string? subset)
    {
        if (subset is null)
        {
            return readsAll ? ReadScope.All : ReadScope.None;
        }

        if (readsAll)
        {
            throw new NesteggException(FailureKind.BadInput, "--read and --read-subset exclude each other", "read everything or a part");
        }

        return ReadScope.TryParse(subset, out var scope)
            ? scope
            : throw new NesteggException(FailureKind.BadInput, $"--read-subset {subset} is no part", "5%, 3/30 or next/30 were expected");
    }

    private static async Task<ExitCode> RunAsync(CommandRun run, CheckRequest request, CancellationToken cancellationToken)
    {
        var counts = await CheckJob.RunAsync(run.Context, request, run.Log, cancellationToken);
        var summary = new Summary()
            .Add("errors", counts.Errors, "errors")
            .Add("warnings", counts.Warnings, "warnings")
            .Add("snapshots", counts.Snapshots, "snapshots")
            .Add("forgotten", counts.Forgotten, "forgotten ones among them")
            .Add("indexFiles", counts.IndexFiles, "index files")
            .Add("liveRows", counts.LiveRows, "objects that snapshots need")
            .Add("objects", counts.Objects, "files of one object")
            .Add("packs", counts.Packs, "packs")
            .AddBytes("storedBytes", counts.StoredBytes, "their size")
            .Add("unusedFiles", counts.UnusedFiles, "files that no snapshot needs")
            .Add("leftovers", counts.Leftovers, "leftovers of interrupted runs")
            .Add("readFiles", counts.ReadFiles, "files read")
            .AddBytes("readBytes", counts.ReadBytes, "their size");
        return run.Output.Finish(summary, counts.Errors > 0 ? ExitCode.Damaged : ExitCode.Done);
    }
}
