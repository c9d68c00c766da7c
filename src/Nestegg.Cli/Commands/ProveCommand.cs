using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Nestegg.Cli.Terminal;
using Nestegg.Ente.Library;
using Nestegg.Proof;
using Nestegg.Repositories;
using Nestegg.Snapshots;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg prove</c>: opens a snapshot with a person's password or recovery key and decrypts what it holds.</summary>
internal sealed class ProveCommand(CommonOptions common)
{
    private readonly IdentityOptions identity = new();
    private readonly AccountOptions account = new();
    private readonly Option<string> snapshot = new("--snapshot") { Description = "Which snapshot: its id, the beginning of it, or latest", HelpName = "ID", DefaultValueFactory = _ => "latest" };
    private readonly Option<double> sample = new("--sample") { Description = "Decrypt only this share of the files, chosen at random: 5%", HelpName = "PERCENT", DefaultValueFactory = _ => 1, CustomParser = Percent };
    private readonly Option<bool> onlyNew = new("--new") { Description = "Leave out what an earlier proof of the same person decrypted" };
    private readonly Option<bool> names = new("--names") { Description = "Names of albums and files in findings and report; without it, only numbers" };
    private readonly Option<string?> report = new("--report") { Description = "Write the report, a page to keep or print, to this file", HelpName = "FILE.html" };
    private readonly Option<bool> withoutRecord = new("--without-record") { Description = "Do not keep the proof in the repository" };
    private readonly Option<int?> parallel = new("--parallel") { Description = "Files read at once (else twice the number of processors, at most 10)", HelpName = "N" };

    public Command Create()
    {
        var command = new Command("prove", "Decrypts all that a snapshot holds of a person, and says of each file whether it opens");
        foreach (var option in account.All.Concat(identity.All).Concat([snapshot, sample, onlyNew, names, report, withoutRecord, parallel]))
        {
            command.Options.Add(option);
        }

        command.SetAction(async (parse, cancellationToken) => (int)await RunAsync(parse, cancellationToken));
        return command.WithExamples(
            "nestegg prove --snapshot latest --identity identity.txt --user me@example.org",
            "nestegg prove --identity identity.txt --user me@example.org --password-file password.txt --new --report proof.html",
            "nestegg prove --repository /mnt/nas/nestegg --identity identity.txt --user me@example.org --recovery-key-file words.txt --sample 5%");
    }

    private static double Percent(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value.Trim() : "";
        if (double.TryParse(text.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and <= 100)
        {
            return percent / 100;
        }

        result.AddError($"`{text}` is no share of the files; write it as 5%");
        return 1;
    }

    private async Task<ExitCode> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        if (parse.GetValue(parallel) is < 1 or > 64)
        {
            throw new NesteggException(FailureKind.BadInput, "--parallel is not between 1 and 64", "each takes 12 MiB of memory");
        }

        await using var store = common.Configuration(parse).RequireRepository().OpenStore(create: false, common.Host.Time);
        var repository = await Repository.OpenAsync(store, cancellationToken);
        using var identities = await identity.OpenAsync(common, parse, repository, cancellationToken);
        var manifest = await repository.ReadManifestAsync(parse.GetValue(snapshot)!, cancellationToken);
        common.Output.Report(new StepEvent("open", $"opening the snapshot {manifest.Id}"));
        await using var opened = await OpenedSnapshot.OpenAsync(repository, manifest, identities.Identities, cancellationToken);
        using var secret = await account.ReadAsync(common, parse, cancellationToken);
        using var proved = new ProvedObjects();
        var record = await ProveAsync(parse, repository, opened, secret, identities, proved, cancellationToken);
        await WriteReportAsync(parse, record, cancellationToken);
        var isKept = !parse.GetValue(withoutRecord) && await TryKeepAsync(repository, record, proved, cancellationToken);
        return common.Output.Finish(Numbers(record, isKept), record.Verdict == ProofVerdict.NotProved ? ExitCode.Incomplete : ExitCode.Done);
    }

    private async Task<ProofRecord> ProveAsync(
        ParseResult parse, Repository repository, OpenedSnapshot opened, AccountSecret secret, OpenedIdentities identities, ProvedObjects proved, CancellationToken cancellationToken)
    {
        var reader = await LibraryReader.OpenAsync(opened.Connection, cancellationToken);
        var user = account.User(parse);
        var (userId, keys) = await secret.OpenAsync(user, opened, reader, cancellationToken);
        using (keys)
        {
            await WarnOfOthersAsync(user, userId, opened, reader, cancellationToken);
            if (parse.GetValue(onlyNew))
            {
                var earlier = await ProofArchive.LoadProvedAsync(repository, userId, identities.Identities, proved, cancellationToken);
                common.Output.Report(new StepEvent("earlier", earlier == 1 ? "1 earlier proof of this person was read" : $"{earlier} earlier proofs of this person were read"));
            }

            var options = new ProofOptions { Sample = parse.GetValue(sample), OnlyNew = parse.GetValue(onlyNew), Names = parse.GetValue(names) };
            options = parse.GetValue(parallel) is { } files ? options with { Parallel = files } : options;
            common.Output.Report(new StepEvent("prove", $"the account opened; decrypting {(options.Sample < 1 ? $"{options.Sample:P0} of its files" : "all of its files")}"));
            var run = new ProofRun(repository, opened, options, common.Host.Time, Random.Shared, new RunLog(common.Output));
            return await run.RunAsync(new ProofAccount(userId, user, secret.RecoveryKey is null ? "password" : "recovery key", keys), proved, cancellationToken);
        }
    }

    // With another key.hash, whoever signs in with the same address gets a new, empty account beside the old one.
    private async Task WarnOfOthersAsync(string user, long userId, OpenedSnapshot opened, LibraryReader reader, CancellationToken cancellationToken)
    {
        var others = await AccountSecret.SameAddressAsync(user, opened, reader, cancellationToken);
        foreach (var other in others.Where(other => other != userId))
        {
            common.Output.Report(new FindingEvent(new Finding(
                "another-account", Severity.Warning, $"account {other}", $"it has the same address as account {userId}, which is the one proved here: key.hash of the instance was changed",
                $"prove it too: --user {other}")));
        }
    }

    private async Task WriteReportAsync(ParseResult parse, ProofRecord record, CancellationToken cancellationToken)
    {
        if (parse.GetValue(report) is { } path)
        {
            var full = Path.GetFullPath(path, common.Host.WorkingFolder);
            await File.WriteAllTextAsync(full, ProofReport.Write(record), cancellationToken);
            common.Output.Line($"the report is {full}");
        }
    }

    // Hours of decrypting are not in vain because the repository can only be read.
    private async Task<bool> TryKeepAsync(Repository repository, ProofRecord record, ProvedObjects proved, CancellationToken cancellationToken)
    {
        try
        {
            await ProofArchive.WriteAsync(repository, record, proved, cancellationToken);
            return true;
        }
        catch (NesteggException failure)
        {
            common.Output.Report(new FindingEvent(new Finding(
                "proof-not-kept", Severity.Warning, $"proofs/{record.Snapshot}", $"the proof could not be kept in the repository: {failure.Message}", "--report FILE.html keeps it elsewhere")));
            return false;
        }
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
