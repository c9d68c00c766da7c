using System.Diagnostics;

namespace Nestegg.Ente.Cryptography;

/// <summary>
/// Shamir's secret sharing as Ente's legacy kits use it: each byte of the secret is where a straight line over GF(2^8), with the
/// polynomial of AES, meets x = 0. Share 1, 2 or 3 holds the line's value at that x, so any two of them give the secret and one says
/// nothing.
/// </summary>
internal static class TwoOfThree
{
    /// <summary>Rebuilds the secret.</summary>
    /// <returns>
    /// Null when the shares are the same one, or not of 32 bytes each; whether they belong together, the secret's use tells.
    /// </returns>
    internal static SecretKey? Combine((int X, byte[] Y) first, (int X, byte[] Y) second)
    {
        if (first.X is < 1 or > 3
            || second.X is < 1 or > 3
            || first.X == second.X
            || first.Y.Length != SecretKey.SizeBytes
            || second.Y.Length != SecretKey.SizeBytes)
        {
            return null;
        }

        var x = (byte)first.X;
        var perSlope = Inverse((byte)(first.X ^ second.X));
        var secret = SecretKey.Empty();
        for (var i = 0; i < SecretKey.SizeBytes; i++)
        {
            var slope = Multiply((byte)(first.Y[i] ^ second.Y[i]), perSlope);
            secret.Writable[i] = (byte)(first.Y[i] ^ Multiply(slope, x));
        }

        return secret;
    }

    /// <summary>The share at <paramref name="x"/>, given the line's slope.</summary>
    internal static byte[] Share(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> slope, int x)
    {
        Debug.Assert(slope.Length == secret.Length, "Each byte has a line of its own.");
        Debug.Assert(x is >= 1 and <= 3, "There are three shares, and at 0 is the secret.");
        var share = secret.ToArray();
        for (var i = 0; i < share.Length; i++)
        {
            share[i] ^= Multiply(slope[i], (byte)x);
        }

        return share;
    }

    /// <summary>Multiplication in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1; FIPS 197, section 4.2.</summary>
    internal static byte Multiply(byte a, byte b)
    {
        var product = 0;
        for (int factor = a, bits = b; bits != 0; bits >>= 1)
        {
            product ^= (bits & 1) * factor;
            factor = (factor << 1) ^ ((factor >> 7) * 0x11b);
        }

        return (byte)product;
    }

    // The 254th power: the 255th of anything but 0 is 1.
    private static byte Inverse(byte value)
    {
        Debug.Assert(value != 0, "0 has no inverse.");
        var power = value;
        for (var i = 1; i < 254; i++)
        {
            power = Multiply(power, value);
        }

        return power;
    }
}
