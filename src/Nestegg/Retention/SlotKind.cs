using System.Globalization;

namespace Nestegg.Retention;

/// <summary>Of what a rule keeps one snapshot each.</summary>
public enum SlotKind
{
    /// <summary>Each snapshot is a slot of its own.</summary>
    Last,

    Hourly,

    Daily,

    /// <summary>Weeks begin on Monday and are numbered as ISO 8601 does.</summary>
    Weekly,

    Monthly,

    Yearly,
}

/// <summary>What rules are called, and which slot a moment is in.</summary>
internal static class Slots
{
    public static IReadOnlyList<SlotKind> All { get; } = Enum.GetValues<SlotKind>();

    /// <summary>What a person calls it: <c>daily</c>.</summary>
    public static string NameOf(SlotKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>
    /// The slot that a moment is in, by the clock on the wall: <c>2026-11-26</c>. Two moments in one slot have the same text.
    /// </summary>
    public static string Of(SlotKind kind, DateTimeOffset moment, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(moment, zone);
        return kind switch
        {
            // The hour that a clock shows twice, in autumn, is two hours.
            SlotKind.Hourly => Text(local, zone.IsAmbiguousTime(local) ? "yyyy-MM-dd HH:00 zzz" : "yyyy-MM-dd HH:00"),
            SlotKind.Daily => Text(local, "yyyy-MM-dd"),
            SlotKind.Weekly => string.Create(
                CultureInfo.InvariantCulture, $"{ISOWeek.GetYear(local.DateTime):0000}-W{ISOWeek.GetWeekOfYear(local.DateTime):00}"),
            SlotKind.Monthly => Text(local, "yyyy-MM"),
            SlotKind.Yearly => Text(local, "yyyy"),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    private static string Text(DateTimeOffset local, string format) => local.ToString(format, CultureInfo.InvariantCulture);
}
