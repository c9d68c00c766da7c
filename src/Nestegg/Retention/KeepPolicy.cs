using System.Diagnostics;
using System.Globalization;
using Nestegg.Repositories.Files;

namespace Nestegg.Retention;

/// <summary>
/// Which snapshots are kept, and why each is. Whoever can add snapshots cannot push good ones out with those that are incomplete, shrank or
/// have a wrong time: these take no slot that a good one takes.
/// </summary>
internal sealed class KeepPolicy(RetentionSettings settings, DateTimeOffset now)
{
    // Two clocks that are right are not further apart.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(5);

    /// <summary>Plans each instance's snapshots by themselves, in the order of the instances' names.</summary>
    /// <param name="snapshots">All that are signed and not forgotten, each once.</param>
    public IReadOnlyList<GroupPlan> Plan(IEnumerable<SnapshotFacts> snapshots) =>
    [
        .. snapshots.GroupBy(snapshot => snapshot.Group, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => PlanGroup(group.Key, [.. group.OrderBy(snapshot => snapshot.Id)])),
    ];

    private GroupPlan PlanGroup(string name, IReadOnlyList<SnapshotFacts> chain)
    {
        var (judged, isStopped) = Judge(chain);
        var reasons = chain.ToDictionary(snapshot => snapshot.Id, _ => new List<string>());
        foreach (var rule in settings.Rules)
        {
            Keep(rule, [.. judged.Reverse().Where(snapshot => snapshot.IsInOrder)], reasons);
        }

        Protect(judged, reasons);
        if (isStopped)
        {
            foreach (var none in reasons.Values.Where(why => why.Count == 0))
            {
                none.Add("the newest lost half of its rows");
            }
        }

        return new GroupPlan(
            name, [.. judged.Select(snapshot => new PlannedSnapshot(snapshot.Facts, snapshot.Standing, reasons[snapshot.Facts.Id]))],
            isStopped);
    }

    /// <returns>What each is worth; and whether the newest has lost half of its rows, whatever else is wrong with it.</returns>
    private (IReadOnlyList<Judged> Judged, bool IsStopped) Judge(IReadOnlyList<SnapshotFacts> chain)
    {
        var inOrder = ChainOrder.InOrder([.. chain.Where(snapshot => snapshot.CreatedAt <= now + Slack)]);
        var judged = new List<Judged>();
        var (reference, hasShrunk) = ((SnapshotFacts?)null, false);
        foreach (var snapshot in chain)
        {
            // Against the last good one and not the one before: two small ones in a row are not good because they are alike.
            var isAccepted = settings.AcceptShrunk.Contains(snapshot.Id);
            hasShrunk = !isAccepted && reference is not null && IsLessThanHalf(snapshot, reference);
            var standing = snapshot.CreatedAt > now + Slack ? SnapshotStanding.Ahead
                : !inOrder.Contains(snapshot) ? SnapshotStanding.OutOfOrder
                : hasShrunk ? SnapshotStanding.Shrunk
                : !snapshot.IsComplete ? SnapshotStanding.Incomplete
                : SnapshotStanding.Good;
            reference = standing == SnapshotStanding.Good || isAccepted ? snapshot : reference;
            judged.Add(new Judged(snapshot, standing));
        }

        return (judged, hasShrunk);
    }

    private static bool IsLessThanHalf(SnapshotFacts snapshot, SnapshotFacts before) =>
        2 * snapshot.Files < before.Files || 2 * snapshot.Users < before.Users;

