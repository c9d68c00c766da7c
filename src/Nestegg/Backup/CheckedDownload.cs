using System.Diagnostics;
using System.Security.Cryptography;
using Nestegg.Ente;

namespace Nestegg.Backup;

/// <summary>
/// An object on its way from a bucket: hands on what it reads, and throws at the end when the length is not the one that was announced
/// or the MD5 is not the one that the store states.
/// </summary>
internal sealed class CheckedDownload(Stream content, long announcedBytes, string? expectedMd5) : ReadOnlyStream
{
    private readonly IncrementalHash? md5 = expectedMd5 is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.MD5);
    private long readBytes;
    private bool isAtEnd;

    /// <summary>
    /// The MD5 that an ETag states; <see langword="null"/> for the ETag of a multipart upload and for anything else that is no MD5.
    /// </summary>
    public static string? Md5Of(string? etag)
    {
        var text = etag?.Trim('"');
        return text is { Length: 32 } && text.All(char.IsAsciiHexDigit) ? text.ToLowerInvariant() : null;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await ReadContentAsync(buffer, cancellationToken);
        if (count > 0)
        {
            md5?.AppendData(buffer.Span[..count]);
            readBytes += count;
        }
        else if (!isAtEnd && buffer.Length > 0)
        {
            isAtEnd = true;
            Verify();
        }

        return count;
    }

    protected override void Dispose(bool disposing)
    {
        md5?.Dispose();
        base.Dispose(disposing);
    }

    // Told apart from a failure of the repository, which throws the same exception while this is being copied.
    private async ValueTask<int> ReadContentAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await content.ReadAsync(buffer, cancellationToken);
        }
        catch (NesteggException failure)
        {
            throw new DownloadException(failure.Message, failure);
        }
    }

    private void Verify()
    {
        Debug.Assert(isAtEnd, "Only all of the bytes have the length and the MD5.");
        if (readBytes != announcedBytes)
        {
            throw new DownloadException($"{Counted.Of(readBytes, "byte")} came, {announcedBytes:N0} had been announced");
        }

        if (md5 is not null && Convert.ToHexStringLower(md5.GetHashAndReset()) is var found && found != expectedMd5)
        {
            throw new DownloadException($"the MD5 of its bytes is {found}, the store states {expectedMd5}") { FoundMd5 = found };
        }
    }
}

/// <summary>What came out of a bucket is not what the bucket announced. Never leaves the copying.</summary>
internal sealed class DownloadException(string message, NesteggException? bucketFailure = null) : Exception(message, bucketFailure)
{
    /// <summary>The MD5 of what came, when it is not the one that was expected.</summary>
    public string? FoundMd5 { get; init; }
}
