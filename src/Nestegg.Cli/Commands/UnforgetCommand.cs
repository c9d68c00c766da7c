using System.CommandLine;
using Nestegg.Cli.Terminal;
using Nestegg.Jobs;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg unforget</c>: keeps forgotten snapshots again.</summary>
internal static class UnforgetCommand
{
    public static Command Create(CommonOptions common)
    {
        var ids = new Argument<string[]>("ID")
        {
            Description = "Forgotten snapshots: their ids, or the beginnings of them", Arity = ArgumentArity.ZeroOrMore,
        };
        var all = new Option<bool>("--all") { Description = "All that are forgotten and still there" };
        var command = new Command("unforget", "Keeps forgotten snapshots again, while they are there") { ids, all };
        common.SetAction(command, (parse, _) => Read(parse.GetValue(ids) ?? [], parse.GetValue(all)), RunAsync);
        return command.WithExamples("nestegg unforget --all", "nestegg unforget 20261123T190000Z-00002f04");
    }

    private static UnforgetRequest Read(string[] ids, bool all) => all == ids.Length > 0
        ? throw new NesteggException(
            FailureKind.BadInput, all ? "--all and ids exclude each other" : "no snapshot is named",
            "name forgotten snapshots, or --all; nestegg snapshots --forgotten lists them")
        : new UnforgetRequest(ids);

    private static async Task<ExitCode> RunAsync(CommandRun run, UnforgetRequest request, CancellationToken cancellationToken)
    {
        var result = await UnforgetJob.RunAsync(run.Context, request, run.Log, cancellationToken);
        run.Output.Table("kept", ["id"], result.Kept.Select(id => (Cell[])[Cell.Whole(id.ToString())]));
        return run.Output.Finish(new Summary()
            .Add("kept", result.Kept.Count, "kept again")
            .Add("removed", result.Removed, "forgotten and removed before"));
    }
}
