using System.Diagnostics;
using System.Text;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Packs;

/// <summary>The 512 bytes before a regular file in a ustar archive (POSIX.1-1988).</summary>
internal static class UstarHeader
{
    public const int BlockBytes = 512;
    private const int ChecksumOffset = 148;

    public static int Padded(int sizeBytes) => (sizeBytes + BlockBytes - 1) / BlockBytes * BlockBytes;

    /// <summary>Mode 0644, owner 0, time 0.</summary>
    public static void Write(Span<byte> block, ObjectHash name, int sizeBytes)
    {
        block[..BlockBytes].Clear();
        Encoding.ASCII.GetBytes(name.ToString(), block);
        "0000644\0"u8.CopyTo(block[100..]);
        "0000000\0"u8.CopyTo(block[108..]);
        "0000000\0"u8.CopyTo(block[116..]);
        WriteOctal(block.Slice(124, 11), sizeBytes);
        "00000000000\0"u8.CopyTo(block[136..]);
        block[156] = (byte)'0';
        "ustar\0"u8.CopyTo(block[257..]);
        "00"u8.CopyTo(block[263..]);
        "0000000\0"u8.CopyTo(block[329..]);
        "0000000\0"u8.CopyTo(block[337..]);
        WriteOctal(block.Slice(ChecksumOffset, 6), Checksum(block));
        block[ChecksumOffset + 7] = (byte)' ';
    }

    /// <summary>Reads a header that <see cref="Write"/> wrote; <see langword="false"/> for any other.</summary>
    public static bool TryRead(ReadOnlySpan<byte> block, out ObjectHash name, out int sizeBytes)
    {
        sizeBytes = 0;
        Span<char> digits = stackalloc char[2 * ObjectHash.SizeBytes];
        Encoding.ASCII.TryGetChars(block[..digits.Length], digits, out _);
        if (!ObjectHash.TryParse(digits, out name))
        {
            return false;
        }

        foreach (var c in block.Slice(124, 11))
        {
            if (c is < (byte)'0' or > (byte)'7' || sizeBytes > int.MaxValue / 8)
            {
                return false;
            }

            sizeBytes = sizeBytes * 8 + (c - '0');
        }

        Span<byte> expected = stackalloc byte[BlockBytes];
        Write(expected, name, sizeBytes);
        return block[..BlockBytes].SequenceEqual(expected);
    }

    // The checksum counts its own field as spaces.
    private static int Checksum(ReadOnlySpan<byte> block)
    {
        var sum = 8 * ' ';
        for (var i = 0; i < BlockBytes; i++)
        {
            sum += i is >= ChecksumOffset and < ChecksumOffset + 8 ? 0 : block[i];
        }

        return sum;
    }

    private static void WriteOctal(Span<byte> field, int value)
    {
        Debug.Assert(value >= 0, "A length has no sign.");
        for (var i = field.Length - 1; i >= 0; i--, value /= 8)
        {
            field[i] = (byte)('0' + value % 8);
        }
    }
}
