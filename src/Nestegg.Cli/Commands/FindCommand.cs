using System.CommandLine;
using System.Globalization;
using Nestegg.Cli.Terminal;
using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.Repositories;
using Nestegg.Snapshots;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg find</c>: what is in a person's library, in which snapshot, also what was thrown away since.</summary>
internal sealed class FindCommand(CommonOptions common)
{
    private readonly IdentityOptions identity = new();
    private readonly AccountOptions account = new();
    private readonly Option<string> snapshot = new("--snapshot") { Description = "Which snapshot: its id, the beginning of it, or latest", HelpName = "ID", DefaultValueFactory = _ => "latest" };
    private readonly Option<bool> all = new("--all-snapshots") { Description = "In every snapshot: says since when and until when each was there" };
    private readonly Option<string?> album = new("--album") { Description = "Only in albums whose name fits; * and ? stand for anything", HelpName = "NAME" };
    private readonly Option<string?> name = new("--name") { Description = "Only files whose name fits; * and ? stand for anything", HelpName = "NAME" };
    private readonly Option<DateTimeOffset?> from = ExportCommand.Date("--from", "Only what was taken on this day or later");
    private readonly Option<DateTimeOffset?> until = ExportCommand.Date("--until", "Only what was taken before this day");

    public Command Create()
    {
        var command = new Command("find", "Lists albums and files of a snapshot, deleted ones too");
        foreach (var option in account.All.Concat(identity.All).Concat([snapshot, all, album, name, from, until]))
        {
            command.Options.Add(option);
        }

        command.SetAction(async (parse, cancellationToken) => (int)await RunAsync(parse, cancellationToken));
        return command.WithExamples(
            "nestegg find --snapshot latest --identity identity.txt --user me@example.org --album \"Summer*\"",
            "nestegg find --all-snapshots --identity identity.txt --user me@example.org --name \"IMG_12*\"");
    }

    private async Task<ExitCode> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        await using var store = common.Configuration(parse).RequireRepository().OpenStore(create: false, common.Host.Time);
        var repository = await Repository.OpenAsync(store, cancellationToken);
        using var identities = await identity.OpenAsync(common, parse, repository, cancellationToken);
        using var secret = await account.ReadAsync(common, parse, cancellationToken);
        var search = new LibrarySearch(parse.GetValue(album), parse.GetValue(name), parse.GetValue(from), parse.GetValue(until));
        var history = new FoundHistory();

        // The newest first: a person knows today's password, and what it opens also opens the snapshots of before a change.
        IEnumerable<SnapshotId> ids = parse.GetValue(all)
            ? (await repository.ListSnapshotsAsync(cancellationToken)).Finished.Reverse()
            : [await repository.FindSnapshotAsync(parse.GetValue(snapshot)!, cancellationToken)];
        var problems = 0;
        foreach (var id in ids)
        {
            problems += await SearchAsync(parse, repository, identities, secret, search, history, id, cancellationToken) ? 0 : 1;
        }

        return Print(parse, history, problems);
    }

    private async Task<bool> SearchAsync(
        ParseResult parse, Repository repository, OpenedIdentities identities, AccountSecret secret, LibrarySearch search, FoundHistory history, SnapshotId id, CancellationToken cancellationToken)
    {
        try
        {
            common.Output.Report(new StepEvent("open", $"looking into the snapshot {id}"));
            var manifest = await repository.ReadManifestAsync(id, cancellationToken);
            await using var opened = await OpenedSnapshot.OpenAsync(repository, manifest, identities.Identities, cancellationToken);
            var reader = await LibraryReader.OpenAsync(opened.Connection, cancellationToken);
            var (userId, keys) = await secret.OpenAsync(account.User(parse), opened, reader, cancellationToken);
            using (keys)
            {
                history.Searched(id);
                await foreach (var found in search.RunAsync(reader, userId, keys, cancellationToken))
                {
                    history.Add(found, id);
                }
            }

            return true;
        }
        catch (NesteggException failure) when (parse.GetValue(all))
        {
            // Another snapshot may still have what is looked for.
            common.Output.Report(new FindingEvent(new Finding("snapshot-not-searched", Severity.Error, id.ToString(), failure.Message, failure.Hint)));
            return false;
        }
    }

    private ExitCode Print(ParseResult parse, FoundHistory history, int problems)
    {
        var isAll = parse.GetValue(all);
        string[] columns = ["album", "name", "taken", "size", "state", "file"];
        var rows = history.Entries.Select(entry => (Cell[])
        [
            OneLine(entry.Found.Album), OneLine(entry.Found.Name), Day(entry.Found.CreationTime), Cell.Bytes(entry.Found.SizeBytes), isAll ? history.State(entry) : entry.Found.State,
            Cell.Id(entry.Found.FileId), .. isAll ? (Cell[])[entry.First.ToString(), entry.Last.ToString()] : [],
        ]);
        common.Output.Table("found", isAll ? [.. columns, "since", "until"] : columns, rows);
        var summary = new Summary().Add("found", history.Entries.Count, "found").Add("snapshots", history.Snapshots, "snapshots with a match").Add("problems", problems, "snapshots that could not be searched");
        return common.Output.Finish(summary, problems > 0 ? ExitCode.Incomplete : ExitCode.Done);
    }

    // Somebody else may have chosen the name: it must not move the terminal's cursor.
    private static string OneLine(string text) => new([.. text.Select(letter => char.IsControl(letter) ? '\ufffd' : letter)]);

    private static string Day(long? microseconds) =>
        SidecarJson.Time(microseconds) is { } time ? time[..10] : "";
}
