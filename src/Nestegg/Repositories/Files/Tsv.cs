using System.Buffers;
using System.Diagnostics;
using System.Text;

namespace Nestegg.Repositories.Files;

/// <summary>Fields of our tab-separated lines: tab, newline and backslash as <c>\t</c>, <c>\n</c>, <c>\\</c>.</summary>
internal static class Tsv
{
    private static readonly SearchValues<byte> Special = SearchValues.Create("\t\n\\"u8);

    /// <summary>Writes a field without a tab or line end.</summary>
    public static void Write(IBufferWriter<byte> writer, ReadOnlySpan<byte> field)
    {
        int special;
        while ((special = field.IndexOfAny(Special)) >= 0)
        {
            writer.Write(field[..special]);
            writer.Write(field[special] switch { (byte)'\t' => "\\t"u8, (byte)'\n' => "\\n"u8, _ => "\\\\"u8 });
            field = field[(special + 1)..];
        }

        writer.Write(field);
    }

    public static void Write(IBufferWriter<byte> writer, string field)
    {
        Span<byte> bytes = stackalloc byte[512];
        if (Encoding.UTF8.GetMaxByteCount(field.Length) <= bytes.Length)
        {
            Write(writer, bytes[..Encoding.UTF8.GetBytes(field, bytes)]);
        }
        else
        {
            Write(writer, Encoding.UTF8.GetBytes(field));
        }
    }

    /// <summary>
    /// Undoes <see cref="Write(IBufferWriter{byte}, ReadOnlySpan{byte})"/>; <see langword="false"/> for an escape that it never writes.
    /// </summary>
    /// <param name="scratch">At least as long as the field; used only when something is escaped.</param>
    public static bool TryRead(ReadOnlySpan<byte> field, Span<byte> scratch, out ReadOnlySpan<byte> value)
    {
        Debug.Assert(scratch.Length >= field.Length, "What is unescaped is no longer than it was.");
        value = field;
        if (!field.Contains((byte)'\\'))
        {
            return true;
        }

        var length = 0;
        for (var i = 0; i < field.Length; i++, length++)
        {
            scratch[length] = field[i];
            if (field[i] != '\\')
            {
                continue;
            }

            byte? plain = ++i < field.Length
                ? field[i] switch { (byte)'t' => (byte)'\t', (byte)'n' => (byte)'\n', (byte)'\\' => (byte)'\\', _ => null }
                : null;
            if (plain is null)
            {
                return false;
            }

            scratch[length] = plain.Value;
        }

        value = scratch[..length];
        return true;
    }
}
