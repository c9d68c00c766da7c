using System.Globalization;

namespace Nestegg.Repositories.Files;

/// <summary>A snapshot's name: <c>20261123T190000Z-1f2e3d4c</c>. Ids sort by time.</summary>
public readonly record struct SnapshotId : IComparable<SnapshotId>
{
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
    private const int TimeLength = 16;

    private readonly DateTime time;
    private readonly uint suffix;

    private SnapshotId(DateTime time, uint suffix) => (this.time, this.suffix) = (time, suffix);

    /// <summary>An id for now that sorts after the newest one that is there, even when the clock was set back since.</summary>
    public static SnapshotId New(DateTimeOffset now, SnapshotId? newest, Random random)
    {
        var time = Truncate(now.UtcDateTime);
        if (newest is { } last && time <= last.time)
        {
            time = last.time.AddSeconds(1);
        }

        return new SnapshotId(time, (uint)random.NextInt64(uint.MaxValue + 1L));
    }

    public static bool TryParse(ReadOnlySpan<char> text, out SnapshotId id)
    {
        id = default;
        if (text.Length != TimeLength + 9 || text[TimeLength] != '-'
            || !DateTime.TryParseExact(
                text[..TimeLength], TimeFormat, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            || !uint.TryParse(text[(TimeLength + 1)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var suffix))
        {
            return false;
        }

        id = new SnapshotId(time, suffix);
        return text.SequenceEqual(id.ToString());
    }

    /// <summary>A time as names in the repository have it.</summary>
    public static string FormatTime(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    public static bool operator <(SnapshotId left, SnapshotId right) => left.CompareTo(right) < 0;

    public static bool operator <=(SnapshotId left, SnapshotId right) => left.CompareTo(right) <= 0;

    public static bool operator >(SnapshotId left, SnapshotId right) => left.CompareTo(right) > 0;

    public static bool operator >=(SnapshotId left, SnapshotId right) => left.CompareTo(right) >= 0;

    public int CompareTo(SnapshotId other) => time != other.time ? time.CompareTo(other.time) : suffix.CompareTo(other.suffix);

    public override string ToString() => $"{FormatTime(time)}-{suffix:x8}";

    private static DateTime Truncate(DateTime time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
}
