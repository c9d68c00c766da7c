using Nestegg.Ente;
using Nestegg.Opening;
using Nestegg.Repositories;
using Nestegg.Retention;

namespace Nestegg.Jobs;

/// <summary>What is to be kept.</summary>
/// <param name="IsDryRun">Whether nothing is to be written.</param>
public sealed record ForgetRequest(RetentionSettings Retention, bool IsDryRun);

/// <summary>What is kept and why, of each instance, the newest snapshot last.</summary>
public sealed record ForgetResult(IReadOnlyList<GroupPlan> Groups)
{
    /// <summary>The newest snapshot of an instance lost half of its rows, so that none of its snapshots is forgotten.</summary>
    public bool IsStopped => Groups.Any(group => group.IsStopped);

    public int Kept => Snapshots.Count(snapshot => snapshot.IsKept);

    public int Forgotten => Snapshots.Count(snapshot => !snapshot.IsKept);

    internal IEnumerable<PlannedSnapshot> Snapshots => Groups.SelectMany(group => group.Snapshots);
}

/// <summary>Marks the snapshots that no rule keeps; removes nothing.</summary>
public static class ForgetJob
{
    /// <exception cref="NesteggException">There is no rule, no key to sign the marks with, or somebody else is writing.</exception>
    public static Task<ForgetResult> RunAsync(JobContext context, ForgetRequest request, RunLog log, CancellationToken cancellationToken)
    {
        if (request.Retention.Rules.Count == 0)
        {
            throw new NesteggException(
                FailureKind.BadInput, "no rule says what is to be kept",
                "give one, as in --keep-daily 30, or write them below retention: in nestegg.yaml (nestegg help configuration); rules count for "
                + "the repository that stands beside them");
        }

        return context.WithRepositoryAsync(
            repository => request.IsDryRun
                ? PlanAsync(context, request, repository, log, cancellationToken)
                : ForgetAsync(context, request, repository, log, cancellationToken),
            cancellationToken);
    }

    private static async Task<ForgetResult> ForgetAsync(
        JobContext context, ForgetRequest request, Repository repository, RunLog log, CancellationToken cancellationToken)
    {
        using var signingKey = context.RequireSigningKey();
        await using var hold = await repository.LockAsync("forget", log, context.Time, context.Random, cancellationToken);
        return await hold.RunAsync(
            async token =>
            {
                var result = await PlanAsync(context, request, repository, log, token);
                if (result.Forgotten > 0)
                {
                    // Read again: what has no mark is what the plan was made of.
                    var known = await repository.ForgetMarks.ReadAsync(Severity.Warning, _ => { }, token);
                    var now = context.Time.GetUtcNow();
                    var marks = result.Snapshots.Where(snapshot => !snapshot.IsKept)
                        .Select(snapshot => known.Decide(snapshot.Facts.Id, snapshot.Facts.Manifest, now, isForgotten: true)).ToList();
                    await hold.ConfirmAsync(token);
                    await repository.ForgetMarks.WriteAsync(signingKey, known, marks, now, token);
                }

                return result;
            },
            cancellationToken);
    }

    private static async Task<ForgetResult> PlanAsync(
        JobContext context, ForgetRequest request, Repository repository, RunLog log, CancellationToken cancellationToken)
    {
        var lockDays = context.Configuration.Repository?.ObjectLockDays ?? 0;
        var facts = await new SnapshotFactReader(repository, lockDays, log).ReadAsync(cancellationToken);
        var result = new ForgetResult(new KeepPolicy(request.Retention, context.Time.GetUtcNow()).Plan(facts));
        Tell(result, log);
        return result;
    }

    private static void Tell(ForgetResult result, RunLog log)
    {
        var misdated = result.Snapshots
            .Where(snapshot => snapshot.Standing is SnapshotStanding.Ahead or SnapshotStanding.OutOfOrder)
            .Select(snapshot => snapshot.Facts.Id.ToString()).ToList();
        if (misdated.Count > 0)
        {
            log.Find(
                "snapshots-misdated", Severity.Warning, "snapshots/",
                $"{Counted.Of(misdated.Count, "snapshot is", "snapshots are")} dated after now, or otherwise than in the order in which they "
                + $"were made: {string.Join(", ", misdated.Take(3))}{(misdated.Count > 3 ? ", …" : "")}; "
                + $"{Counted.Word(misdated.Count, "it is", "they are")} kept, and no slot is filled with {Counted.Word(misdated.Count, "it", "them")}",
                "look at the clocks of the machines that make backups");
        }

        foreach (var group in result.Groups.Where(group => group.IsStopped))
        {
            var newest = group.Snapshots[^1].Facts;
            log.Find(
                "newest-shrank", Severity.Error, $"snapshots/{newest.Id}",
                $"the newest snapshot of {group.Name} has {Counted.Of(newest.Users, "person", "people")} and {Counted.Of(newest.Files, "file")}, "
                + "less than half of what the last good one before it has: nothing is forgotten",
                $"look at the instance; if so much was rightly deleted, --accept-shrunk {newest.Id} or accept-shrunk: in nestegg.yaml says so");
        }
    }
}
