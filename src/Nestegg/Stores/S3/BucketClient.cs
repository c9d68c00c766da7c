using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.Ente.Retries;

namespace Nestegg.Stores.S3;

/// <summary>
/// One bucket: an instance's, or the one behind a repository. Transient failures have been retried before anything is thrown; what is
/// thrown is a <see cref="NesteggException"/> with <see cref="FailureKind.OutOfReach"/> that names the key. May be used by many tasks at
/// once.
/// </summary>
public sealed class BucketClient : IAsyncDisposable
{
    private readonly BucketRequests requests;

    public BucketClient(S3Settings settings, S3Credentials credentials, string bucket, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(bucket);
        requests = new BucketRequests(settings, credentials, bucket, time ?? TimeProvider.System);
    }

    public string Bucket => requests.Bucket;

    /// <summary>Where this is, for people: <c>s3://bucket</c>.</summary>
    public string Location => requests.Location;

    /// <summary>For what works on the bucket beside this.</summary>
    internal BucketRequests Requests => requests;

    /// <summary>
    /// Opens an object, or a range of it, for reading from front to back. A connection that breaks in the middle is taken up again
    /// where it broke, if the object is still the same one.
    /// </summary>
    /// <returns><see langword="null"/> when there is no such object.</returns>
    public async Task<BucketObject?> TryOpenAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (length == 0)
        {
            return await TryHeadAsync(key, cancellationToken) is { } item ? new BucketObject(Stream.Null, item.SizeBytes, item.ETag) : null;
        }

        var answer = await requests.CallAsync(
            "read", key, 0, token => requests.GetAsync(key, offset, length, null, token), cancellationToken);
        if (answer is null)
        {
            return null;
        }

