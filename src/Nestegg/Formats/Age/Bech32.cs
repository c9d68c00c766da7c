using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Nestegg.Formats.Age;

/// <summary>
/// Bech32 (BIP 173, without its limit of 90 characters) for keys of 32 bytes. Works on bytes, so that a secret key need not become a
/// string.
/// </summary>
internal static class Bech32
{
    internal const int KeyBytes = 32;
    private const int ChecksumLength = 6;
    private const int DataLength = 52; // 256 bits in groups of five, the last one padded.

    private static ReadOnlySpan<byte> Alphabet => "qpzry9x8gf2tvdw0s3jn54khce6mua7l"u8;

    private static ReadOnlySpan<uint> Generator => [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

    /// <summary>The text in lower case, ASCII.</summary>
    internal static byte[] Encode(string prefix, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyBytes);
        Span<byte> groups = stackalloc byte[DataLength + ChecksumLength];
        groups.Clear();
        for (var bit = 0; bit < 8 * KeyBytes; bit++)
        {
            var value = key[bit / 8] >> (7 - (bit % 8)) & 1;
            groups[bit / 5] |= (byte)(value << (4 - (bit % 5)));
        }

        var sum = Checksum(prefix, groups) ^ 1;
        for (var i = 0; i < ChecksumLength; i++)
        {
            groups[DataLength + i] = (byte)(sum >> (5 * (ChecksumLength - 1 - i)) & 31);
        }

        var text = new byte[prefix.Length + 1 + groups.Length];
        Encoding.ASCII.GetBytes(prefix, text);
        text[prefix.Length] = (byte)'1';
        for (var i = 0; i < groups.Length; i++)
        {
            text[prefix.Length + 1 + i] = Alphabet[groups[i]];
        }

        CryptographicOperations.ZeroMemory(groups);
        return text;
    }

    /// <summary>
    /// Reads text that is wholly lower or wholly upper case; <see langword="false"/> for any other prefix, length, character or checksum.
    /// </summary>
    internal static bool TryDecode(ReadOnlySpan<byte> text, string prefix, Span<byte> key)
    {
        Debug.Assert(key.Length == KeyBytes, "A key has its length.");
        Span<byte> groups = stackalloc byte[DataLength + ChecksumLength];

        // The last group carries one bit of the key and four of padding, which are zero.
        var isKey = HasForm(text, prefix) && TryReadGroups(text[(prefix.Length + 1)..], groups)
            && Checksum(prefix, groups) == 1 && (groups[DataLength - 1] & 15) == 0;
        key.Clear();
        for (var bit = 0; isKey && bit < 8 * KeyBytes; bit++)
        {
            key[bit / 8] |= (byte)((groups[bit / 5] >> (4 - (bit % 5)) & 1) << (7 - (bit % 8)));
        }

        CryptographicOperations.ZeroMemory(groups);
        return isKey;
    }

    private static bool HasForm(ReadOnlySpan<byte> text, string prefix)
    {
        if (text.Length != prefix.Length + 1 + DataLength + ChecksumLength || text[prefix.Length] != '1'
            || (text.ContainsAnyInRange((byte)'A', (byte)'Z') && text.ContainsAnyInRange((byte)'a', (byte)'z')))
        {
            return false;
        }

        var isOurs = true;
        for (var i = 0; i < prefix.Length; i++)
        {
            isOurs &= Lower(text[i]) == prefix[i];
        }

        return isOurs;
    }

    private static bool TryReadGroups(ReadOnlySpan<byte> digits, Span<byte> groups)
    {
        Debug.Assert(digits.Length == groups.Length, "Each digit is a group.");
        for (var i = 0; i < groups.Length; i++)
        {
            var value = Alphabet.IndexOf(Lower(digits[i]));
            if (value < 0)
            {
                return false;
            }

            groups[i] = (byte)value;
        }

        return true;
    }

    private static byte Lower(byte c) => c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c | 32) : c;

    private static uint Checksum(string prefix, ReadOnlySpan<byte> groups)
    {
        var sum = 1u;
        foreach (var c in prefix)
        {
            sum = Step(sum, (uint)c >> 5);
        }

        sum = Step(sum, 0);
        foreach (var c in prefix)
        {
            sum = Step(sum, (uint)c & 31);
        }

        foreach (var group in groups)
        {
            sum = Step(sum, group);
        }

        return sum;
    }

    private static uint Step(uint sum, uint value)
    {
        Debug.Assert(value < 32, "The checksum is over groups of five bits.");
        var top = sum >> 25;
        sum = (sum & 0x1ffffff) << 5 ^ value;
        for (var i = 0; i < Generator.Length; i++)
        {
            if ((top >> i & 1) != 0)
            {
                sum ^= Generator[i];
            }
        }

        return sum;
    }
}
