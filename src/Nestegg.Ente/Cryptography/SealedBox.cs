using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Nestegg.Ente.Cryptography;

/// <summary>
/// libsodium's <c>crypto_box_seal</c>: whoever has the X25519 public key can seal, only the holder of the secret key can open.
/// 48 bytes longer than its content. Ente hands album keys, session tokens and recovery keys to other people in it.
/// </summary>
public static class SealedBox
{
    /// <summary>The length of an X25519 public key.</summary>
    public const int PublicKeyBytes = Sodium.BoxPublicKeyBytes;

    /// <summary>How much longer a box is than what is in it.</summary>
    public const int OverheadBytes = Sodium.BoxSealBytes;

    /// <summary>Makes a new key pair.</summary>
    public static SecretKey NewKeyPair(out byte[] publicKey)
    {
        publicKey = new byte[PublicKeyBytes];
        var secretKey = SecretKey.Empty();
        Sodium.Require(Sodium.crypto_box_keypair(publicKey, secretKey.Writable));
        return secretKey;
    }

    /// <summary>Opens a box.</summary>
    /// <returns>False when the keys are not those it was sealed to, or something has an impossible length.</returns>
    public static bool TryOpen(
        ReadOnlySpan<byte> box, ReadOnlySpan<byte> publicKey, SecretKey secretKey, [NotNullWhen(true)] out byte[]? plaintext)
    {
        ArgumentNullException.ThrowIfNull(secretKey);
        plaintext = box.Length < OverheadBytes ? null : new byte[box.Length - OverheadBytes];
        if (plaintext is null || !TryOpen(box, publicKey, secretKey, plaintext))
        {
            plaintext = null;
            return false;
        }

        return true;
    }

    /// <summary>Opens a box that holds a key.</summary>
    public static bool TryOpenKey(
        ReadOnlySpan<byte> box, ReadOnlySpan<byte> publicKey, SecretKey secretKey, [NotNullWhen(true)] out SecretKey? opened)
    {
        ArgumentNullException.ThrowIfNull(secretKey);
        opened = null;
        if (box.Length != SecretKey.SizeBytes + OverheadBytes)
        {
            return false;
        }

        var candidate = SecretKey.Empty();
        if (!TryOpen(box, publicKey, secretKey, candidate.Writable))
        {
            candidate.Dispose();
            return false;
        }

        opened = candidate;
        return true;
    }

    /// <summary>Seals a box to a public key.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> publicKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(publicKey.Length, PublicKeyBytes);
        var box = new byte[plaintext.Length + OverheadBytes];
        Sodium.Require(Sodium.crypto_box_seal(box, plaintext, (ulong)plaintext.Length, publicKey));
        return box;
    }

    private static bool TryOpen(ReadOnlySpan<byte> box, ReadOnlySpan<byte> publicKey, SecretKey secretKey, Span<byte> plaintext)
    {
        Debug.Assert(plaintext.Length == box.Length - OverheadBytes, "libsodium writes as much as the box says, whatever room there is.");
        return publicKey.Length == PublicKeyBytes
            && Sodium.crypto_box_seal_open(plaintext, box, (ulong)box.Length, publicKey, secretKey.Bytes) == 0;
    }
}
