using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente;

namespace Nestegg.Formats.Age;

/// <summary>
/// Decrypts an age file from front to back. What it returns is authentic so far; that the file is whole is known only when it
/// returns 0. Once it has failed it fails again in the same words. Disposing it disposes the encrypted stream.
/// </summary>
internal sealed class AgeReader : ReadOnlyStream
{
    private const int SealedChunkBytes = AgeWriter.ChunkBytes + AgeKeys.TagBytes;
    private const int HeaderLineLimit = 4096;
    private const int HeaderLinesLimit = 4096;

    private readonly Stream inner;
    private readonly string name;

    // One byte more than a chunk, because whether a chunk is the last shows in what follows it.
    private readonly byte[] buffer = new byte[SealedChunkBytes + 1];
    private int start;
    private int end;
    private bool isAtEnd;
    private int headerLines;

    private readonly byte[] plain = new byte[AgeWriter.ChunkBytes];
    private int plainStart;
    private int plainEnd;
    private ChaCha20Poly1305? cipher;
    private ulong chunk;
    private bool isComplete;
    private NesteggException? failure;

    private AgeReader(Stream inner, string name) => (this.inner, this.name) = (inner, name);

    /// <summary>
    /// Opens a file that is encrypted to recipients. The stream belongs to the reader from here on, even when this fails.
    /// </summary>
    /// <param name="name">What the file is called in messages.</param>
    /// <param name="recipients">Whom the file is said to be for, in messages; may be empty.</param>
    /// <exception cref="NesteggException">
    /// <see cref="FailureKind.WrongIdentity"/> when no identity opens it, <see cref="FailureKind.Damaged"/> when its header is broken.
    /// </exception>
    public static Task<AgeReader> OpenAsync(
        Stream inner, string name, IReadOnlyCollection<AgeIdentity> identities, IReadOnlyCollection<string> recipients,
        CancellationToken cancellationToken) =>
        OpenAsync(inner, name, (header, fileKey) => Unwrap(header, fileKey, name, identities, recipients), cancellationToken);

    /// <summary>Opens a file that is encrypted to a passphrase.</summary>
    /// <param name="passphrase">In UTF-8; the caller wipes it.</param>
    public static Task<AgeReader> OpenWithPassphraseAsync(
        Stream inner, string name, ReadOnlyMemory<byte> passphrase, CancellationToken cancellationToken) =>
        OpenAsync(inner, name, (header, fileKey) => AgePassphrase.Unwrap(header, fileKey, name, passphrase.Span), cancellationToken);

    private delegate void UnwrapFileKey(AgeHeader header, Span<byte> fileKey);

