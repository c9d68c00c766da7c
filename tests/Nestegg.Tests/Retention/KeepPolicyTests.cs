using System.Globalization;
using Nestegg.Retention;

namespace Nestegg.Tests.Retention;

/// <summary>Which snapshots rules keep, and for what.</summary>
public class KeepPolicyTests
{
    // What is kept in any case is none of these tests' business.
    private static readonly string[] InAnyCase = ["newest", "newest complete"];

    [Theory]
    [InlineData("last=2", "11-26 09:00: last 2; 11-26 21:00: last 1")]
    [InlineData("hourly=2", "11-26 09:00: hourly 2026-11-26 09:00; 11-26 21:00: hourly 2026-11-26 21:00")]
    [InlineData("daily=2", "11-25 21:00: daily 2026-11-25; 11-26 21:00: daily 2026-11-26")]
    [InlineData("weekly=2", "11-22 21:00: weekly 2026-W47; 11-26 21:00: weekly 2026-W48")]
    [InlineData("monthly=2", "10-31 21:00: monthly 2026-10; 11-26 21:00: monthly 2026-11")]
    [InlineData("yearly=2", "10-01 09:00: oldest, yearly; 11-26 21:00: yearly 2026")]
    [InlineData("within=1d", "11-26 09:00: within 1d; 11-26 21:00: within 1d")]
    [InlineData("within-daily=2d", "11-25 21:00: daily 2026-11-25 within 2d; 11-26 21:00: daily 2026-11-26 within 2d")]
    [InlineData("within-weekly=8d", "11-22 21:00: weekly 2026-W47 within 8d; 11-26 21:00: weekly 2026-W48 within 8d")]
    [InlineData("daily=1 monthly=1 last=1", "11-26 21:00: daily 2026-11-26, monthly 2026-11, last 1")]
    public void Each_rule_keeps_the_newest_of_each_of_its_slots(string rules, string kept)
    {
        var chain = new Chain();
        for (var day = Chain.At("2026-10-01"); day < Chain.At("2026-11-27"); day = day.AddDays(1))
        {
            chain.Add(day.AddHours(9));
            chain.Add(day.AddHours(21));
        }

        Assert.Equal(kept, Text(chain.Plan(rules, "2026-11-27 00:30")));
    }

    [Fact]
    public void Where_there_are_not_yet_as_many_slots_the_oldest_is_kept_too()
    {
        var chain = new Chain();
        chain.Add("2026-11-25 09:00");
        chain.Add("2026-11-25 21:00");
        chain.Add("2026-11-26 21:00");
        Assert.Equal(
            "11-25 09:00: oldest, daily; 11-25 21:00: daily 2026-11-25; 11-26 21:00: daily 2026-11-26",
            Text(chain.Plan("daily=3", "2026-11-27")));
        Assert.Equal("11-25 21:00: daily 2026-11-25; 11-26 21:00: daily 2026-11-26", Text(chain.Plan("daily=2", "2026-11-27")));
        Assert.Equal(3, chain.Plan("daily=unlimited", "2026-11-27").Count(snapshot => snapshot.IsKept));
    }