        var end = length is { } bytes && bytes < answer.ObjectBytes - offset ? offset + bytes : Math.Max(offset, answer.ObjectBytes);
        var body = new ResumingStream(
            new BucketRead(requests, key, answer.ETag, end), answer.UpTo(end), offset, requests.Retries, requests.NewSilenceLimit());
        return new BucketObject(body, answer.ObjectBytes, answer.ETag);
    }

    /// <summary>What is known of an object without reading it.</summary>
    /// <returns><see langword="null"/> when there is no such object.</returns>
    public async Task<BucketItem?> TryHeadAsync(string key, CancellationToken cancellationToken)
    {
        var item = await requests.CallAsync<BucketItem?>("look at", key, 0, async token =>
        {
            try
            {
                var head =
                    await requests.Client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = Bucket, Key = key }, token);
                return new BucketItem(key, head.ContentLength, BucketRequests.Unquoted(head.ETag), Utc(head.LastModified));
            }
            catch (AmazonS3Exception absent) when (absent.StatusCode == HttpStatusCode.NotFound && absent.ErrorCode != "NoSuchBucket")
            {
                return null;
            }
        }, cancellationToken);

        // The answer to HEAD has no body, so it does not say whether the object is absent or its whole bucket.
        if (item is null && !requests.IsBucketSeen)
        {
            await requests.CallAsync("look at", key, 0, token => requests.Client.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = Bucket, MaxKeys = 1 }, token), cancellationToken);
        }

        requests.IsBucketSeen = true;
        return item;
    }

    /// <summary>Stores an object, in several parts when it is large; it appears whole, when the last byte is there.</summary>
    /// <param name="content">
    /// Read once, from where it stands; it need not be seekable, since a part waits in memory until it is stored.
    /// </param>
    /// <param name="length">Exactly what the content holds.</param>
    public Task PutAsync(string key, Stream content, long length, CancellationToken cancellationToken) =>
        new ObjectUpload(requests, key, length, null).RunAsync(content, cancellationToken);

    /// <summary>Every object whose key starts with the prefix, in the order of the keys' bytes, a page of 1,000 at a time.</summary>
    public async IAsyncEnumerable<BucketItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var page = await requests.ListPageAsync(prefix, next, 1000, cancellationToken);
            foreach (var item in page.S3Objects ?? [])
            {
                yield return new BucketItem(item.Key, item.Size ?? 0, BucketRequests.Unquoted(item.ETag), Utc(item.LastModified));
            }

            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    /// <summary>Removes an object; one that is absent is no error. In a bucket with versions its older versions stay.</summary>
    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        requests.CallAsync("delete", key, 0, token => requests.Client.DeleteObjectAsync(
            new DeleteObjectRequest { BucketName = Bucket, Key = key }, token), cancellationToken);

    /// <summary>Uploads in parts that were begun and neither completed nor given up; none where the server does not tell.</summary>
    public async IAsyncEnumerable<BucketUpload> ListUploadsAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListMultipartUploadsRequest { BucketName = Bucket, Prefix = prefix };
        ListMultipartUploadsResponse? page;
        do
        {
            page = await requests.CallAsync(
                "list the unfinished uploads of", prefix, 0, token => ListUploadsAsync(request, token), cancellationToken);
            foreach (var upload in page?.MultipartUploads ?? [])
            {
                yield return new BucketUpload(upload.Key, upload.UploadId, Utc(upload.Initiated));
            }

            (request.KeyMarker, request.UploadIdMarker) = (page?.NextKeyMarker, page?.NextUploadIdMarker);
        }
        while (page?.IsTruncated == true);
    }

    /// <summary>Gives an upload in parts up; one that is gone is no error.</summary>
    public Task AbortUploadAsync(string key, string uploadId, CancellationToken cancellationToken) =>
        requests.CallAsync("give up the upload of", key, 0, async token =>
        {
            try
            {
                return await requests.Client.AbortMultipartUploadAsync(
                    new AbortMultipartUploadRequest { BucketName = Bucket, Key = key, UploadId = uploadId }, token);
            }
            catch (AmazonS3Exception gone) when (gone.ErrorCode == "NoSuchUpload")
            {
                return null;
            }
        }, cancellationToken);

    /// <summary>
    /// Whether the bucket can be reached and listed, and the clocks agree; what is wrong otherwise, with what to do. One finding for each
    /// thing.
    /// </summary>
    /// <param name="subject">What the findings are about, such as the slot's name.</param>
    public Task<IReadOnlyList<Finding>> ProbeAsync(string subject, CancellationToken cancellationToken) =>
        new BucketProbe(requests, subject).RunAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        requests.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ListMultipartUploadsResponse?> ListUploadsAsync(
        ListMultipartUploadsRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await requests.Client.ListMultipartUploadsAsync(request, cancellationToken);
        }
        catch (AmazonS3Exception unknown) when (unknown.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed)
        {
            return null;
        }
    }

    private static DateTimeOffset Utc(DateTime? time) => new((time ?? DateTime.UnixEpoch).ToUniversalTime());
}

/// <summary>An open object. Disposing it closes the connection or gives it back.</summary>
/// <param name="content">Exactly the range that was asked for, as far as the object has it.</param>
/// <param name="sizeBytes">Length of the whole object.</param>
/// <param name="eTag">Without quotes; the MD5 of the bytes unless it was uploaded in parts.</param>
public sealed class BucketObject(Stream content, long sizeBytes, string eTag) : IAsyncDisposable
{
    public Stream Content { get; } = content;

    public long SizeBytes { get; } = sizeBytes;

    public string ETag { get; } = eTag;

    public ValueTask DisposeAsync() => Content.DisposeAsync();
}

/// <summary>An object in a bucket, without its bytes.</summary>
public readonly record struct BucketItem(string Key, long SizeBytes, string ETag, DateTimeOffset ModifiedAt);

/// <summary>An upload in parts that has not ended.</summary>
public readonly record struct BucketUpload(string Key, string Id, DateTimeOffset BegunAt);
