using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;

namespace Nestegg.Formats.Age;

/// <summary>
/// Encrypts what is written to it into an age file on another stream, which stays open. A file is whole only after
/// <see cref="CompleteAsync"/>.
/// </summary>
internal sealed class AgeWriter : WriteOnlyStream
{
    internal const int NonceBytes = 16;
    internal const int ChunkBytes = 64 * 1024;

    private readonly Stream inner;
    private readonly ChaCha20Poly1305 cipher;
    private readonly byte[] plain = new byte[ChunkBytes];
    private readonly byte[] sealedChunk = new byte[ChunkBytes + AgeKeys.TagBytes];
    private int filled;
    private ulong chunk;
    private bool isComplete;

    private AgeWriter(Stream inner, ChaCha20Poly1305 cipher) => (this.inner, this.cipher) = (inner, cipher);

    /// <summary>Begins a file that each of the recipients can open.</summary>
    public static Task<AgeWriter> CreateAsync(
        Stream inner, IReadOnlyCollection<AgeRecipient> recipients, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(recipients.Count);
        return CreateAsync(inner, fileKey => [.. recipients.Select(recipient => recipient.Wrap(fileKey))], cancellationToken);
    }

    /// <summary>Begins a file that a passphrase opens.</summary>
    /// <param name="passphrase">In UTF-8; the caller wipes it.</param>
    /// <param name="logWork">Base-2 logarithm of scrypt's N. 18 is what age takes: a second and 256 MiB.</param>
    public static Task<AgeWriter> CreateWithPassphraseAsync(
        Stream inner, ReadOnlyMemory<byte> passphrase, int logWork, CancellationToken cancellationToken)
    {
        var salt = RandomNumberGenerator.GetBytes(AgeKeys.ScryptSaltBytes);
        return CreateAsync(inner, Wrap, cancellationToken);

        AgeStanza[] Wrap(byte[] fileKey) =>
            [new AgeStanza(
                AgeKeys.Scrypt, [AgeKeys.ToBase64(salt), $"{logWork}"], AgeKeys.WrapScrypt(passphrase.Span, salt, logWork, fileKey))];
    }

    private static async Task<AgeWriter> CreateAsync(Stream inner, Func<byte[], AgeStanza[]> wrap, CancellationToken cancellationToken)
    {
        var fileKey = RandomNumberGenerator.GetBytes(AgeKeys.FileKeyBytes);
        try
        {
            var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
            await inner.WriteAsync(AgeHeader.Write(wrap(fileKey), fileKey), cancellationToken);
            await inner.WriteAsync(nonce, cancellationToken);
            return new AgeWriter(inner, AgeKeys.PayloadCipher(fileKey, nonce));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(fileKey);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(isComplete, this);
        while (buffer.Length > 0)
        {
            // A full chunk waits until more comes, because the last one is marked as such.
            if (filled == ChunkBytes)
            {
                await WriteChunkAsync(isLast: false, cancellationToken);
            }

            var count = Math.Min(buffer.Length, ChunkBytes - filled);
            buffer.Span[..count].CopyTo(plain.AsSpan(filled));
            filled += count;
            buffer = buffer[count..];
        }
    }

    /// <summary>Writes the last chunk. Nothing can be written afterwards.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(isComplete, this);
        await WriteChunkAsync(isLast: true, cancellationToken);
        isComplete = true;
    }

    // Only whole chunks can be sealed, so there is nothing to flush here.
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    /// <summary>The nonce of a chunk: an 11-byte counter and a byte that is 1 for the last one.</summary>
    internal static void FillNonce(Span<byte> nonce, ulong chunk, bool isLast)
    {
        Debug.Assert(nonce.Length == 12, "ChaCha20-Poly1305 takes a nonce of 12 bytes.");
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[3..], chunk);
        nonce[11] = isLast ? (byte)1 : (byte)0;
    }

    protected override void Dispose(bool disposing)
    {
        CryptographicOperations.ZeroMemory(plain);
        cipher.Dispose();
        isComplete = true;
        base.Dispose(disposing);
    }

    private async Task WriteChunkAsync(bool isLast, CancellationToken cancellationToken)
    {
        Seal(isLast);
        await inner.WriteAsync(sealedChunk.AsMemory(0, filled + AgeKeys.TagBytes), cancellationToken);
        filled = 0;
        chunk++;
    }

    private void Seal(bool isLast)
    {
        Debug.Assert(isLast || filled == ChunkBytes, "Only the last chunk is shorter.");
        Debug.Assert(filled > 0 || chunk == 0, "Only an empty file has an empty chunk.");
        Span<byte> nonce = stackalloc byte[12];
        FillNonce(nonce, chunk, isLast);
        cipher.Encrypt(nonce, plain.AsSpan(0, filled), sealedChunk.AsSpan(0, filled), sealedChunk.AsSpan(filled, AgeKeys.TagBytes));
    }
}
