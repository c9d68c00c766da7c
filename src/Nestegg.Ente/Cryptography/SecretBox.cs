using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Nestegg.Ente.Cryptography;

/// <summary>
/// libsodium's <c>crypto_secretbox_easy</c>: XSalsa20-Poly1305, a nonce of 24 bytes, an authenticator of 16 bytes before the
/// ciphertext. Ente wraps keys, album names and comments in it.
/// </summary>
public static class SecretBox
{
    /// <summary>The length of a nonce.</summary>
    public const int NonceBytes = Sodium.SecretBoxNonceBytes;

    /// <summary>How much longer a box is than what is in it.</summary>
    public const int OverheadBytes = Sodium.SecretBoxMacBytes;

    /// <summary>Opens a box.</summary>
    /// <returns>False when key, nonce and box do not belong together, or one of them has an impossible length.</returns>
    public static bool TryOpen(
        ReadOnlySpan<byte> box, ReadOnlySpan<byte> nonce, SecretKey key, [NotNullWhen(true)] out byte[]? plaintext)
    {
        ArgumentNullException.ThrowIfNull(key);
        plaintext = box.Length < OverheadBytes ? null : new byte[box.Length - OverheadBytes];
        if (plaintext is null || !TryOpen(box, nonce, key, plaintext))
        {
            plaintext = null;
            return false;
        }

        return true;
    }

    /// <summary>Opens a box that holds a key.</summary>
    /// <returns>
    /// False as in <see cref="TryOpen(ReadOnlySpan{byte}, ReadOnlySpan{byte}, SecretKey, out byte[])"/>, and when it does not hold 32
    /// bytes.
    /// </returns>
    public static bool TryOpenKey(
        ReadOnlySpan<byte> box, ReadOnlySpan<byte> nonce, SecretKey key, [NotNullWhen(true)] out SecretKey? opened)
    {
        ArgumentNullException.ThrowIfNull(key);
        opened = null;
        if (box.Length != SecretKey.SizeBytes + OverheadBytes)
        {
            return false;
        }

        var candidate = SecretKey.Empty();
        if (!TryOpen(box, nonce, key, candidate.Writable))
        {
            candidate.Dispose();
            return false;
        }

        opened = candidate;
        return true;
    }

    /// <summary>Opens a box that follows its nonce, as Ente keeps it where there is one column for both.</summary>
    public static bool TryOpenCombined(ReadOnlySpan<byte> combined, SecretKey key, [NotNullWhen(true)] out byte[]? plaintext)
    {
        plaintext = null;
        return combined.Length >= NonceBytes + OverheadBytes && TryOpen(combined[NonceBytes..], combined[..NonceBytes], key, out plaintext);
    }

    /// <summary>Seals a box. The nonce must never be used twice with one key.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> nonce, SecretKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceBytes);
        var box = new byte[plaintext.Length + OverheadBytes];
        Sodium.Require(Sodium.crypto_secretbox_easy(box, plaintext, (ulong)plaintext.Length, nonce, key.Bytes));
        return box;
    }

    /// <summary>Seals a box under a random nonce.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> plaintext, SecretKey key, out byte[] nonce)
    {
        nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        return Seal(plaintext, nonce, key);
    }

    private static bool TryOpen(ReadOnlySpan<byte> box, ReadOnlySpan<byte> nonce, SecretKey key, Span<byte> plaintext)
    {
        Debug.Assert(plaintext.Length == box.Length - OverheadBytes, "libsodium writes as much as the box says, whatever room there is.");
        return nonce.Length == NonceBytes
            && Sodium.crypto_secretbox_open_easy(plaintext, box, (ulong)box.Length, nonce, key.Bytes) == 0;
    }
}
