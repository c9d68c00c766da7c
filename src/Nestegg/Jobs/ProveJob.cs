using Nestegg.Ente;
using Nestegg.Opening;
using Nestegg.Proof;
using Nestegg.Repositories;

namespace Nestegg.Jobs;

/// <summary>What a proof is asked for.</summary>
/// <param name="IsKept">Whether the repository is to keep the proof.</param>
/// <param name="Report">Gets the report; neither it nor the repository costs the other one the proof.</param>
public sealed record ProveRequest(PersonSource Person, ProofOptions Options, bool IsKept, OutputFile? Report);

/// <summary>A proof, whether the repository has it, and whether the report that was asked for is whole.</summary>
public sealed record ProveResult(ProofRecord Record, bool IsKept, bool IsReported);

/// <summary>Opens a snapshot with a person's secret and decrypts what it holds of that person.</summary>
public static class ProveJob
{
    public static Task<ProveResult> RunAsync(JobContext context, ProveRequest request, RunLog log, CancellationToken cancellationToken) =>
        Opened.WithAccountAsync(
            context, request.Person, log,
            async account =>
            {
                using var proved = ProvedObjects.Create();
                var record = await ProveAsync(context, request, account, proved, log, cancellationToken);
                var report = ProofReport.Write(record);
                var isReported = request.Report is { } file && TryReport(file, report, record, log);
                var isKept = request.IsKept && await TryKeepAsync(record, log, async () =>
                {
                    var repository = account.Source.Repository;
                    var memory = await context.RememberAsync(repository, cancellationToken);
                    await repository.RequireOwnRecipientsAsync(context.Configuration.Recipients, memory.Committed, cancellationToken);
                    await repository.Proofs.WriteAsync(record, report, proved.WriteNewAsync, cancellationToken);
                });
                return new ProveResult(record, isKept, isReported);
            },
            cancellationToken);

    private static async Task<ProofRecord> ProveAsync(
        JobContext context, ProveRequest request, OpenedAccount account, ProvedObjects proved, RunLog log,
        CancellationToken cancellationToken)
    {
        var (options, user, source) = (request.Options, request.Person.Account.User, account.Source);
        if (options.OnlyNew)
        {
            var earlier = await proved.LoadEarlierAsync(
                source.Repository.Proofs, account.UserId, source.Identities.Identities, log, cancellationToken);
            log.Step(
                "earlier", Counted.Of(earlier, "earlier proof of this person was read", "earlier proofs of this person were read"));
        }

        log.Step(
            "prove", $"the account opened; decrypting {(options.Sample < 1 ? $"{options.Sample:P0} of its files" : "all of its files")}");
        var run = new ProofRun(account.Snapshot, options, context.Time, context.Random, log.OfPart());
        return await run.RunAsync(new ProofAccount(account.UserId, user, account.OpenedWith, account.Keys), proved, cancellationToken);
    }

    private static bool TryReport(OutputFile file, string report, ProofRecord record, RunLog log)
    {
        file.Write(report);
        if (file.Loss is { } loss)
        {
            log.Find(
                "report-not-written", Severity.Warning, $"proofs/{record.Snapshot}", $"the report {file.Path} could not be written: {loss}",
                "a proof that is kept in the repository has the report in it; prove again with --report another file");
        }

        return file.Loss is null;
    }

    private static async Task<bool> TryKeepAsync(ProofRecord record, RunLog log, Func<Task> keep)
    {
        try
        {
            await keep();
            return true;
        }
        catch (NesteggException failure)
        {
            log.Find(
                "proof-not-kept", Severity.Warning, $"proofs/{record.Snapshot}",
                $"the proof could not be kept in the repository: {failure.Message}", "--report FILE.html keeps it elsewhere");
            return false;
        }
    }
}
