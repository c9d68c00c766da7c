using System.Diagnostics;

namespace Nestegg.Ente.Cryptography;

/// <summary>Encrypts a file chunk by chunk, as Ente's apps do.</summary>
public sealed class SecretStreamEncryptor : IDisposable
{
    private readonly byte[] header = new byte[SecretStream.HeaderBytes];
    private Sodium.SecretStreamState state;
    private bool ended;

    /// <summary>Begins a stream under a random header.</summary>
    public SecretStreamEncryptor(SecretKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Sodium.Require(Sodium.crypto_secretstream_xchacha20poly1305_init_push(ref state, header, key.Bytes));
    }

    /// <summary>What a reader needs beside the key; kept in the database, not in the object.</summary>
    public ReadOnlyMemory<byte> Header => header;

    /// <summary>Encrypts one chunk.</summary>
    /// <param name="plaintext">4 MiB, or, for the last, fewer.</param>
    /// <param name="isLast">Marks it as the last: nothing may follow.</param>
    /// <param name="message">Receives 17 bytes more.</param>
    public void Encrypt(ReadOnlySpan<byte> plaintext, bool isLast, Span<byte> message)
    {
        if (ended)
        {
            throw new InvalidOperationException("The last chunk of this stream has been encrypted.");
        }

        if (message.Length != plaintext.Length + SecretStream.OverheadBytes)
        {
            throw new ArgumentException($"A message is {SecretStream.OverheadBytes} bytes longer than its content.", nameof(message));
        }

        ended = isLast;
        Sodium.Require(Sodium.crypto_secretstream_xchacha20poly1305_push(
            ref state, message, 0, plaintext, (ulong)plaintext.Length,
            0, 0, isLast ? Sodium.SecretStreamTagFinal : Sodium.SecretStreamTagMessage));
    }

    /// <summary>Encrypts everything that <paramref name="plaintext"/> holds.</summary>
    /// <returns>The header.</returns>
    public static async Task<byte[]> EncryptAsync(Stream plaintext, Stream encrypted, SecretKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plaintext);
        ArgumentNullException.ThrowIfNull(encrypted);
        using var encryptor = new SecretStreamEncryptor(key);
        var current = ChunkPool.Rent();
        var next = ChunkPool.Rent();
        var message = ChunkPool.Rent();
        try
        {
            var length = await ReadChunkAsync(plaintext, current, cancellationToken);
            var isLast = false;
            while (!isLast)
            {
                // Only a look at what follows tells whether a chunk is the last.
                var nextLength = await ReadChunkAsync(plaintext, next, cancellationToken);
                isLast = nextLength == 0;
                Debug.Assert(isLast || length == SecretStream.ChunkBytes, "Only the last chunk is shorter.");
                var encryptedChunk = message.AsMemory(0, length + SecretStream.OverheadBytes);
                encryptor.Encrypt(current.AsSpan(0, length), isLast, encryptedChunk.Span);
                await encrypted.WriteAsync(encryptedChunk, cancellationToken);
                (current, next, length) = (next, current, nextLength);
            }

            return encryptor.header;
        }
        finally
        {
            ChunkPool.Return(current, current.Length);
            ChunkPool.Return(next, next.Length);
            ChunkPool.Return(message, usedBytes: 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Sodium.Zero(ref state);

    private static async Task<int> ReadChunkAsync(Stream source, byte[] buffer, CancellationToken cancellationToken) =>
        await source.ReadAtLeastAsync(
            buffer.AsMemory(0, SecretStream.ChunkBytes), SecretStream.ChunkBytes, throwOnEndOfStream: false, cancellationToken);
}
