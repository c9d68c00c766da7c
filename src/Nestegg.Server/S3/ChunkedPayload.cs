using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;

namespace Nestegg.Server.S3;

/// <summary>
/// Reads the <c>aws-chunked</c> form: <c>hex-length[;chunk-signature=…] CRLF bytes CRLF</c>, a last chunk of length 0, then trailing
/// headers and an empty line. A chunk's signature covers the one before it, so chunks cannot be swapped or left out.
/// </summary>
internal sealed class ChunkedPayload(PipeReader body, PayloadTerms terms) : IDisposable
{
    private const int MaxLineBytes = 4096;
    private const int MaxTrailers = 16;

    private readonly IncrementalHash chunkHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Dictionary<string, string> trailers = new(StringComparer.Ordinal);
    private string previousSignature = terms.Signature;

    /// <summary>The headers after the last chunk; complete once <see cref="ReadAsync"/> has ended.</summary>
    public IReadOnlyDictionary<string, string> Trailers => trailers;

    /// <summary>
    /// Hands each piece of content to the sink, in order. What a sink got is trustworthy only when this has ended without an error.
    /// </summary>
    public async Task ReadAsync(Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (length, signature) = ParseChunkHeader(await ReadLineAsync(cancellationToken));
            await ReadChunkAsync(length, sink, cancellationToken);
            if (terms.ChunksAreSigned)
            {
                VerifyChunk(signature);
            }

            if (length == 0)
            {
                break;
            }

            if ((await ReadLineAsync(cancellationToken)).Length != 0)
            {
                throw S3Exception.InvalidRequest("A chunk is longer than its header states.");
            }
        }

        await ReadTrailersAsync(cancellationToken);
    }

    public void Dispose() => chunkHash.Dispose();

    private async Task ReadChunkAsync(long length, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            var result = await body.ReadAsync(cancellationToken);
            var buffer = result.Buffer.Slice(0, Math.Min(length, result.Buffer.Length));
            foreach (var piece in buffer)
            {
                chunkHash.AppendData(piece.Span);
                await sink(piece);
            }

            length -= buffer.Length;
            Debug.Assert(length >= 0, "A chunk ends where its header says.");
            body.AdvanceTo(buffer.End);
            if (result.IsCompleted && length > 0 && buffer.Length == 0)
            {
                throw S3Exception.IncompleteBody();
            }
        }
    }

    private void VerifyChunk(string? signature)
    {
        var expected = terms.Signer.OfChunk(previousSignature, Convert.ToHexStringLower(chunkHash.GetHashAndReset()));
        if (signature is null || !SignatureV4.Equal(expected, signature))
        {
            throw S3Exception.SignatureDoesNotMatch();
        }

        previousSignature = expected;
    }

    private async Task ReadTrailersAsync(CancellationToken cancellationToken)
    {
        var signed = new StringBuilder();
        string? signature = null;
        for (var lines = 0; await ReadLineAsync(cancellationToken) is { Length: > 0 } line; lines++)
        {
            if (lines == MaxTrailers)
            {
                throw S3Exception.InvalidRequest($"There are more than {MaxTrailers} trailing headers.");
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                throw S3Exception.InvalidRequest("A trailing header has no colon.");
            }

            var (name, value) = (line[..colon].Trim().ToLowerInvariant(), line[(colon + 1)..].Trim());
            if (name == "x-amz-trailer-signature")
            {
                signature = value;
            }
            else
            {
                signed.Append(name).Append(':').Append(value).Append('\n');
                if (!trailers.TryAdd(name, value))
                {
                    throw S3Exception.InvalidRequest($"The trailing header {name} is there twice.");
                }
            }
        }

        if (terms is { ChunksAreSigned: true, HasTrailer: true }
            && (signature is null || !SignatureV4.Equal(terms.Signer.OfTrailer(previousSignature, signed.ToString()), signature)))
        {
            throw S3Exception.SignatureDoesNotMatch();
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            if (result.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.ASCII.GetString(result.Buffer.Slice(0, end)).TrimEnd('\r');
                body.AdvanceTo(result.Buffer.GetPosition(1, end));
                return line;
            }

            var (tooLong, ended, isEmpty) = (result.Buffer.Length > MaxLineBytes, result.IsCompleted, result.Buffer.IsEmpty);
            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (tooLong)
            {
                throw S3Exception.InvalidRequest("A chunk's header is too long.");
            }

            if (ended)
            {
                // Some clients leave out the empty line that ends the trailing headers.
                return isEmpty && trailers.Count > 0 ? "" : throw S3Exception.IncompleteBody();
            }
        }
    }

    private static (long Length, string? Signature) ParseChunkHeader(string line)
    {
        var parts = line.Split(';', 2);
        if (!long.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length) || length < 0)
        {
            throw S3Exception.InvalidRequest("A chunk's header does not begin with its length in hexadecimal.");
        }

        const string name = "chunk-signature=";
        return (length, parts.Length == 2 && parts[1].StartsWith(name, StringComparison.Ordinal) ? parts[1][name.Length..].Trim() : null);
    }
}
