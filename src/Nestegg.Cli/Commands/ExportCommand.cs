using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using Nestegg.Cli.Terminal;
using Nestegg.Ente.Api;
using Nestegg.Export;
using Nestegg.Jobs;
using Nestegg.Opening;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg export</c>: writes a person's library in plain, from a snapshot or from a live museum.</summary>
internal sealed class ExportCommand(CommonOptions common)
{
    // A museum and its store answer after a while: many files at once hide the waiting, each with three chunks of 4 MiB in memory.
    private const int LiveParallel = 12;

    private readonly IdentityOptions identity = new();
    private readonly AccountOptions account = new();
    private readonly Option<string> snapshot = new("--snapshot")
    {
        Description = "Which snapshot: its id, the beginning of it, or latest",
        HelpName = "ID",
        DefaultValueFactory = _ => SnapshotSource.Latest,
    };
    private readonly Option<string?> live = new("--live") { Description = "From this museum instead of a snapshot", HelpName = "URL" };
    private readonly Option<string> to = new("--to")
    {
        Description = "The folder to write into; run again, it is kept current", HelpName = "FOLDER", Required = true,
    };
    private readonly Option<string[]> albums = new("--album")
    {
        Description = "Only albums of this name; may be given several times", HelpName = "NAME",
    };
    private readonly Option<string[]> excluded = new("--exclude-album")
    {
        Description = "No albums of this name; may be given several times", HelpName = "NAME",
    };
    private readonly Option<string[]> owners = new("--owner")
    {
        Description = "Only files that this person uploaded: address or number; may be given several times",
        HelpName = "EMAIL",
    };
    private readonly Option<DateTimeOffset?> from = Date("--from", "Only what was taken on this day or later");
    private readonly Option<DateTimeOffset?> until = Date("--until", "Only what was taken before this day");
    private readonly Option<bool> withoutShared = new("--without-shared") { Description = "No albums that others share" };
    private readonly Option<bool> withoutHidden = new("--without-hidden") { Description = "No hidden albums and files" };
    private readonly Option<bool> trash = new("--trash") { Description = "Also what is in the trash, into Trash/" };
    private readonly Option<bool> locker = new("--locker")
    {
        Description = "From a live museum: sign in to Locker too, which may ask for a second code",
    };
    private readonly Option<bool> copies = new("--copies") { Description = "Copies instead of hard links for what is in several albums" };
    private readonly Option<bool> moveRemoved = new("--move-removed")
    {
        Description = "Move what is no longer there upstream into Removed/; otherwise it stays",
    };
    private readonly Option<bool> xmp = new("--xmp") { Description = "An XMP sidecar beside each picture and video" };
    private readonly Option<bool> rehash = new("--rehash") { Description = "Read every file that is there already and compare its hash" };
    private readonly Option<bool> windowsNames = new("--windows-names") { Description = "Avoid names that Windows cannot hold" };
    private readonly Option<int?> parallel = new("--parallel")
    {
        Description = "Files fetched at once (else twice the number of processors, and 12 from a live museum)",
        HelpName = "N",
    };

    public Command Create()
    {
        var command = new Command("export", "Writes a person's photos in plain, from a snapshot or a live museum");
        foreach (var option in account.All.Concat(identity.All).Concat(
            [snapshot, live, to, albums, excluded, owners, from, until, withoutShared, withoutHidden, trash, locker, copies, moveRemoved,
            xmp, rehash, windowsNames, parallel]))
        {
            command.Options.Add(option);
        }

        common.SetAction(command, Read, RunAsync);
        return command.WithExamples(
            "nestegg export --snapshot latest --identity identity.txt --user me@example.org --to ./photos",
            "nestegg export --live https://api.ente.example.org --user me@example.org --to ./photos --album \"Summer 2024\"",
            "nestegg export --repository /mnt/nas/nestegg --identity identity.txt --user me@example.org --to ./photos --trash --xmp "
            + "--move-removed");
    }

    /// <summary>A day in local time, or a moment with its zone.</summary>
    internal static Option<DateTimeOffset?> Date(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DATE",
        CustomParser = result => Parse(result),
    };