    [Theory]
    [InlineData("1m", "2026-03-31 12:00", "2026-02-28 12:00")]
    [InlineData("1y", "2028-02-29 12:00", "2027-02-28 12:00")]
    [InlineData("1y1m1d1h", "2026-03-02 12:00", "2025-02-01 11:00")]
    [InlineData("13m", "2026-01-15 00:00", "2024-12-15 00:00")]
    [InlineData("48h", "2026-03-30 12:00 +02:00", "2026-03-28 12:00 +02:00")]
    [InlineData("2d", "2026-03-30 12:00 +02:00", "2026-03-28 12:00 +01:00")]
    [InlineData("1d", "2026-10-26 02:30 +01:00", "2026-10-25 02:30 +02:00")]
    [InlineData("99999y", "2026-01-01 00:00", "0001-01-01 00:00")]
    public void A_duration_goes_back_by_the_calendar_of_the_zone(string text, string from, string to)
    {
        Assert.True(KeepDuration.TryParse(text, out var duration));
        Assert.Equal(text, duration.ToString());
        var zone = from.Contains('+') ? "Europe/Berlin" : "UTC";
        Assert.Equal(Chain.At(to), duration.Before(Chain.At(from), RetentionSettings.ParseZone(zone)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0d")]
    [InlineData("7")]
    [InlineData("d")]
    [InlineData("-1d")]
    [InlineData("3h2d")]
    [InlineData("1d1d")]
    [InlineData("100000d")]
    [InlineData("1w")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(KeepDuration.TryParse(text, out _));

    [Fact]
    public void Months_end_where_the_calendar_says()
    {
        var chain = new Chain();
        for (var month = 1; month <= 12; month++)
        {
            chain.Add(new DateTimeOffset(2026, month, 1, 0, 0, 1, TimeSpan.Zero).AddMonths(1).AddSeconds(-2));
        }

        // From 31 December 23:59:59, three months back is 30 September 23:59:59: not after it, so that one is out.
        Assert.Equal(
            [10, 11, 12],
            chain.Plan("within=3m", "2027-01-01").Where(snapshot => snapshot.IsKept).Select(snapshot => snapshot.Facts.CreatedAt.Month));
        Assert.Equal(4, chain.Plan("within=3m1h", "2027-01-01").Count(snapshot => snapshot.IsKept));
    }

    /// <summary>In Berlin both nights: the 29th of March 2026 has 23 hours, the 25th of October 25.</summary>
    [Theory]
    [InlineData("Europe/Berlin", "2026-03-28", 3)]
    [InlineData("Europe/Berlin", "2026-10-24", 3)]
    [InlineData("UTC", "2026-03-28", 2)]
    [InlineData("UTC", "2026-10-24", 2)]
    public void Days_begin_where_the_zone_says_on_both_nights_that_change_the_hour(string zone, string first, int days)
    {
        // 23:30 and 00:30 by Berlin's clocks: in two days there, and in UTC in one.
        var (berlin, chain) = (RetentionSettings.ParseZone("Europe/Berlin"), new Chain());
        var night = DateTime.Parse(first, CultureInfo.InvariantCulture);
        foreach (var wall in new[] { night.AddHours(23.5), night.AddHours(24.5), night.AddHours(47.5), night.AddHours(48.5) })
        {
            chain.Add(new DateTimeOffset(wall, berlin.GetUtcOffset(wall)));
        }

        var plan = chain.Plan("daily=10", "2026-12-01", zone);
        var slots = plan.SelectMany(snapshot => snapshot.KeptFor).Where(reason => reason.StartsWith("daily ", StringComparison.Ordinal));
        Assert.Equal(
            Enumerable.Range(0, days).Select(later => $"daily {night.AddDays(later):yyyy-MM-dd}"), slots.Distinct());
    }

    [Fact]
    public void The_hour_that_a_clock_shows_twice_is_two_hours()
    {
        var chain = new Chain();
        chain.Add("2026-10-25 02:15 +02:00");
        chain.Add("2026-10-25 02:15 +01:00");
        chain.Add("2026-10-25 03:15 +01:00");
        Assert.Equal(
            "10-25 00:15: hourly 2026-10-25 02:00 +02:00; 10-25 01:15: hourly 2026-10-25 02:00 +01:00; 10-25 02:15: hourly 2026-10-25 03:00",
            Text(chain.Plan("hourly=5", "2026-10-26", "Europe/Berlin")));
    }

    [Fact]
    public void Weeks_are_those_of_ISO_also_around_the_turn_of_the_year()
    {
        var chain = new Chain();
        chain.Add("2026-12-27 12:00");
        chain.Add("2026-12-28 12:00");
        chain.Add("2027-01-03 12:00");
        chain.Add("2027-01-04 12:00");
        Assert.Equal(
            "12-27 12:00: weekly 2026-W52; 01-03 12:00: weekly 2026-W53; 01-04 12:00: weekly 2027-W01",
            Text(chain.Plan("weekly=5", "2027-01-05")));
    }

    [Fact]
    public void A_day_with_an_incomplete_and_a_complete_snapshot_keeps_the_complete_one()
    {
        var chain = new Chain();
        chain.Add("2026-11-24 03:00");
        chain.Add("2026-11-24 04:00", Incomplete);
        chain.Add("2026-11-25 04:00", Incomplete);
        chain.Add("2026-11-26 04:00");
        Assert.Equal(
            "11-24 03:00: daily 2026-11-24; 11-25 04:00: daily 2026-11-25, incomplete; 11-26 04:00: daily 2026-11-26",
            Text(chain.Plan("daily=2", "2026-11-27")));
    }

    [Fact]
    public void Incomplete_snapshots_for_weeks_push_nothing_out_and_do_not_pile_up()
    {
        var chain = new Chain();
        var good = Enumerable.Range(1, 5).Select(day => chain.Add(Chain.At("2026-09-01").AddDays(day)).Id).ToList();
        for (var day = 0; day < 60; day++)
        {
            chain.Add(Chain.At("2026-09-20").AddDays(day), Incomplete);
        }

        foreach (var rules in new[] { "last=5", "daily=5", "within=6d", "within-daily=6d" })
        {
            var plan = chain.Plan(rules, "2026-11-27");
            Assert.All(plan.Take(5), snapshot => Assert.True(snapshot.IsKept, rules));
        }

        Assert.Equal(5 + 5, chain.Plan("daily=5", "2026-11-27").Count(snapshot => snapshot.IsKept));
        Assert.Equal(5, good.Count);
    }

    [Fact]
    public void What_was_proved_is_kept_for_each_person_and_a_false_proof_takes_nothing_away()
    {
        var chain = new Chain();
        chain.Add("2026-11-20", snapshot => snapshot with { ProvedBy = [7, 8] });
        chain.Add("2026-11-21", snapshot => snapshot with { ProvedBy = [7] });
        chain.Add("2026-11-22", snapshot => Incomplete(snapshot) with { ProvedBy = [7, 8] });
        chain.Add("2026-11-23");
        Assert.Equal(
            "11-20 00:00: newest proved by user 8; 11-21 00:00: newest proved by user 7; "
            + "11-22 00:00: newest proved by user 7, newest proved by user 8; 11-23 00:00: last 1",
            Text(chain.Plan("last=1", "2026-11-27")));
    }

    [Fact]
    public void What_a_lock_protects_is_kept_until_its_day()
    {
        var chain = new Chain();
        chain.Add("2026-11-20", snapshot => snapshot with { LockedUntil = Chain.At("2026-11-27 23:30") });
        chain.Add("2026-11-21", snapshot => snapshot with { LockedUntil = Chain.At("2026-11-26") });
        chain.Add("2026-11-23");
        Assert.Equal(
            "11-20 00:00: a lock protects it until 2026-11-28; 11-23 00:00: last 1",
            Text(chain.Plan("last=1", "2026-11-27", "Europe/Berlin")));
    }

    [Fact]
    public void Each_instance_is_kept_by_itself_with_its_newest_complete_one()
    {
        var chain = new Chain();
        chain.Add("2026-11-20");
        chain.Add("2026-11-21");
        chain.Add("2026-11-22", snapshot => snapshot with { Group = "home, renamed" });
        chain.Add("2026-11-23", snapshot => snapshot with { Group = "home, renamed" });
        chain.Add("2026-11-24", snapshot => Incomplete(snapshot) with { Group = "home, renamed" });
        var groups = chain.Groups(Chain.Settings("last=1"), "2026-11-27");
        Assert.Equal(["home", "home, renamed"], groups.Select(group => group.Name));
        Assert.Equal([false, true], groups[0].Snapshots.Select(snapshot => snapshot.IsKept));
        Assert.Equal([false, true, true], groups[1].Snapshots.Select(snapshot => snapshot.IsKept));
        Assert.Contains("newest complete", groups[1].Snapshots[1].KeptFor);
    }

    [Fact]
    public void The_newest_and_the_newest_complete_are_kept_whatever_the_rules_are()
    {
        var chain = new Chain();
        chain.Add("2026-11-20");
        chain.Add("2026-11-21", Incomplete);
        chain.Add("2026-11-22", Incomplete);
        var plan = chain.Plan("within-yearly=1h", "2026-11-27");
        Assert.Contains("newest complete", plan[0].KeptFor);
        Assert.Contains("newest", plan[2].KeptFor);
    }

    private static SnapshotFacts Incomplete(SnapshotFacts snapshot) => snapshot with { IsComplete = false };

    private static string Text(IEnumerable<PlannedSnapshot> plan) => string.Join("; ", plan
        .Select(snapshot => (snapshot.Facts.CreatedAt, Rules: snapshot.KeptFor.Except(InAnyCase).ToList()))
        .Where(snapshot => snapshot.Rules.Count > 0)
        .Select(snapshot => string.Create(
            CultureInfo.InvariantCulture, $"{snapshot.CreatedAt.UtcDateTime:MM-dd HH:mm}: {string.Join(", ", snapshot.Rules)}")));
}
