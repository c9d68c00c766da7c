using System.CommandLine;
using System.Globalization;
using Nestegg.Cli.Terminal;
using Nestegg.Find;
using Nestegg.Jobs;
using Nestegg.Opening;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg find</c>: what is in a person's library, in which snapshot, also what was thrown away since.</summary>
internal sealed class FindCommand(CommonOptions common)
{
    private readonly IdentityOptions identity = new();
    private readonly AccountOptions account = new();
    private readonly Option<string> snapshot = new("--snapshot")
    {
        Description = "Which snapshot: its id, the beginning of it, or latest",
        HelpName = "ID",
        DefaultValueFactory = _ => SnapshotSource.Latest,
    };
    private readonly Option<bool> all = new("--all-snapshots")
    {
        Description = "In every snapshot: says since when and until when each was there",
    };
    private readonly Option<string?> album = new("--album")
    {
        Description = "Only in albums whose name fits; * and ? stand for anything", HelpName = "NAME",
    };
    private readonly Option<string?> name = new("--name")
    {
        Description = "Only files whose name fits; * and ? stand for anything", HelpName = "NAME",
    };
    private readonly Option<DateTimeOffset?> from = ExportCommand.Date("--from", "Only what was taken on this day or later");
    private readonly Option<DateTimeOffset?> until = ExportCommand.Date("--until", "Only what was taken before this day");

    public Command Create()
    {
        var command = new Command("find", "Lists albums and files of a snapshot, deleted ones too");
        foreach (var option in account.All.Concat(identity.All).Concat([snapshot, all, album, name, from, until]))
        {
            command.Options.Add(option);
        }

        common.SetAction(command, Read, RunAsync);
        return command.WithExamples(
            "nestegg find --snapshot latest --identity identity.txt --user me@example.org --album \"Summer*\"",
            "nestegg find --all-snapshots --identity identity.txt --user me@example.org --name \"IMG_12*\"");
    }

    private FindRequest Read(ParseResult parse, JobContext context)
    {
        var source = new SnapshotSource(parse.GetValue(snapshot)!, identity.Source(common.Host, parse));
        return new FindRequest(
            new PersonSource(source, account.Source(common.Host, parse)),
            parse.GetValue(all),
            new LibrarySearch(parse.GetValue(album), parse.GetValue(name), parse.GetValue(from), parse.GetValue(until)));
    }

    private static async Task<ExitCode> RunAsync(CommandRun run, FindRequest request, CancellationToken cancellationToken)
    {
        var history = await FindJob.RunAsync(run.Context, request, run.Log, cancellationToken);
        var isAll = request.InAllSnapshots;
        string[] columns = ["album", "name", "taken", "size", "state", "file"];
        var rows = history.Entries.Select(entry => (Cell[])
        [
            entry.Found.Album, entry.Found.Name, Cell.Whole(entry.Found.Day), Cell.Bytes(entry.Found.SizeBytes),
            isAll ? history.State(entry) : entry.Found.State,
            Cell.Id(entry.Found.FileId), .. isAll ? (Cell[])[Cell.Whole(entry.First.ToString()), Cell.Whole(entry.Last.ToString())] : [],
        ]);
        run.Output.Table("found", isAll ? [.. columns, "since", "until"] : columns, rows);
        var summary =
            new Summary().Add("found", history.Entries.Count, "found").Add("snapshots", history.Snapshots, "snapshots with a match")
            .Add("problems", run.Log.Errors, "snapshots that could not be searched");
        return run.Output.Finish(summary, ExitCodes.Of(run.Log.Errors == 0));
    }
}
