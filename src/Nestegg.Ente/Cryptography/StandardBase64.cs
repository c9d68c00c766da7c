using System.Diagnostics.CodeAnalysis;

namespace Nestegg.Ente.Cryptography;

/// <summary>
/// The encoding of nearly all bytes in Ente's columns and JSON: RFC 4648 section 4, padded. The database checks none of it.
/// </summary>
internal static class StandardBase64
{
    internal static bool TryDecode(string? text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text is null)
        {
            return false;
        }

        var buffer = new byte[((text.Length / 4) * 3) + 3];
        if (!Convert.TryFromBase64String(text, buffer, out var written))
        {
            return false;
        }

        bytes = buffer.AsSpan(0, written).ToArray();
        return true;
    }

    internal static bool TryDecode(string? text, int expectedBytes, [NotNullWhen(true)] out byte[]? bytes)
    {
        if (TryDecode(text, out bytes) && bytes.Length == expectedBytes)
        {
            return true;
        }

        bytes = null;
        return false;
    }
}
