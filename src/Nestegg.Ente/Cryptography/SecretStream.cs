using System.Diagnostics.CodeAnalysis;

namespace Nestegg.Ente.Cryptography;

/// <summary>
/// libsodium's secretstream (XChaCha20-Poly1305): a header of 24 bytes, then messages, each 17 bytes longer than its content (a
/// tag byte, encrypted, and an authenticator). The last carries the tag FINAL, so that a cut is seen. File contents are cut into
/// messages of 4 MiB; everything else is a single message.
/// </summary>
public static class SecretStream
{
    /// <summary>The length of a header.</summary>
    public const int HeaderBytes = Sodium.SecretStreamHeaderBytes;

    /// <summary>How much longer a message is than what is in it.</summary>
    public const int OverheadBytes = Sodium.SecretStreamOverheadBytes;

    /// <summary>What a message of a file holds, except the last, which may hold less.</summary>
    public const int ChunkBytes = 4 * 1024 * 1024;

    /// <summary>A full message of a file.</summary>
    public const int EncryptedChunkBytes = ChunkBytes + OverheadBytes;

    /// <summary>How long a file is in the bucket. An empty one is one message.</summary>
    public static long EncryptedBytes(long plaintextBytes) =>
        plaintextBytes + (OverheadBytes * Math.Max(1, (plaintextBytes + ChunkBytes - 1) / ChunkBytes));

    /// <summary>How long a file is that has this length in the bucket; null when no file has.</summary>
    public static long? PlaintextBytes(long encryptedBytes)
    {
        var chunks = (encryptedBytes + EncryptedChunkBytes - 1) / EncryptedChunkBytes;
        var plaintextBytes = encryptedBytes - (OverheadBytes * chunks);
        return encryptedBytes < OverheadBytes || plaintextBytes < (chunks - 1) * (long)ChunkBytes ? null : plaintextBytes;
    }

    /// <summary>Opens a blob that is a single message.</summary>
    /// <param name="message">The message, without its header.</param>
    /// <param name="header">The header, 24 bytes.</param>
    /// <param name="key">The key it was encrypted under.</param>
    /// <param name="requireFinal">False only for Ente Auth, whose older entries lack the tag FINAL.</param>
    /// <param name="plaintext">What is in it.</param>
    /// <returns>False when they do not belong together, a length is impossible, or FINAL is required and absent.</returns>
    public static bool TryOpen(
        ReadOnlySpan<byte> message, ReadOnlySpan<byte> header, SecretKey key, bool requireFinal, [NotNullWhen(true)] out byte[]? plaintext)
    {
        ArgumentNullException.ThrowIfNull(key);
        plaintext = null;
        if (message.Length < OverheadBytes || header.Length != HeaderBytes)
        {
            return false;
        }

        var state = default(Sodium.SecretStreamState);
        var opened = new byte[message.Length - OverheadBytes];
        var authentic = Sodium.crypto_secretstream_xchacha20poly1305_init_pull(ref state, header, key.Bytes) == 0
            && Sodium.crypto_secretstream_xchacha20poly1305_pull(
                ref state, opened, 0, out var tag, message, (ulong)message.Length, 0, 0) == 0
            && (tag == Sodium.SecretStreamTagFinal || !requireFinal);
        Sodium.Zero(ref state);
        plaintext = authentic ? opened : null;
        return authentic;
    }

    /// <summary>Makes a blob that is a single message.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> plaintext, SecretKey key, out byte[] header)
    {
        using var encryptor = new SecretStreamEncryptor(key);
        header = encryptor.Header.ToArray();
        var message = new byte[plaintext.Length + OverheadBytes];
        encryptor.Encrypt(plaintext, isLast: true, message);
        return message;
    }
}
