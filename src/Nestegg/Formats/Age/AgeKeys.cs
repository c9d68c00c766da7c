using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Formats.Age;

/// <summary>How age derives and wraps its keys (age-encryption.org/v1, "Recipient stanzas" and "Payload").</summary>
internal static class AgeKeys
{
    internal const string X25519 = "X25519";
    internal const string Scrypt = "scrypt";
    internal const int FileKeyBytes = 16;
    internal const int TagBytes = 16;
    internal const int WrappedKeyBytes = FileKeyBytes + TagBytes;
    internal const int ScryptSaltBytes = 16;

    private const int KeyBytes = 32;
    private const int NonceBytes = 12;

    internal static byte[] WrapX25519(
        ReadOnlySpan<byte> shared, ReadOnlySpan<byte> share, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> fileKey)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        DeriveX25519(shared, share, recipient, key);
        return Seal(key, fileKey);
    }

    internal static bool TryUnwrapX25519(
        ReadOnlySpan<byte> shared, ReadOnlySpan<byte> share, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> body, Span<byte> fileKey)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        DeriveX25519(shared, share, recipient, key);
        return TryOpen(key, body, fileKey);
    }

    internal static byte[] WrapScrypt(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int logWork, ReadOnlySpan<byte> fileKey)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        DeriveScrypt(passphrase, salt, logWork, key);
        return Seal(key, fileKey);
    }

    internal static bool TryUnwrapScrypt(
        ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int logWork, ReadOnlySpan<byte> body, Span<byte> fileKey)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        DeriveScrypt(passphrase, salt, logWork, key);
        return TryOpen(key, body, fileKey);
    }

    internal static byte[] HeaderMac(ReadOnlySpan<byte> fileKey, ReadOnlySpan<byte> header)
    {
        Debug.Assert(fileKey.Length == FileKeyBytes, "A file key has its length.");
        Span<byte> key = stackalloc byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, key, [], "header"u8);
        var mac = HMACSHA256.HashData(key, header);
        CryptographicOperations.ZeroMemory(key);
        return mac;
    }

    internal static ChaCha20Poly1305 PayloadCipher(ReadOnlySpan<byte> fileKey, ReadOnlySpan<byte> nonce)
    {
        Debug.Assert(fileKey.Length == FileKeyBytes && nonce.Length == AgeWriter.NonceBytes, "A payload's key comes of a key and a nonce.");
        Span<byte> key = stackalloc byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, key, nonce, "payload"u8);
        var cipher = new ChaCha20Poly1305(key);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    /// <summary>age's base64 has no padding.</summary>
    internal static string ToBase64(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    /// <summary>Reads canonical base64 without padding only, so that a header has one spelling.</summary>
    internal static bool TryFromBase64(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length * 3 / 4];
        var padded = text + new string('=', (4 - (text.Length % 4)) % 4);
        return Convert.TryFromBase64String(padded, bytes, out var written) && written == bytes.Length && ToBase64(bytes) == text;
    }

    private static void DeriveX25519(ReadOnlySpan<byte> shared, ReadOnlySpan<byte> share, ReadOnlySpan<byte> recipient, Span<byte> key)
    {
        Debug.Assert(shared.Length == Sodium.ScalarMultBytes, "The shared secret is a point.");
        Debug.Assert(share.Length == Sodium.ScalarMultBytes && recipient.Length == Sodium.ScalarMultBytes, "They fill the salt.");
        Span<byte> salt = stackalloc byte[2 * Sodium.ScalarMultBytes];
        share.CopyTo(salt);
        recipient.CopyTo(salt[Sodium.ScalarMultBytes..]);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, key, salt, "age-encryption.org/v1/X25519"u8);
    }

    private static void DeriveScrypt(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int logWork, Span<byte> key)
    {
        Debug.Assert(salt.Length == ScryptSaltBytes, "A salt of another length opens nothing that age wrote.");
        Debug.Assert(logWork is > 0 and < 32, "It was compared with the limit before.");
        byte[] labelled = [.. "age-encryption.org/v1/scrypt"u8, .. salt];
        var result = Sodium.crypto_pwhash_scryptsalsa208sha256_ll(
            passphrase, (nuint)passphrase.Length, labelled, (nuint)labelled.Length, 1UL << logWork, 8, 1, key, (nuint)key.Length);
        if (result != 0)
        {
            throw new InsufficientMemoryException($"scrypt with a work factor of 2^{logWork} found too little memory.");
        }
    }

    // The nonce is zero: a wrapping key is used once.
    private static byte[] Seal(Span<byte> key, ReadOnlySpan<byte> fileKey)
    {
        Debug.Assert(fileKey.Length == FileKeyBytes, "What is wrapped is a file key.");
        var body = new byte[WrappedKeyBytes];
        using var cipher = new ChaCha20Poly1305(key);
        CryptographicOperations.ZeroMemory(key);
        cipher.Encrypt(new byte[NonceBytes], fileKey, body.AsSpan(0, FileKeyBytes), body.AsSpan(FileKeyBytes));
        return body;
    }

    private static bool TryOpen(Span<byte> key, ReadOnlySpan<byte> body, Span<byte> fileKey)
    {
        Debug.Assert(body.Length == WrappedKeyBytes && fileKey.Length == FileKeyBytes, "Whoever reads a stanza looks at its length first.");
        using var cipher = new ChaCha20Poly1305(key);
        CryptographicOperations.ZeroMemory(key);
        try
        {
            cipher.Decrypt(new byte[NonceBytes], body[..FileKeyBytes], body[FileKeyBytes..], fileKey);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
