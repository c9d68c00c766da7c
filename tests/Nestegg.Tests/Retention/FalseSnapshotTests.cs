using Nestegg.Repositories.Files;
using Nestegg.Retention;

namespace Nestegg.Tests.Retention;

/// <summary>Somebody with the signing key, or a broken machine, makes snapshots that are worth nothing: the good ones stay.</summary>
public class FalseSnapshotTests
{
    private const string Rules = "last=3 hourly=24 daily=7 weekly=5 monthly=12 yearly=10 within=3d within-daily=14d";
    private const string Now = "2026-11-27 12:00";

    private static readonly string[] Kinds = ["incomplete", "shrunk", "ahead", "empty and alike"];

    public static TheoryData<string> Garbage => ["incomplete", "shrunk", "ahead", "empty and alike", "backdated", "all of them"];

    [Theory]
    [MemberData(nameof(Garbage))]
    public void What_the_rules_kept_before_garbage_was_added_they_keep_afterwards(string kind)
    {
        var chain = History();
        var before = Kept(chain);
        var random = new Random(7);
        for (var i = 0; i < 3000; i++)
        {
            AddGarbage(chain, kind, i, random);
        }

        // Also with one snapshot that is good after all: then nothing bars the rules from being followed.
        AssertKept(before, Kept(chain));
        chain.Add(Chain.At(Now).AddMinutes(-1));
        var after = chain.Groups(Chain.Settings(Rules), Now).Single();
        Assert.False(after.IsStopped);
        AssertKept(
            Kept(WithLast(History())),
            [.. after.Snapshots.Where(snapshot => snapshot.IsKept).Select(snapshot => snapshot.Facts.CreatedAt)]);
    }

    [Fact]
    public void One_from_2099_is_kept_and_reported_and_takes_no_slot()
    {
        var chain = History();
        var before = Kept(chain);
        chain.Add("2099-12-31");
        var plan = chain.Plan(Rules, Now);
        Assert.Equal(SnapshotStanding.Ahead, plan[^1].Standing);
        Assert.Equal(["newest", "dated ahead"], plan[^1].KeptFor);
        Assert.Equal(before, Kept(chain).Take(before.Count));
    }

    [Fact]
    public void A_clock_that_was_wrong_for_a_day_spoils_its_own_snapshots_and_no_others()
    {
        var chain = new Chain();
        for (var day = 0; day < 10; day++)
        {
            chain.Add(day == 4 ? Chain.At("2020-01-01") : day == 6 ? Chain.At("2026-11-26") : Chain.At("2026-11-01").AddDays(day));
        }

        var plan = chain.Plan("last=1", Now);
        Assert.Equal([4, 6], plan.Index().Where(entry => entry.Item.Standing == SnapshotStanding.OutOfOrder).Select(entry => entry.Index));
        Assert.Equal([4, 6, 9], plan.Index().Where(entry => entry.Item.IsKept).Select(entry => entry.Index));
    }

    [Fact]
    public void Nothing_is_forgotten_while_the_newest_has_lost_half_of_its_rows()
    {
        var chain = History();
        var shrunk = chain.Add("2026-11-27 11:00", snapshot => snapshot with { Files = 499 });
        var group = chain.Groups(Chain.Settings("last=1"), Now).Single();
        Assert.True(group.IsStopped);
        Assert.All(group.Snapshots, snapshot => Assert.True(snapshot.IsKept));

        // The next one has as few, and is no better for it.
        chain.Add("2026-11-27 11:15", snapshot => snapshot with { Files = 499 });
        Assert.True(chain.Groups(Chain.Settings("last=1"), Now).Single().IsStopped);

        // Until a person says that it is right; or there are as many again.
        var accepted = chain.Groups(Chain.Settings("last=1") with { AcceptShrunk = [shrunk.Id] }, Now).Single();
        Assert.Equal([false, true], accepted.Snapshots.TakeLast(2).Select(snapshot => snapshot.IsKept));
        chain.Add("2026-11-27 11:30", snapshot => snapshot with { Files = 500 });
        Assert.False(chain.Groups(Chain.Settings("last=1"), Now).Single().IsStopped);
    }

    [Fact]
    public void A_person_less_of_two_is_no_loss_of_half()
    {
        var chain = new Chain();
        chain.Add("2026-11-20");
        chain.Add("2026-11-21", snapshot => snapshot with { Users = 1, Files = 500 });
        Assert.Equal([SnapshotStanding.Good, SnapshotStanding.Good], chain.Plan("last=1", Now).Select(snapshot => snapshot.Standing));
        chain.Add("2026-11-22", snapshot => snapshot with { Users = 0, Files = 500 });
        Assert.Equal(SnapshotStanding.Shrunk, chain.Plan("last=1", Now)[^1].Standing);
    }

    [Fact]
    public void Ten_thousand_snapshots_are_planned_at_once()
    {
        var chain = new Chain();
        for (var i = 0; i < 10_000; i++)
        {
            chain.Add(Chain.At("2016-11-01").AddHours(8.7 * i));
        }

        var kept = chain.Plan("hourly=24 daily=30 weekly=8 monthly=24 yearly=unlimited", Now).Where(snapshot => snapshot.IsKept).ToList();
        Assert.InRange(kept.Count, 60, 100);
    }

    // Two years of days, two a day.
    private static Chain History()
    {
        var chain = new Chain();
        for (var at = Chain.At("2024-11-27 03:30"); at < Chain.At("2026-11-26 23:00"); at = at.AddHours(12))
        {
            chain.Add(at);
        }

        return chain;
    }

    private static Chain WithLast(Chain chain)
    {
        chain.Add(Chain.At(Now).AddMinutes(-1));
        return chain;
    }

    private static void AddGarbage(Chain chain, string kind, int i, Random random)
    {
        var at = Chain.At("2026-11-27").AddSeconds(10 * i);
        switch (kind)
        {
            case "incomplete":
                chain.Add(at, snapshot => snapshot with { IsComplete = false });
                break;
            case "shrunk":
                chain.Add(at, snapshot => snapshot with { Files = random.Next(500) });
                break;
            case "empty and alike":
                chain.Add(at, snapshot => snapshot with { Users = 0, Files = 0 });
                break;
            case "ahead":
                chain.Add(Chain.At(Now).AddDays(1 + i));
                break;
            case "backdated":
                chain.Add(Chain.At("2024-12-01").AddMinutes(random.Next(1_000_000)), snapshot => snapshot with { IsComplete = false });
                break;
            default:
                AddGarbage(chain, Kinds[random.Next(Kinds.Length)], i, random);
                break;
        }
    }

    private static List<DateTimeOffset> Kept(Chain chain) =>
        [.. chain.Plan(Rules, Now).Where(snapshot => snapshot.IsKept).Select(snapshot => snapshot.Facts.CreatedAt)];

    private static void AssertKept(IReadOnlyList<DateTimeOffset> before, IReadOnlyList<DateTimeOffset> after) =>
        Assert.Empty(before.Except(after));
}
