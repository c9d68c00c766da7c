using System.Security.Cryptography;
using System.Text;

namespace Nestegg;

/// <summary>Text of which the first bytes may say how it is encoded, as editors on Windows write them.</summary>
public static class MarkedText
{
    /// <summary>The text in UTF-8 without a mark: what has none is UTF-8 already. The caller wipes both when it is a secret.</summary>
    public static byte[] ToUtf8(ReadOnlySpan<byte> text) => text switch
    {
        [0xef, 0xbb, 0xbf, .. var rest] => rest.ToArray(),
        [0xff, 0xfe, .. var rest] => Converted(rest, Encoding.Unicode),
        [0xfe, 0xff, .. var rest] => Converted(rest, Encoding.BigEndianUnicode),
        _ => text.ToArray(),
    };

    private static byte[] Converted(ReadOnlySpan<byte> text, Encoding encoding)
    {
        var letters = new char[encoding.GetCharCount(text)];
        encoding.GetChars(text, letters);
        var converted = Encoding.UTF8.GetBytes(letters);
        CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(letters.AsSpan()));
        return converted;
    }
}
