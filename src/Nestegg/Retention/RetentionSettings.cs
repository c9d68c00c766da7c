using Nestegg.Repositories.Files;

namespace Nestegg.Retention;

/// <summary>What a repository keeps, and in which zone its days begin.</summary>
public sealed record RetentionSettings
{
    public IReadOnlyList<KeepRule> Rules { get; init; } = [];

    /// <summary>Where days, weeks, months and years begin, and what times are shown in.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>
    /// Snapshots that rightly have less than half of the rows of those before them: what comes after is compared with them.
    /// </summary>
    public IReadOnlyList<SnapshotId> AcceptShrunk { get; init; } = [];

    /// <exception cref="FormatException">This machine knows no zone of that name.</exception>
    public static TimeZoneInfo ParseZone(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
        ? zone
        : throw new FormatException($"this machine knows no time zone `{name}`");
}
