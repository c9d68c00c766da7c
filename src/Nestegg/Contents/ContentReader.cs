using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;

namespace Nestegg.Contents;

/// <summary>A hash that is not the one that the uploading app recorded. Both are Base64 of BLAKE2b-512.</summary>
/// <param name="What">What was hashed: <c>file</c>, <c>picture</c>, <c>video</c>.</param>
internal sealed record HashMismatch(string What, string Expected, string Found);

/// <summary>What came of decrypting a file. It is whole when there is neither a defect nor a mismatch.</summary>
/// <param name="PlaintextBytes">How much was authentic.</param>
internal readonly record struct ContentOutcome(SecretStreamDefect? Defect, HashMismatch? Mismatch, long PlaintextBytes)
{
    public bool IsWhole => Defect is null && Mismatch is null;
}

/// <summary>What came of taking a live photo apart.</summary>
/// <param name="Problem">Why it cannot be taken apart.</param>
internal readonly record struct PartsOutcome(string? Problem, HashMismatch? Mismatch)
{
    public bool IsWhole => Problem is null && Mismatch is null;
}

/// <summary>
/// From encrypted bytes to plain ones that are known to be right: every chunk authentic, the last marked as the last, nothing after it, the
/// hash that the uploading app recorded. The one pipeline of export, which writes what comes out, and of prove, which throws it away.
/// </summary>
internal static class ContentReader
{
    /// <summary>Decrypts a file. Holds three chunks of 4 MiB.</summary>
    /// <param name="recordedHash">Of the whole; what is no hash (<see cref="IsHash"/>) is compared with nothing.</param>
    /// <param name="target">Gets authentic plaintext, of use only when the outcome is whole. Stays the caller's.</param>
    public static async Task<ContentOutcome> DecryptAsync(
        Stream encrypted, SecretKey key, ReadOnlyMemory<byte> header, string? recordedHash, Stream target,
        CancellationToken cancellationToken)
    {
        using var hash = IsHash(recordedHash) ? new Blake2b() : null;
        var plaintextBytes = 0L;
        var defect = await SecretStreamDecryptor.DecryptAsync(encrypted, key, header, (chunk, token) =>
        {
            hash?.Update(chunk.Span);
            plaintextBytes += chunk.Length;
            return target.WriteAsync(chunk, token);
        }, cancellationToken);
        return new ContentOutcome(defect, defect is null ? Compare("file", hash, recordedHash) : null, plaintextBytes);
    }

    /// <summary>Takes a live photo apart, the picture first, and compares each part with its recorded hash.</summary>
    /// <param name="zip">The decrypted file, seekable.</param>
    /// <param name="open">Gives the stream that a part goes into; it is disposed here.</param>
    public static async Task<PartsOutcome> UnpackAsync(
        Stream zip, RecordedHash recorded, Func<LivePhotoPart, Stream> open, CancellationToken cancellationToken)
    {
        if (!LivePhoto.TryOpen(zip, out var livePhoto, out var problem))
        {
            return new PartsOutcome(problem, null);
        }

        using (livePhoto)
        {
            foreach (var (what, part, expected) in new[]
            {
                ("picture", livePhoto.Image, recorded.Image),
                ("video", livePhoto.Video, recorded.Video),
            })
            {
                using var hash = new Blake2b();
                await using var target = open(part);
                var isCopied = await part.TryCopyToAsync((bytes, token) =>
                {
                    hash.Update(bytes.Span);
                    return target.WriteAsync(bytes, token);
                }, cancellationToken);
                if (!isCopied)
                {
                    return new PartsOutcome("a part of the live photo's zip is damaged", null);
                }

                if (Compare(what, hash, expected) is { } mismatch)
                {
                    return new PartsOutcome(null, mismatch);
                }
            }
        }

        return default;
    }

    /// <summary>Whether a text is Base64 of a BLAKE2b-512. Metadata is what some app wrote, or somebody hostile.</summary>
    public static bool IsHash(string? text) =>
        text is { Length: > 0 and <= 128 }
        && Convert.TryFromBase64String(text, stackalloc byte[128], out var length)
        && length == Blake2b.FileHashBytes;

    private static HashMismatch? Compare(string what, Blake2b? hash, string? expected)
    {
        if (hash is null || !IsHash(expected))
        {
            return null;
        }

        var found = Convert.ToBase64String(hash.Finish());
        return found == expected ? null : new HashMismatch(what, expected!, found);
    }
}