    private static async Task<AgeReader> OpenAsync(Stream inner, string name, UnwrapFileKey unwrap, CancellationToken cancellationToken)
    {
        var reader = new AgeReader(inner, name);
        var fileKey = new byte[AgeKeys.FileKeyBytes];
        try
        {
            var header = await AgeHeader.ReadAsync(() => reader.ReadHeaderLineAsync(cancellationToken));
            unwrap(header, fileKey);
            if (!header.HasMac(fileKey))
            {
                throw new FormatException("its header was changed after it was made");
            }

            await reader.FillAsync(AgeWriter.NonceBytes, cancellationToken);
            if (reader.end - reader.start < AgeWriter.NonceBytes)
            {
                throw new FormatException("it ends in its header");
            }

            reader.cipher = AgeKeys.PayloadCipher(fileKey, reader.buffer.AsSpan(reader.start, AgeWriter.NonceBytes));
            reader.start += AgeWriter.NonceBytes;
            return reader;
        }
        catch (FormatException e)
        {
            await reader.DisposeAsync();
            throw reader.Damaged(e.Message);
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(fileKey);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (failure is not null)
        {
            throw failure;
        }

        if (plainStart == plainEnd && !isComplete && buffer.Length > 0)
        {
            await ReadChunkAsync(cancellationToken);
        }

        var count = Math.Min(buffer.Length, plainEnd - plainStart);
        plain.AsSpan(plainStart, count).CopyTo(buffer.Span);
        plainStart += count;
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        CryptographicOperations.ZeroMemory(plain);
        cipher?.Dispose();
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        CryptographicOperations.ZeroMemory(plain);
        cipher?.Dispose();
        inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask ReadChunkAsync(CancellationToken cancellationToken)
    {
        Debug.Assert(plainStart == plainEnd, "The next chunk comes when all of this one has been handed on.");
        await FillAsync(SealedChunkBytes + 1, cancellationToken);
        var length = Math.Min(end - start, SealedChunkBytes);
        var isLast = end - start <= SealedChunkBytes;
        if (length < AgeKeys.TagBytes)
        {
            throw failure = Damaged("it is cut off");
        }

        if (!TryOpenChunk(length, isLast))
        {
            failure = Damaged(TryOpenChunk(length, !isLast)
                ? isLast ? "it is cut off after a whole chunk" : "bytes follow its last chunk"
                : $"chunk {chunk + 1} of its payload was changed");
            CryptographicOperations.ZeroMemory(plain);
            throw failure;
        }

        if (isLast && length == AgeKeys.TagBytes && chunk > 0)
        {
            throw failure = Damaged("its last chunk is empty");
        }

        (plainStart, plainEnd) = (0, length - AgeKeys.TagBytes);
        start += length;
        chunk++;
        isComplete = isLast;
    }

    private bool TryOpenChunk(int length, bool isLast)
    {
        Debug.Assert(length is >= AgeKeys.TagBytes and <= SealedChunkBytes, "A chunk has a tag, and fits.");
        Span<byte> nonce = stackalloc byte[12];
        AgeWriter.FillNonce(nonce, chunk, isLast);
        var sealedChunk = buffer.AsSpan(start, length);
        try
        {
            cipher!.Decrypt(
                nonce, sealedChunk[..^AgeKeys.TagBytes], sealedChunk[^AgeKeys.TagBytes..], plain.AsSpan(0, length - AgeKeys.TagBytes));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>Reads until so many bytes wait in the buffer, or the file ends.</summary>
    private async ValueTask FillAsync(int count, CancellationToken cancellationToken)
    {
        Debug.Assert(count <= buffer.Length, "What is waited for has room in the buffer.");
        Debug.Assert(start <= end && end <= buffer.Length, "What waits lies in the buffer.");
        if (start > 0 && end - start < count)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        while (!isAtEnd && end - start < count)
        {
            var read = await inner.ReadAsync(buffer.AsMemory(end), cancellationToken);
            end += read;
            isAtEnd = read == 0;
        }
    }

    private async ValueTask<string> ReadHeaderLineAsync(CancellationToken cancellationToken)
    {
        var length = -1;
        for (var wanted = 1; length < 0 && wanted <= HeaderLineLimit; wanted = end - start + 1)
        {
            await FillAsync(wanted, cancellationToken);
            length = buffer.AsSpan(start, Math.Min(end - start, HeaderLineLimit)).IndexOf((byte)'\n');
            if (isAtEnd)
            {
                break;
            }
        }

        if (length < 0 || ++headerLines > HeaderLinesLimit || !Ascii.IsValid(buffer.AsSpan(start, length)))
        {
            throw new FormatException(headerLines == 0 ? "it is no age file" : "its header is cut off or broken");
        }

        var line = Encoding.ASCII.GetString(buffer, start, length);
        start += length + 1;
        return line;
    }

    private NesteggException Damaged(string what) =>
        new(FailureKind.Damaged, $"{name} is damaged: {what}", "run nestegg check --read to see what else is; use another snapshot or "
            + "another copy of the repository");

    private static void Unwrap(
        AgeHeader header, Span<byte> fileKey, string name, IReadOnlyCollection<AgeIdentity> identities,
        IReadOnlyCollection<string> recipients)
    {
        foreach (var identity in identities)
        {
            foreach (var stanza in header.Stanzas)
            {
                if (identity.TryUnwrap(stanza, fileKey))
                {
                    return;
                }
            }
        }

        if (header.Stanzas.Any(stanza => stanza.Type == AgeKeys.Scrypt))
        {
            throw new NesteggException(
                FailureKind.WrongIdentity, $"{name} is encrypted to a passphrase, not to an identity", "give the passphrase instead");
        }

        var have = identities.Count == 0
            ? "no identity was given"
            : $"none of these identities opens it: {string.Join(", ", identities.Select(i => i.Recipient))}";
        var want = recipients.Count == 0 ? "" : $"; it is encrypted to {string.Join(", ", recipients)}";
        throw new NesteggException(
            FailureKind.WrongIdentity, $"{name} cannot be opened: {have}{want}",
            "give the identity file that belongs to the repository with --identity");
    }
}
