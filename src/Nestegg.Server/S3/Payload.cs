using System.Globalization;
using System.Security.Cryptography;

namespace Nestegg.Server.S3;

/// <summary>A request's body: read once, checked against every hash, length and signature that came with it.</summary>
internal static class Payload
{
    // 1,000 keys of 1,024 bytes, each perhaps escaped to three times that, and the elements around them.
    private const int MaxDocumentBytes = 8 * 1024 * 1024;

    /// <summary>Writes the body to a file that is then on disk in full, and checks it. On an error the file is of no use.</summary>
    /// <returns>The MD5 of the content, and its length.</returns>
    public static async Task<(byte[] Md5, long Length)> WriteToAsync(
        S3Request request, PayloadTerms terms, Stream file, CancellationToken cancellationToken)
    {
        var length = AnnouncedLength(request, terms);
        return (await ReadAsync(request, terms, length, piece => file.WriteAsync(piece, cancellationToken), cancellationToken), length);
    }

    /// <summary>The length of the content, without what the chunks add to it.</summary>
    public static long AnnouncedLength(S3Request request, PayloadTerms terms)
    {
        var announced = request.Header(terms.IsChunked ? "x-amz-decoded-content-length" : "Content-Length");
        if (!long.TryParse(announced, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            throw new S3Exception(411, "MissingContentLength", "You must provide the length of the body.");
        }

        if (length > ServerLimits.MaxObjectBytes)
        {
            throw S3Exception.EntityTooLarge();
        }

        return length;
    }

    /// <summary>Reads a small document, such as the keys to delete.</summary>
    public static async Task<MemoryStream> ReadDocumentAsync(S3Request request, PayloadTerms terms, CancellationToken cancellationToken)
    {
        var document = new MemoryStream();

        ValueTask Take(ReadOnlyMemory<byte> piece)
        {
            if (document.Length + piece.Length > MaxDocumentBytes)
            {
                throw S3Exception.MalformedXml();
            }

            document.Write(piece.Span);
            return ValueTask.CompletedTask;
        }

        await ReadAsync(request, terms, null, Take, cancellationToken);
        document.Position = 0;
        return document;
    }

    private static async Task<byte[]> ReadAsync(
        S3Request request, PayloadTerms terms, long? expectedLength, Func<ReadOnlyMemory<byte>, ValueTask> sink,
        CancellationToken cancellationToken)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var checksum = Checksum.TryCreate(request);
        var isHash = !terms.IsChunked && terms.Hash != PayloadTerms.Unsigned;
        var length = 0L;

        ValueTask Take(ReadOnlyMemory<byte> piece)
        {
            md5.AppendData(piece.Span);
            if (isHash)
            {
                sha256.AppendData(piece.Span);
            }

            checksum?.Append(piece.Span);
            length += piece.Length;
            return length <= (expectedLength ?? long.MaxValue) ? sink(piece) : throw S3Exception.IncompleteBody();
        }

        var trailers = await PumpAsync(request, terms, Take, cancellationToken);
        if (expectedLength is not null && length != expectedLength)
        {
            throw S3Exception.IncompleteBody();
        }

        if (isHash && !SignatureV4.Equal(Convert.ToHexStringLower(sha256.GetCurrentHash()), terms.Hash))
        {
            throw new S3Exception(
                400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.");
        }

        var hash = md5.GetCurrentHash();
        CheckMd5(request.Header("Content-MD5"), hash);
        if (checksum is not null && (trailers?.GetValueOrDefault(checksum.Header) ?? request.Header(checksum.Header)) != checksum.Value())
        {
            throw S3Exception.BadDigest(checksum.Header);
        }

        return hash;
    }

    private static async Task<IReadOnlyDictionary<string, string>?> PumpAsync(
        S3Request request, PayloadTerms terms, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancellationToken)
    {
        var body = request.Context.Request.BodyReader;
        if (terms.IsChunked)
        {
            using var chunks = new ChunkedPayload(body, terms);
            await chunks.ReadAsync(take, cancellationToken);
            return chunks.Trailers;
        }

        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            foreach (var piece in result.Buffer)
            {
                await take(piece);
            }

            body.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return null;
            }
        }
    }

    private static void CheckMd5(string? stated, byte[] computed)
    {
        if (stated is null)
        {
            return;
        }

        Span<byte> hash = stackalloc byte[16];
        if (!Convert.TryFromBase64String(stated, hash, out var written) || written != 16)
        {
            throw S3Exception.BadDigestLength();
        }

        if (!hash.SequenceEqual(computed))
        {
            throw S3Exception.BadDigest("Content-MD5");
        }
    }
}
