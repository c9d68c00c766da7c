using System.Globalization;
using Nestegg.Repositories.Files;
using Nestegg.Retention;

namespace Nestegg.Tests.Retention;

/// <summary>Snapshots one after the other, and what a policy says of them.</summary>
internal sealed class Chain
{
    private readonly Random random = new(1);
    private readonly List<SnapshotFacts> snapshots = [];

    public IReadOnlyList<SnapshotFacts> Snapshots => snapshots;

    /// <param name="at"><c>2026-11-26 03:30</c>, in UTC unless it says otherwise.</param>
    public static DateTimeOffset At(string at) =>
        DateTimeOffset.Parse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>Adds one that is complete and has 2 people and 1,000 files, unless it is changed.</summary>
    public SnapshotFacts Add(DateTimeOffset at, Func<SnapshotFacts, SnapshotFacts>? change = null)
    {
        var id = SnapshotId.New(at, snapshots.Count == 0 ? null : snapshots[^1].Id, random);
        var added = new SnapshotFacts(id, "home", at, IsComplete: true, Users: 2, Files: 1000);
        snapshots.Add(change is null ? added : change(added));
        return snapshots[^1];
    }

    public SnapshotFacts Add(string at, Func<SnapshotFacts, SnapshotFacts>? change = null) => Add(At(at), change);

    /// <param name="rules">Options without <c>--keep-</c>: <c>daily=7 within-hourly=2d</c>.</param>
    public static RetentionSettings Settings(string rules, string zone = "UTC") => new()
    {
        TimeZone = RetentionSettings.ParseZone(zone),
        Rules =
        [
            .. rules.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(rule => rule.Split('=')).Select(rule =>
                KeepRule.Parse(KeepRule.Options.Single(option => option.Name == $"keep-{rule[0]}"), rule[1])!),
        ],
    };

    public IReadOnlyList<GroupPlan> Groups(RetentionSettings settings, string now) => new KeepPolicy(settings, At(now)).Plan(snapshots);

    public IReadOnlyList<PlannedSnapshot> Plan(RetentionSettings settings, string now) => Groups(settings, now).Single().Snapshots;

    public IReadOnlyList<PlannedSnapshot> Plan(string rules, string now, string zone = "UTC") => Plan(Settings(rules, zone), now);
}
