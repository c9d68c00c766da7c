using Nestegg.Ente;
using Nestegg.Opening;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;

namespace Nestegg.Jobs;

/// <summary>Which forgotten snapshots are to be kept again.</summary>
/// <param name="Snapshots">Ids, or the beginnings of such; none for all of them.</param>
public sealed record UnforgetRequest(IReadOnlyList<string> Snapshots);

/// <summary>What is kept again.</summary>
/// <param name="Removed">How many of all that are forgotten have been removed by now.</param>
public sealed record UnforgetResult(IReadOnlyList<SnapshotId> Kept, int Removed);

/// <summary>Takes back what was forgotten and not removed yet.</summary>
public static class UnforgetJob
{
    /// <exception cref="NesteggException">One that is named is not forgotten, or is removed already; then none is taken back.</exception>
    public static Task<UnforgetResult> RunAsync(
        JobContext context, UnforgetRequest request, RunLog log, CancellationToken cancellationToken) =>
        context.WithRepositoryAsync(
            async repository =>
            {
                using var signingKey = context.RequireSigningKey();
                await using var hold = await repository.LockAsync("unforget", log, context.Time, context.Random, cancellationToken);
                return await hold.RunAsync(
                    async token =>
                    {
                        var known = await repository.ForgetMarks.ReadAsync(Severity.Warning, log.Find, token);
                        var there = (await repository.ListSnapshotsAsync(token)).Finished.ToHashSet();
                        var all = known.Marks.Where(mark => mark.IsForgotten).ToList();
                        var chosen = request.Snapshots.Count == 0
                            ? all.Where(mark => there.Contains(mark.Snapshot)).ToList()
                            : request.Snapshots.Select(name => Choose(name, all, there)).Distinct().ToList();
                        if (chosen.Count > 0)
                        {
                            var now = context.Time.GetUtcNow();
                            await hold.ConfirmAsync(token);
                            var marks = chosen.Select(mark => known.Decide(mark.Snapshot, mark.Manifest, now, isForgotten: false)).ToList();
                            await repository.ForgetMarks.WriteAsync(signingKey, known, marks, now, token);
                        }

                        return new UnforgetResult(
                            [.. chosen.Select(mark => mark.Snapshot).Order()], all.Count(mark => !there.Contains(mark.Snapshot)));
                    },
                    cancellationToken);
            },
            cancellationToken);

    private static ForgetMark Choose(string name, List<ForgetMark> all, HashSet<SnapshotId> there)
    {
        const string hint = "nestegg snapshots --forgotten lists those that are forgotten and still there";
        var matches = all.Where(mark => mark.Snapshot.ToString().StartsWith(name, StringComparison.OrdinalIgnoreCase)).ToList();
        return matches switch
        {
            [] => throw new NesteggException(FailureKind.BadInput, $"no snapshot '{name}' is forgotten", hint),
            [var mark] when !there.Contains(mark.Snapshot) => throw new NesteggException(
                FailureKind.BadInput, $"the snapshot {mark.Snapshot} was forgotten and is removed by now: it cannot be kept again", hint),
            [var mark] => mark,
            _ => throw new NesteggException(
                FailureKind.BadInput, $"'{name}' may be any of {Counted.Of(matches.Count, "forgotten snapshot")}", hint),
        };
    }
}
