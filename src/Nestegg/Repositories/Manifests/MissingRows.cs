using System.Buffers;
using System.Globalization;
using System.Text;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Manifests;

/// <summary>The lines of <c>missing.tsv</c>.</summary>
internal static class MissingRows
{
    public static byte[] Format(MissingObject row)
    {
        var line = new ArrayBufferWriter<byte>(256);
        string[] fields = [row.Key, row.SizeBytes.ToString(CultureInfo.InvariantCulture), row.Kind, row.Reason];
        for (var i = 0; i < fields.Length; i++)
        {
            if (i > 0)
            {
                line.Write("\t"u8);
            }

            Tsv.Write(line, fields[i]);
        }

        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }

    /// <summary>Reads a line without its end.</summary>
    public static bool TryParse(string line, out MissingObject? row)
    {
        var fields = line.Split('\t').Select(Unescape).ToArray();
        var isRow = fields.Length == 4 && fields.All(field => field is not null)
            && long.TryParse(fields[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
        row = isRow ? new MissingObject(fields[0]!, long.Parse(fields[1]!, CultureInfo.InvariantCulture), fields[2]!, fields[3]!) : null;
        return isRow;
    }

    private static string? Unescape(string field)
    {
        var bytes = Encoding.UTF8.GetBytes(field);
        return Tsv.TryRead(bytes, new byte[bytes.Length], out var value) ? Encoding.UTF8.GetString(value) : null;
    }
}
