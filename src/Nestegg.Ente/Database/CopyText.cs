using System.Buffers;
using System.Buffers.Text;

namespace Nestegg.Ente.Database;

/// <summary>The escapes of COPY's text format, and what PostgreSQL prints for values that are not text.</summary>
internal static class CopyText
{
    /// <summary>
    /// Replaces the escapes of a field in place; the result is never longer. False when a backslash has nothing after it.
    /// </summary>
    public static bool TryUnescape(Span<byte> field, out int length)
    {
        length = 0;
        for (var at = 0; at < field.Length; at++)
        {
            if (field[at] != '\\')
            {
                field[length++] = field[at];
                continue;
            }

            if (++at == field.Length)
            {
                return false;
            }

            field[length++] = field[at] switch
            {
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                (byte)'v' => (byte)'\v',
                (byte)'x' when at + 1 < field.Length && char.IsAsciiHexDigit((char)field[at + 1]) =>
                    Number(field, ref at, 16, 2, first: at + 1),
                >= (byte)'0' and <= (byte)'7' => Number(field, ref at, 8, 3, first: at),
                var other => other,
            };
        }

        return true;
    }

    /// <summary>Reads a bytea as PostgreSQL prints it, in hexadecimal (<c>\x…</c>) or in the older form of escapes.</summary>
    /// <returns>
    /// False when it is neither; the bytes are in <paramref name="target"/>, which has room for as many as <paramref name="text"/>.
    /// </returns>
    public static bool TryBytes(ReadOnlySpan<byte> text, Span<byte> target, out int length)
    {
        if (text.StartsWith("\\x"u8))
        {
            return Convert.FromHexString(text[2..], target, out _, out length) == OperationStatus.Done;
        }

        text.CopyTo(target);
        return TryUnescape(target[..text.Length], out length);
    }

    public static bool TryInteger(ReadOnlySpan<byte> text, out long value) =>
        Utf8Parser.TryParse(text, out value, out var consumed) && consumed == text.Length;

    public static bool TryBoolean(ReadOnlySpan<byte> text, out bool value)
    {
        value = text is [(byte)'t'];
        return value || text is [(byte)'f'];
    }

    // Up to so many digits; as in PostgreSQL only the low eight bits count. Leaves "at" on the last digit.
    private static byte Number(ReadOnlySpan<byte> field, ref int at, int radix, int digits, int first)
    {
        var value = 0;
        for (at = first; digits-- > 0 && at < field.Length && Digit(field[at]) is var digit && digit < radix; at++)
        {
            value = (value * radix) + digit;
        }

        at--;
        return (byte)value;
    }

    private static int Digit(byte character) => char.IsAsciiHexDigit((char)character) ? HexValue(character) : int.MaxValue;

    private static int HexValue(byte character) => character <= '9' ? character - '0' : (character | 0x20) - 'a' + 10;
}
