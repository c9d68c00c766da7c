using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Nestegg.Cli.Terminal;
using Nestegg.Jobs;
using Nestegg.Opening;
using Nestegg.Proof;
using Nestegg.Repositories;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg prove</c>: opens a snapshot with a person's password or recovery key and decrypts what it holds.</summary>
internal sealed class ProveCommand(CommonOptions common)
{
    private readonly IdentityOptions identity = new();
    private readonly AccountOptions account = new();
    private readonly Option<string> snapshot = new("--snapshot")
    {
        Description = "Which snapshot: its id, the beginning of it, or latest",
        HelpName = "ID",
        DefaultValueFactory = _ => SnapshotSource.Latest,
    };
    private readonly Option<double?> sample = new("--sample")
    {
        Description = "Decrypt only this share of the files, chosen at random: 5% (else all of them)",
        HelpName = "PERCENT",
        CustomParser = Percent,
    };
    private readonly Option<bool> onlyNew = new("--new") { Description = "Leave out what an earlier proof of the same person decrypted" };
    private readonly Option<bool> names = new("--names")
    {
        Description = "Names of albums and files in findings and report; without it, only numbers",
    };
    private readonly Option<string?> report = new("--report")
    {
        Description = "Write the report, a page to keep or print, to this file", HelpName = "FILE.html",
    };
    private readonly Option<bool> withoutRecord = new("--without-record") { Description = "Do not keep the proof in the repository" };
    private readonly Option<int?> parallel = new("--parallel")
    {
        Description = "Files read at once (else twice the number of processors, at most 10)", HelpName = "N",
    };

    public Command Create()
    {
        var command = new Command("prove", "Decrypts all that a snapshot holds of a person, and says of each file whether it opens");
        foreach (var option in account.All.Concat(identity.All).Concat([snapshot, sample, onlyNew, names, report, withoutRecord, parallel]))
        {
            command.Options.Add(option);
        }

        common.SetAction(command, Read, RunAsync);
        return command.WithExamples(
            "nestegg prove --snapshot latest --identity identity.txt --user me@example.org",
            "nestegg prove --identity identity.txt --user me@example.org --password-file password.txt --new --report proof.html",
            "nestegg prove --repository /mnt/nas/nestegg --identity identity.txt --user me@example.org --recovery-key-file words.txt "
            + "--sample 5%");
    }

    private static double? Percent(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value.Trim() : "";
        if (double.TryParse(text.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
            && percent is > 0 and <= 100)
        {
            return percent / 100;
        }

        result.AddError($"`{text}` is no share of the files; write it as 5%");
        return 1;
    }

    /// <param name="Report">Full path of the page to write.</param>
    private sealed record Asked(PersonSource Person, ProofOptions Options, bool IsKept, string? Report);

    private Asked Read(ParseResult parse, JobContext context)
    {
        if (parse.GetValue(parallel) is < 1 or > 64)
        {
            throw new NesteggException(FailureKind.BadInput, "--parallel is not between 1 and 64", "each takes 12 MiB of memory");
        }

        var source = new SnapshotSource(parse.GetValue(snapshot)!, identity.Source(common.Host, parse));
        var options =
            new ProofOptions { Sample = parse.GetValue(sample) ?? 1, OnlyNew = parse.GetValue(onlyNew), Names = parse.GetValue(names) };
        return new Asked(
            new PersonSource(source, account.Source(common.Host, parse)),
            parse.GetValue(parallel) is { } files ? options with { Parallel = files } : options,
            !parse.GetValue(withoutRecord),
            parse.GetValue(report) is { } path ? common.Host.FullPath(path) : null);
    }

    private static async Task<ExitCode> RunAsync(CommandRun run, Asked asked, CancellationToken cancellationToken)
    {
        using var report = asked.Report is { } path ? OutputFile.Open(path, "the report") : null;
        var request = new ProveRequest(asked.Person, asked.Options, asked.IsKept, report);
        var (record, isKept, isReported) = await ProveJob.RunAsync(run.Context, request, run.Log, cancellationToken);
        if (isReported)
        {
            run.Output.Line($"the report is {asked.Report}");
        }

        return run.Output.Finish(
            Numbers(record, isKept), ExitCodes.Of(record.Verdict != ProofVerdict.NotProved && isReported == report is not null));
    }

    private static Summary Numbers(ProofRecord record, bool isKept)
    {
        var counts = record.Counts;
        return new Summary()
            .Add("snapshot", record.Snapshot.ToString(), "snapshot")
            .Add("userId", record.UserId.ToString(CultureInfo.InvariantCulture), "account")
            .Add("files", counts.Files, "files")
            .Add("proved", counts.FilesProved, "proved")
            .Add("notProved", counts.FilesNotProved, "not proved")
            .Add("provedBefore", counts.FilesProvedBefore, "of the proved, by earlier proofs")
            .Add("notSampled", counts.FilesNotSampled, "outside the sample")
            .Add("trash", counts.TrashFiles, "of the files, in the trash")
            .Add("withoutHash", counts.FilesWithoutHash, "without a recorded hash")
            .Add("livePhotos", counts.LivePhotos, "live photos, both parts compared")
            .Add("lockerItems", counts.LockerItems, "items of Locker")
            .AddBytes("decryptedBytes", counts.DecryptedBytes, "decrypted")
            .Add("thumbnails", counts.Thumbnails, "thumbnails")
            .Add("derivedObjects", counts.DerivedObjects, "derived objects")
            .Add("derivedProblems", counts.DerivedProblems, "derived objects that do not open")
            .Add("albums", counts.Albums, "albums")
            .Add("entities", counts.Entities, "places, people, memories")
            .Add("contacts", counts.Contacts, "contacts")
            .Add("contactPictures", counts.ContactPictures, "their pictures")
            .Add("authCodes", counts.AuthCodes, "codes of Ente Auth")
            .Add("comments", counts.Comments, "comments")
            .Add("reactions", counts.Reactions, "reactions")
            .Add("memoryShares", counts.MemoryShares, "links to memories")
            .Add("fileLinks", counts.FileLinks, "links to single files")
            .Add("legacyKits", counts.LegacyKits, "legacy kits")
            .Add("entrustedAccounts", counts.EntrustedAccounts, "accounts entrusted to this one")
            .Add("problems", counts.Errors, "problems")
            .Add("kept", isKept, "kept in the repository")
            .Add("verdict", ProofText.Of(record.Verdict), "verdict");
    }
}

/// <summary>A verdict in words.</summary>
internal static class ProofText
{
    public static string Of(ProofVerdict verdict) => verdict switch
    {
        ProofVerdict.Proved => "proved",
        ProofVerdict.SampleProved => "sample proved",
        _ => "not proved",
    };
}
