using System.Globalization;

namespace Nestegg.Ente;

/// <summary>A number with the words for what it counts, which are others for one than for none and for many.</summary>
public static class Counted
{
    /// <summary><c>1 file</c>, <c>2,000 files</c>.</summary>
    public static string Of(long count, string one) => Of(count, one, one + "s");

    /// <summary><c>1 file is there</c>, <c>2,000 files are there</c>.</summary>
    public static string Of(long count, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {Word(count, one, many)}");

    /// <summary>The words alone, for where the number stands elsewhere.</summary>
    public static string Word(long count, string one, string many) => count == 1 ? one : many;
}