    /// <param name="newestFirst">Those whose times are in order.</param>
    private void Keep(KeepRule rule, IReadOnlyList<Judged> newestFirst, Dictionary<SnapshotId, List<string>> reasons)
    {
        if (newestFirst.Count == 0)
        {
            return;
        }

        // Counted from the newest good one: while there are none but incomplete ones, time does not run out for the good.
        var newest = newestFirst.FirstOrDefault(snapshot => snapshot.IsGood) ?? newestFirst[0];
        var limit = rule.Within?.Before(newest.Facts.CreatedAt, settings.TimeZone) ?? DateTimeOffset.MinValue;
        var (good, other, last) = (0, 0, (Judged?)null);
        foreach (var slot in newestFirst.Where(snapshot => snapshot.Facts.CreatedAt > limit).GroupBy(snapshot => SlotOf(rule, snapshot)))
        {
            if (slot.FirstOrDefault(snapshot => snapshot.IsGood) is { } kept)
            {
                Add(last = kept, rule.Label(kept.Facts.CreatedAt, ++good, settings.TimeZone));
                if (good == rule.Count)
                {
                    return;
                }
            }
            else if (other < rule.Count)
            {
                // They are counted by themselves, and only as far back as good ones are kept.
                var spare = slot.First();
                Add(spare, $"{rule.Label(spare.Facts.CreatedAt, ++other, settings.TimeZone)}, {WordOf(spare.Standing)}");
            }
        }

        // As restic does: where there are not yet so many, the oldest is kept as well.
        if (rule.Kind != SlotKind.Last && newestFirst.LastOrDefault(snapshot => snapshot.IsGood) is { } oldest
            && oldest != last && oldest.Facts.CreatedAt > limit)
        {
            Add(oldest, $"oldest, {Slots.NameOf(rule.Kind)}{(rule.Within is null ? "" : $" within {rule.Within}")}");
        }

        void Add(Judged snapshot, string reason) => reasons[snapshot.Facts.Id].Add(reason);
    }

    private string SlotOf(KeepRule rule, Judged snapshot) => rule.Kind == SlotKind.Last
        ? snapshot.Facts.Id.ToString()
        : Slots.Of(rule.Kind, snapshot.Facts.CreatedAt, settings.TimeZone);

    /// <summary>What is kept whatever the rules say.</summary>
    private void Protect(IReadOnlyList<Judged> chain, Dictionary<SnapshotId, List<string>> reasons)
    {
        Debug.Assert(chain.Count > 0, "A group has a snapshot.");
        Add(chain[^1], "newest");
        Add(
            chain.LastOrDefault(snapshot => snapshot.IsGood) ?? chain.LastOrDefault(snapshot => snapshot.Facts.IsComplete),
            "newest complete");
        foreach (var user in chain.SelectMany(snapshot => snapshot.Facts.ProvedBy).Distinct().Order())
        {
            // A false proof of a bad snapshot takes nothing from the good one that was proved.
            var reason = string.Create(CultureInfo.InvariantCulture, $"newest proved by user {user}");
            var proved = chain.Where(snapshot => snapshot.Facts.ProvedBy.Contains(user)).ToList();
            foreach (var newest in new[] { proved[^1], proved.LastOrDefault(snapshot => snapshot.IsGood) }.Distinct())
            {
                Add(newest, reason);
            }
        }

        foreach (var snapshot in chain)
        {
            Add(snapshot.IsInOrder ? null : snapshot, WordOf(snapshot.Standing));
            if (snapshot.Facts.LockedUntil is { } until && until > now)
            {
                Add(snapshot, $"a lock protects it until {Slots.Of(SlotKind.Daily, until, settings.TimeZone)}");
            }
        }

        void Add(Judged? snapshot, string reason)
        {
            if (snapshot is not null)
            {
                reasons[snapshot.Facts.Id].Add(reason);
            }
        }
    }

    private static string WordOf(SnapshotStanding standing) => standing switch
    {
        SnapshotStanding.Good => "complete",
        SnapshotStanding.Incomplete => "incomplete",
        SnapshotStanding.Shrunk => "lost half of its rows",
        SnapshotStanding.Ahead => "dated ahead",
        SnapshotStanding.OutOfOrder => "dated out of order",
        _ => throw new ArgumentOutOfRangeException(nameof(standing)),
    };

    private sealed record Judged(SnapshotFacts Facts, SnapshotStanding Standing)
    {
        public bool IsGood => Standing == SnapshotStanding.Good;

        /// <summary>Its time can be believed, so that a slot can be told by it.</summary>
        public bool IsInOrder => Standing is not (SnapshotStanding.Ahead or SnapshotStanding.OutOfOrder);
    }
}