    private static DateTimeOffset? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var date))
        {
            return date;
        }

        result.AddError($"`{text}` is no date; write it as 2024-12-31");
        return null;
    }

    /// <param name="Live">The museum to export from; <see langword="null"/> for a snapshot.</param>
    private sealed record Asked(PersonSource Person, LiveSource? Live, ExportRequest Request);

    private Asked Read(ParseResult parse, JobContext context)
    {
        if (parse.GetValue(parallel) is < 1 or > 64)
        {
            throw new NesteggException(
                FailureKind.BadInput, "--parallel is not between 1 and 64", "twice the number of processors suits most machines");
        }

        var source = new SnapshotSource(parse.GetValue(snapshot)!, identity.Source(common.Host, parse));
        return new Asked(
            new PersonSource(source, account.Source(common.Host, parse)),
            parse.GetValue(live) is { } museum ? new LiveSource(Museum(museum), parse.GetValue(locker), Questions) : null,
            new ExportRequest(parse.GetValue(owners) ?? [], Options(parse), common.Host.FullPath(parse.GetValue(to)!)));
    }

    private static Uri Museum(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https"
        ? endpoint
        : throw new NesteggException(
            FailureKind.BadInput, $"`{text}` is no address of a museum", "write it as https://api.ente.example.org");

    private SignInQuestions Questions(EnteApp app)
    {
        var prompt = new SecretPrompt(common.Host);
        return new SignInQuestions(
            Ask("code that museum mailed", "NESTEGG_EMAIL_CODE"), Ask("code of the authenticator app", "NESTEGG_TOTP"));

        Func<CancellationToken, Task<string>> Ask(string what, string variable) =>
            async token => Encoding.UTF8.GetString(await prompt.ReadAsync($"{what} ({app.Name})", new SecretSource(), variable, token));
    }

    private ExportOptions Options(ParseResult parse)
    {
        var options = new ExportOptions
        {
            Albums = parse.GetValue(albums) ?? [],
            ExcludedAlbums = parse.GetValue(excluded) ?? [],
            From = parse.GetValue(from),
            Until = parse.GetValue(until),
            Shared = !parse.GetValue(withoutShared),
            Hidden = !parse.GetValue(withoutHidden),
            Trash = parse.GetValue(trash),
            Copies = parse.GetValue(copies),
            MoveRemoved = parse.GetValue(moveRemoved),
            Xmp = parse.GetValue(xmp),
            Rehash = parse.GetValue(rehash),
        };
        options = parse.GetValue(windowsNames) ? options with { WindowsNames = true } : options;
        return (parse.GetValue(parallel) ?? (parse.GetValue(live) is null ? null : LiveParallel)) is { } files
            ? options with { Parallel = files }
            : options;
    }

    private static async Task<ExitCode> RunAsync(CommandRun run, Asked asked, CancellationToken cancellationToken)
    {
        var summary = asked.Live is { } museum
            ? await ExportJob.FromMuseumAsync(run.Context, museum, asked.Person.Account, asked.Request, run.Log, cancellationToken)
            : await ExportJob.FromSnapshotAsync(run.Context, asked.Person, asked.Request, run.Log, cancellationToken);
        return run.Output.Finish(Numbers(summary), ExitCodes.Of(summary.IsComplete));
    }

    private static Summary Numbers(ExportSummary summary) => new Summary()
        .Add("albums", summary.Albums, "albums")
        .Add("files", summary.Files, "files")
        .Add("written", summary.Written, "written now")
        .AddBytes("writtenBytes", summary.WrittenBytes, "their size")
        .Add("linked", summary.Linked, "further names")
        .Add("kept", summary.Kept, "there already")
        .Add("renamed", summary.Renamed, "renamed")
        .Add("removedUpstream", summary.RemovedUpstream, "gone upstream, kept here")
        .Add("movedAside", summary.MovedAside, "moved into Removed/")
        .Add("withoutHash", summary.WithoutHash, "without a recorded hash")
        .Add("authCodes", summary.AuthCodes, "codes of Ente Auth")
        .Add("lockerItems", summary.LockerItems, "items of Locker")
        .Add("failed", summary.Failed, "not written")
        .Add("problems", summary.Problems, "findings");
}
