using System.Globalization;
using System.Text;

namespace Nestegg.Export;

/// <summary>
/// Writes JSON exactly as Go's <c>encoding/json</c> does with an indent of two spaces, so that our sidecars are the same bytes as
/// the official program's: <c>&lt; &gt; &amp;</c> escaped, everything else in UTF-8, numbers in their shortest form.
/// </summary>
internal sealed class SidecarJson
{
    private readonly StringBuilder text = new();
    private int depth;
    private bool first = true;

    /// <summary>The text, ended by a line feed as Go's encoder does.</summary>
    internal byte[] ToUtf8() => Encoding.UTF8.GetBytes(text.ToString() + "\n");

    internal SidecarJson Open(string? name, char bracket)
    {
        Name(name);
        text.Append(bracket);
        depth++;
        first = true;
        return this;
    }

    internal SidecarJson Close(char bracket)
    {
        depth--;
        // An empty array or object stays on its line.
        if (!first)
        {
            NewLine();
        }

        text.Append(bracket);
        first = false;
        return this;
    }

    internal SidecarJson Text(string? name, string? value)
    {
        Name(name);
        if (value is null)
        {
            text.Append("null");
        }
        else
        {
            Quote(value);
        }

        return this;
    }

    internal SidecarJson Number(string? name, long value)
    {
        Name(name);
        text.Append(value.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    internal SidecarJson Number(string? name, double value)
    {
        Name(name);
        text.Append(Shortest(value));
        return this;
    }

    internal SidecarJson Flag(string? name, bool value)
    {
        Name(name);
        text.Append(value ? "true" : "false");
        return this;
    }

    /// <summary>A time in microseconds as RFC 3339 in UTC, or null when there is none or no calendar has it.</summary>
    internal static string? Time(long? microseconds)
    {
        const long earliest = -62_135_596_800_000_000;
        const long latest = 253_402_300_799_999_999;
        if (microseconds is not (>= earliest and <= latest))
        {
            return null;
        }

        var time = DateTime.UnixEpoch.AddTicks(microseconds.Value * TimeSpan.TicksPerMicrosecond);
        return time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture).TrimEnd('.') + "Z";
    }

    private void Name(string? name)
    {
        if (depth > 0)
        {
            if (!first)
            {
                text.Append(',');
            }

            NewLine();
        }

        first = false;
        if (name is not null)
        {
            Quote(name);
            text.Append(": ");
        }
    }

    private void NewLine() => text.Append('\n').Append(' ', depth * 2);

    private void Quote(string value)
    {
        text.Append('"');
        foreach (var rune in value.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < 0x20 or '<' or '>' or '&' or 0x2028 or 0x2029 => text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                _ => text.Append(rune.ToString()),
            };
        }

        text.Append('"');
    }

    // Go writes plain digits from 1e-6 up to below 1e21, .NET only from 1e-5 up to below 1e15.
    private static string Shortest(double value)
    {
        if (!double.IsFinite(value))
        {
            return "null";
        }

        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var e = text.IndexOf('E', StringComparison.Ordinal);
        if (e < 0)
        {
            return text;
        }

        var sign = value < 0 ? "-" : "";
        var digits = text[..e].Replace("-", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal);
        var exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return Math.Abs(value) switch
        {
            >= 1e-6 and < 1 => $"{sign}0.{new string('0', -exponent - 1)}{digits}",
            > 1 and < 1e21 => sign + digits.PadRight(exponent + 1, '0'),
            _ => string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, e)}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent)}"),
        };
    }
}
