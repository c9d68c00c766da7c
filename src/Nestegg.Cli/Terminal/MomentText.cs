using System.Globalization;

namespace Nestegg.Cli.Terminal;

/// <summary>Moments as people read them, by the clocks of one zone, which stands beside them.</summary>
internal static class MomentText
{
    /// <summary><c>2026-11-26 23:30 +01:00</c>, or <c>2026-11-26 22:30Z</c> in UTC.</summary>
    public static string Of(DateTimeOffset moment, TimeZoneInfo zone) => Text(moment, zone, $"yyyy-MM-dd HH:mm{Suffix(zone)}");

    /// <summary>With seconds.</summary>
    public static string ExactOf(DateTimeOffset moment, TimeZoneInfo zone) => Text(moment, zone, $"yyyy-MM-dd HH:mm:ss{Suffix(zone)}");

    /// <summary>The day alone.</summary>
    public static string DayOf(DateTimeOffset moment, TimeZoneInfo zone) => Text(moment, zone, "yyyy-MM-dd");

    private static string Suffix(TimeZoneInfo zone) => zone == TimeZoneInfo.Utc ? "'Z'" : " zzz";

    private static string Text(DateTimeOffset moment, TimeZoneInfo zone, string format) =>
        TimeZoneInfo.ConvertTime(moment, zone).ToString(format, CultureInfo.InvariantCulture);
}
