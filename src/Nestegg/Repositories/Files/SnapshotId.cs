using System.Globalization;

namespace Nestegg.Repositories.Files;

/// <summary>
/// A snapshot's name: <c>20261123T190000Z-0002a3d4</c>. When it was taken, by the clock of that day; then its number, one more than that of
/// the snapshot before it, in five hexadecimal digits; then three random ones. Ids sort by number, so in the order of the runs, whatever
/// the clocks said.
/// </summary>
public readonly record struct SnapshotId : IComparable<SnapshotId>
{
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
    private const int TimeLength = 16;
    private const int RandomBits = 12;

    private readonly DateTime time;
    private readonly uint suffix;

    private SnapshotId(DateTime time, uint suffix) => (this.time, this.suffix) = (time, suffix);

    /// <summary>One for the first snapshot.</summary>
    public int Number => (int)(suffix >> RandomBits);

    /// <summary>The id of the snapshot that comes after another, or of the first.</summary>
    /// <param name="newest">
    /// Of a snapshot whose signature has been checked: whoever can write to the repository can give a folder the last number there is.
    /// </param>
    public static SnapshotId New(DateTimeOffset now, SnapshotId? newest, Random random)
    {
        var number = (uint)(newest?.Number ?? 0) + 1;
        return number <= uint.MaxValue >> RandomBits
            ? new SnapshotId(Truncate(now.UtcDateTime), (number << RandomBits) | (uint)random.Next(1 << RandomBits))
            : throw new NesteggException(FailureKind.BadInput, "this repository has as many snapshots as one can have", "make another one");
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

    public int CompareTo(SnapshotId other) => suffix >> RandomBits != other.suffix >> RandomBits ? suffix.CompareTo(other.suffix)
        : time != other.time ? time.CompareTo(other.time)
        : suffix.CompareTo(other.suffix);

    public override string ToString() => $"{FormatTime(time)}-{suffix:x8}";

    private static DateTime Truncate(DateTime time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
}
