using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;

namespace Nestegg.Stores.S3;

/// <summary>
/// One object on its way into a bucket: in one request up to <see cref="PartBytes"/>, else in parts one after the other. A part waits
/// in memory until it is stored, so that it can be sent again; the request is signed with its SHA-256, so the server refuses what arrives
/// damaged.
/// </summary>
internal sealed class ObjectUpload(BucketRequests bucket, string key, long length, Retention? retention)
{
    public const int PartBytes = 8 * 1024 * 1024;

    // S3 allows 10,000 parts.
    private const int MostParts = 9_000;

    private readonly AmazonS3Client client = bucket.Client;
    private readonly DateTimeOffset? retainUntil = retention?.FromNow;
    private readonly int partBytes = (int)Math.Max(PartBytes, length / MostParts);

    public async Task RunAsync(Stream content, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, partBytes));
        try
        {
            if (length <= partBytes)
            {
                await PutWholeAsync(await FillAsync(content, buffer, length, cancellationToken), cancellationToken);
            }
            else
            {
                await PutInPartsAsync(content, buffer, cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task PutWholeAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await bucket.CallAsync("write", key, content.Length, async token =>
        {
            using var body = AsStream(content);
            return await client.PutObjectAsync(Retained(new PutObjectRequest
            {
                BucketName = bucket.Bucket,
                Key = key, InputStream = body, AutoCloseStream = false, UseChunkEncoding = false, MD5Digest = Digest(content),
            }), token);
        }, cancellationToken);
    }

    private async Task PutInPartsAsync(Stream content, byte[] buffer, CancellationToken cancellationToken)
    {
        Debug.Assert(length > partBytes && buffer.Length >= partBytes, "What is one part is put whole.");
        var upload = (await bucket.CallAsync("write", key, 0, token => client.InitiateMultipartUploadAsync(Retained(
            new InitiateMultipartUploadRequest { BucketName = bucket.Bucket, Key = key }), token), cancellationToken)).UploadId;
        try
        {
            var parts = new List<PartETag>((int)(length / partBytes) + 1);
            for (long done = 0; done < length; done += partBytes)
            {
                var part = await FillAsync(content, buffer, Math.Min(partBytes, length - done), cancellationToken);
                parts.Add(await PutPartAsync(upload, parts.Count + 1, part, cancellationToken));
            }

            await bucket.CallAsync("write", key, 0, token => CompleteAsync(upload, parts, token), cancellationToken);

            // Ceph 16 takes the lock for an upload in parts without a word and then does not set it.
            if (retainUntil is { } until)
            {
                await retention!.EnsureAsync(key, until, cancellationToken);
            }
        }
        catch
        {
            await AbortAsync(upload);
            throw;
        }
    }

    private Task<PartETag> PutPartAsync(string upload, int number, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Debug.Assert(number is > 0 and <= 10_000, "S3 allows 10,000 parts, counted from 1.");
        return bucket.CallAsync("write", key, content.Length, async token =>
        {
            using var body = AsStream(content);
            var answer = await client.UploadPartAsync(new UploadPartRequest
            {
                BucketName = bucket.Bucket, Key = key, UploadId = upload,
                PartNumber = number, PartSize = content.Length, InputStream = body, UseChunkEncoding = false, MD5Digest = Digest(content),
            }, token);
            return new PartETag(number, answer.ETag);
        }, cancellationToken);
    }

    private async Task<bool> CompleteAsync(string upload, List<PartETag> parts, CancellationToken cancellationToken)
    {
        try
        {
            await client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest { BucketName = bucket.Bucket, Key = key, UploadId = upload, PartETags = parts },
                cancellationToken);
            return true;
        }
        catch (AmazonS3Exception gone) when (gone.ErrorCode == "NoSuchUpload")
        {
            // An attempt whose answer got lost may have completed it; then the object there is made of these parts.
            var head = await client.GetObjectMetadataAsync(
                new GetObjectMetadataRequest { BucketName = bucket.Bucket, Key = key }, cancellationToken);
            if (BucketRequests.Unquoted(head.ETag) != TagOf(parts))
            {
                throw;
            }

            return true;
        }
    }

    // The ETag of an upload in parts: the MD5 of the parts' MD5s, and their number.
    private static string TagOf(List<PartETag> parts)
    {
        var all = parts.SelectMany(part => Convert.FromHexString(BucketRequests.Unquoted(part.ETag))).ToArray();
        return $"{Convert.ToHexStringLower(MD5.HashData(all))}-{parts.Count}";
    }

    // Parts that nobody completes cost their owner money for ever. One try: the store may be what failed, and the first failure is the one
    // to tell.
    private async Task AbortAsync(string upload)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), bucket.Time);
        try
        {
            await client.AbortMultipartUploadAsync(
                new AbortMultipartUploadRequest { BucketName = bucket.Bucket, Key = key, UploadId = upload }, limit.Token);
        }
        catch (Exception failure) when (S3Failure.IsOfStore(failure) || failure is OperationCanceledException)
        {
            return;
        }
    }

    private PutObjectRequest Retained(PutObjectRequest request)
    {
        if (retention is null)
        {
            return request;
        }

        request.ObjectLockMode = retention.WriteMode;
        request.ObjectLockRetainUntilDate = retainUntil!.Value.UtcDateTime;
        return request;
    }

    private InitiateMultipartUploadRequest Retained(InitiateMultipartUploadRequest request)
    {
        if (retention is null)
        {
            return request;
        }

        request.ObjectLockMode = retention.WriteMode;
        request.ObjectLockRetainUntilDate = retainUntil!.Value.UtcDateTime;
        return request;
    }

    private async Task<ReadOnlyMemory<byte>> FillAsync(Stream content, byte[] buffer, long bytes, CancellationToken cancellationToken)
    {
        Debug.Assert(bytes >= 0 && bytes <= buffer.Length, "A part has room in the buffer.");
        var part = buffer.AsMemory(0, (int)bytes);
        var count = await content.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, cancellationToken);
        return count == part.Length ? part : throw new NesteggException(
            FailureKind.Damaged, $"cannot write {bucket.Location}/{key}: its content ended early, {length} bytes were expected",
            "check the source with nestegg check --read");
    }

    private static MemoryStream AsStream(ReadOnlyMemory<byte> content) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(content, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : throw new InvalidOperationException("a part is always an array");

    // A bucket with locks insists on a digest of this kind.
    private string? Digest(ReadOnlyMemory<byte> content) => retention is null ? null : Convert.ToBase64String(MD5.HashData(content.Span));
}
