using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;

namespace Nestegg.Ente.Cryptography;

/// <summary>
/// Decrypts a file chunk by chunk. The first defect sticks: nothing is decrypted after it. A stream is whole only when
/// <see cref="TryFinish"/> says so, because only then its last chunk was marked as the last and nothing came after it.
/// </summary>
public sealed class SecretStreamDecryptor : IDisposable
{
    private Sodium.SecretStreamState state;
    private bool final;
    private bool extraFinal;
    private long chunks;

    /// <summary>Begins a stream. A header of the wrong length is a defect, not an exception: it comes from the database.</summary>
    public SecretStreamDecryptor(SecretKey key, ReadOnlySpan<byte> header)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (header.Length != SecretStream.HeaderBytes)
        {
            Defect = new SecretStreamDefect(SecretStreamDefectKind.HeaderLength, 1, 0);
            return;
        }

        Sodium.Require(Sodium.crypto_secretstream_xchacha20poly1305_init_pull(ref state, header, key.Bytes));
    }

    /// <summary>What is wrong, once something is.</summary>
    public SecretStreamDefect? Defect { get; private set; }

    /// <summary>Encrypted bytes that were found authentic so far.</summary>
    public long EncryptedBytes { get; private set; }

    /// <summary>Receives plaintext in order. The memory is valid until the returned task ends.</summary>
    public delegate ValueTask PlaintextSink(ReadOnlyMemory<byte> plaintext, CancellationToken cancellationToken);

    /// <summary>Decrypts one chunk in its own memory.</summary>
    /// <param name="chunk">4 MiB and 17 bytes, or, for the last, fewer. Overwritten.</param>
    /// <param name="plaintext">The part of <paramref name="chunk"/> that now holds the plaintext.</param>
    /// <returns>False when there is a <see cref="Defect"/>, now or since before.</returns>
    public bool TryDecrypt(Span<byte> chunk, out Span<byte> plaintext)
    {
        plaintext = default;
        if (Defect is not null)
        {
            return false;
        }

        // Some writers may end a file whose length is a multiple of 4 MiB with one more, empty chunk.
        var isExtraFinal = final && !extraFinal && chunk.Length == SecretStream.OverheadBytes;
        if (final && !isExtraFinal)
        {
            return Fail(SecretStreamDefectKind.DataAfterFinal);
        }

        if (chunk.Length < SecretStream.OverheadBytes)
        {
            return Fail(SecretStreamDefectKind.ChunkTooShort);
        }

        // The body follows the tag byte. libsodium checks the authenticator before it writes, and XORs in place.
        var body = chunk[1..^(SecretStream.OverheadBytes - 1)];
        var result = Sodium.crypto_secretstream_xchacha20poly1305_pull(ref state, body, 0, out var tag, chunk, (ulong)chunk.Length, 0, 0);
        if (result != 0 || (isExtraFinal && tag != Sodium.SecretStreamTagFinal))
        {
            return Fail(isExtraFinal ? SecretStreamDefectKind.DataAfterFinal : SecretStreamDefectKind.NotAuthentic);
        }

        extraFinal = isExtraFinal;
        final = tag == Sodium.SecretStreamTagFinal;
        Debug.Assert(!extraFinal || final, "An extra chunk is taken only where it is marked as the last.");
        chunks++;
        EncryptedBytes += chunk.Length;
        plaintext = body;
        return true;
    }

    /// <summary>Call at the end of the bytes.</summary>
    /// <returns>True when the stream is whole.</returns>
    public bool TryFinish() => Defect is null && (final || Fail(SecretStreamDefectKind.FinalMissing));

    /// <summary>
    /// Decrypts a whole stream: reads the next chunk and decrypts this one while the sink takes the last one, so that one long file keeps
    /// two cores busy. Holds three chunks in memory.
    /// </summary>
    /// <param name="encrypted">The object's bytes; read to their end unless a defect comes first.</param>
    /// <param name="key">The file's key.</param>
    /// <param name="header">The file's decryption header.</param>
    /// <param name="sink">
    /// Gets the plaintext of authentic chunks, one after the other, in order, not always on the same thread. What it got is whole only when
    /// null is returned.
    /// </param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <returns>What is wrong, or null when the stream is whole.</returns>
    public static async Task<SecretStreamDefect?> DecryptAsync(
        Stream encrypted, SecretKey key, ReadOnlyMemory<byte> header, PlaintextSink sink, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(encrypted);
        ArgumentNullException.ThrowIfNull(sink);
        using var decryptor = new SecretStreamDecryptor(key, header.Span);
        var (current, next, last) = (new ChunkBuffer(), new ChunkBuffer(), new ChunkBuffer());
        var (reading, sinking) = (Task.CompletedTask, Task.CompletedTask);
        try
        {
            reading = current.FillAsync(encrypted, cancellationToken);
            while (true)
            {
                await reading;
                if (current.Length == 0)
                {
                    await sinking;
                    decryptor.TryFinish();
                    return decryptor.Defect;
                }

                Debug.Assert(current != next && next != last && last != current, "One is read into, one decrypted, one handed on.");
                reading = next.FillAsync(encrypted, cancellationToken);
                var isAuthentic = decryptor.TryDecrypt(current.Filled.Span, out var plaintext);
                var content = current.Filled.Slice(isAuthentic ? 1 : 0, plaintext.Length);
                await sinking;
                if (!isAuthentic)
                {
                    return decryptor.Defect;
                }

                sinking = SinkAsync(sink, content, cancellationToken);
                (last, current, next) = (current, next, last);
            }
        }
        finally
        {
            // Reader and sink may still be at a buffer: it goes back to the pool only when they have ended, whichever way.
            await Task.WhenAll(reading, sinking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            current.Return();
            next.Return();
            last.Return();
        }
    }

    // After a shorter chunk there is nothing to decrypt meanwhile: no thread is worth its while.
    private static Task SinkAsync(PlaintextSink sink, ReadOnlyMemory<byte> plaintext, CancellationToken cancellationToken) =>
        plaintext.Length < SecretStream.ChunkBytes
        ? sink(plaintext, cancellationToken).AsTask()
        : Task.Run(() => sink(plaintext, cancellationToken).AsTask(), CancellationToken.None);

    /// <inheritdoc/>
    public void Dispose() => Sodium.Zero(ref state);

    private bool Fail(SecretStreamDefectKind kind)
    {
        Debug.Assert(Defect is null, "The first defect sticks.");
        Defect = new SecretStreamDefect(kind, chunks + 1, EncryptedBytes);
        return false;
    }

    private sealed class ChunkBuffer
    {
        // Thumbnails are half of a library: begin with what they need, and grow once to a whole chunk.
        private const int FirstBytes = 256 * 1024;
        private byte[] array = [];
        private int usedBytes;

        internal int Length { get; private set; }

        internal Memory<byte> Filled => array.AsMemory(0, Length);

        internal async Task FillAsync(Stream source, CancellationToken cancellationToken)
        {
            Length = 0;
            if (array.Length == 0)
            {
                array = ArrayPool<byte>.Shared.Rent(FirstBytes);
            }

            await ReadOnAsync(source, cancellationToken);
            if (Length == array.Length && Length < SecretStream.EncryptedChunkBytes)
            {
                Grow();
                await ReadOnAsync(source, cancellationToken);
            }
        }

        internal void Return()
        {
            Debug.Assert(Length <= usedBytes && usedBytes <= array.Length, "What has to be wiped is known, and is here.");
            if (array.Length == SecretStream.EncryptedChunkBytes)
            {
                ChunkPool.Return(array, usedBytes);
            }
            else if (array.Length > 0)
            {
                ReturnWiped();
            }

            array = [];
        }

        private void Grow()
        {
            Debug.Assert(array.Length < SecretStream.EncryptedChunkBytes, "A buffer grows once, to a whole chunk.");
            var chunk = ChunkPool.Rent();
            Filled.CopyTo(chunk);
            ReturnWiped();
            array = chunk;
        }

        // It held somebody's photo, and anybody may be the next to have it.
        private void ReturnWiped()
        {
            CryptographicOperations.ZeroMemory(array.AsSpan(0, usedBytes));
            ArrayPool<byte>.Shared.Return(array);
        }

        private async Task ReadOnAsync(Stream source, CancellationToken cancellationToken)
        {
            var rest = array.AsMemory(Length, Math.Min(array.Length, SecretStream.EncryptedChunkBytes) - Length);
            Length += await source.ReadAtLeastAsync(rest, rest.Length, throwOnEndOfStream: false, cancellationToken);
            usedBytes = Math.Max(usedBytes, Length);
        }
    }
}
