using System.Diagnostics;
using System.Globalization;

namespace Nestegg.Retention;

/// <summary>How long something is kept, in restic's words: <c>2y5m7d3h</c> is two years, five months, seven days and three hours.</summary>
public sealed record KeepDuration(int Years, int Months, int Days, int Hours)
{
    private const int MostOfOne = 99_999;

    /// <summary>Reads one; <see langword="false"/> for what is none, or nothing at all.</summary>
    public static bool TryParse(string text, out KeepDuration duration)
    {
        duration = new KeepDuration(0, 0, 0, 0);
        var rest = text.AsSpan();
        foreach (var unit in "ymdh")
        {
            var end = rest.IndexOf(unit);
            if (end < 0)
            {
                continue;
            }

            if (!int.TryParse(rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > MostOfOne)
            {
                return false;
            }

            duration = unit switch
            {
                'y' => duration with { Years = number },
                'm' => duration with { Months = number },
                'd' => duration with { Days = number },
                _ => duration with { Hours = number },
            };
            rest = rest[(end + 1)..];
        }

        return rest.IsEmpty && duration != new KeepDuration(0, 0, 0, 0);
    }

    /// <summary>
    /// The moment that lies so long before another. Years, months and days are those of the calendar in the zone: a month before the 31st
    /// is the last of a shorter month, a day before is the same hour by the clock on the wall. Where that clock shows an hour twice, the
    /// first is meant.
    /// </summary>
    public DateTimeOffset Before(DateTimeOffset moment, TimeZoneInfo zone)
    {
        Debug.Assert(Years >= 0 && Months >= 0 && Days >= 0 && Hours >= 0, "A duration goes back.");
        if ((Years * 366L) + (Months * 31L) + Days + (Hours / 24) + 2 > (moment - DateTimeOffset.MinValue).TotalDays)
        {
            // Before the calendar begins.
            return DateTimeOffset.MinValue;
        }

        var wall = TimeZoneInfo.ConvertTime(moment, zone).DateTime.AddMonths(-((12 * Years) + Months)).AddDays(-Days);
        var offset = zone.IsAmbiguousTime(wall) ? zone.GetAmbiguousTimeOffsets(wall).Max() : zone.GetUtcOffset(wall);
        return new DateTimeOffset(wall, offset).AddHours(-Hours);
    }

    public override string ToString() => string.Concat(Part(Years, 'y'), Part(Months, 'm'), Part(Days, 'd'), Part(Hours, 'h'));

    private static string Part(int number, char unit) => number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{number}{unit}");
}
