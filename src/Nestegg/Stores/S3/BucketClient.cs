using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Xml;
using System.Xml.Linq;
using Amazon.Runtime;
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
    private readonly S3Connection connection;
    private readonly RequestRetries retries;
    private volatile bool bucketSeen;

    public BucketClient(S3Settings settings, S3Credentials credentials, string bucket, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(bucket);
        Time = time ?? TimeProvider.System;
        connection = new S3Connection(settings, credentials, Time);
        retries = new RequestRetries(S3Retries.Rules, Time);
        Bucket = bucket;
    }

    public string Bucket { get; }

    /// <summary>Where this is, for people: <c>s3://bucket</c>.</summary>
    public string Location => "s3://" + Bucket;

    internal TimeProvider Time { get; }

    internal S3Connection Connection => connection;

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

        var answer = await CallAsync("read", key, 0, token => GetAsync(key, offset, length, null, token), cancellationToken);
        if (answer is null)
        {
            return null;
        }

        var end = length is { } bytes && bytes < answer.ObjectBytes - offset ? offset + bytes : Math.Max(offset, answer.ObjectBytes);
        var silence = new SilenceLimit(connection.Settings.AnswerLimit, Time);
        var body = new ResumingStream(new BucketRead(this, key, answer.ETag, end), answer.UpTo(end), retries, silence);
        return new BucketObject(body, answer.ObjectBytes, answer.ETag);
    }

    /// <summary>What is known of an object without reading it.</summary>
    /// <returns><see langword="null"/> when there is no such object.</returns>
    public async Task<BucketItem?> TryHeadAsync(string key, CancellationToken cancellationToken)
    {
        var item = await CallAsync<BucketItem?>("look at", key, 0, async token =>
        {
            try
            {
                var head =
                    await connection.Client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = Bucket, Key = key }, token);
                return new BucketItem(key, head.ContentLength, Unquoted(head.ETag), Utc(head.LastModified));
            }
            catch (AmazonS3Exception absent) when (absent.StatusCode == HttpStatusCode.NotFound && absent.ErrorCode != "NoSuchBucket")
            {
                return null;
            }
        }, cancellationToken);

        // The answer to HEAD has no body, so it does not say whether the object is absent or its whole bucket.
        if (item is null && !bucketSeen)
        {
            await CallAsync("look at", key, 0, token => connection.Client.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = Bucket, MaxKeys = 1 }, token), cancellationToken);
        }

        bucketSeen = true;
        return item;
    }

    /// <summary>Stores an object, in several parts when it is large; it appears whole, when the last byte is there.</summary>
    /// <param name="content">
    /// Read once, from where it stands; it need not be seekable, since a part waits in memory until it is stored.
    /// </param>
    /// <param name="length">Exactly what the content holds.</param>
    public Task PutAsync(string key, Stream content, long length, CancellationToken cancellationToken) =>
        new ObjectUpload(this, key, length, null).RunAsync(content, cancellationToken);

    /// <summary>Every object whose key starts with the prefix, in the order of the keys' bytes, a page of 1,000 at a time.</summary>
    public async IAsyncEnumerable<BucketItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var page = await ListPageAsync(prefix, next, 1000, cancellationToken);
            foreach (var item in page.S3Objects ?? [])
            {
                yield return new BucketItem(item.Key, item.Size ?? 0, Unquoted(item.ETag), Utc(item.LastModified));
            }

            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    /// <summary>Removes an object; one that is absent is no error. In a bucket with versions its older versions stay.</summary>
    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        CallAsync("delete", key, 0, token => connection.Client.DeleteObjectAsync(
            new DeleteObjectRequest { BucketName = Bucket, Key = key }, token), cancellationToken);

    /// <summary>
    /// Whether the bucket can be reached and listed, and the clocks agree; what is wrong otherwise, with what to do. One finding for each
    /// thing.
    /// </summary>
    /// <param name="subject">What the findings are about, such as the slot's name.</param>
    public Task<IReadOnlyList<Finding>> ProbeAsync(string subject, CancellationToken cancellationToken) =>
        new BucketProbe(this, subject).RunAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        connection.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Makes a request until it is answered or has failed for good, and then says so in words.</summary>
    internal async Task<T> CallAsync<T>(
        string verb, string key, long bodyBytes, Func<CancellationToken, Task<T>> request, CancellationToken cancellationToken)
    {
        try
        {
            return await retries.RunAsync(request, connection.Limit(bodyBytes), cancellationToken);
        }
        catch (Exception failure) when (S3Failure.IsOfStore(failure))
        {
            throw Explain(verb, key, failure);
        }
    }

    internal NesteggException Explain(string verb, string key, Exception failure) =>
        S3Failure.Explain($"cannot {verb} {Location}{(key.Length == 0 ? "" : "/" + key)}", connection.Endpoint, Bucket, failure);

    internal Task<ListObjectsV2Response> ListPageAsync(string prefix, string? next, int count, CancellationToken cancellationToken) =>
        CallAsync("list", prefix, 0, async token =>
        {
            var page = await connection.Client.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = Bucket, Prefix = prefix, ContinuationToken = next, MaxKeys = count }, token);

            // A proxy's own page, which the SDK takes for the listing of an empty bucket, lacks what every listing has.
            return page.IsTruncated is not null
                ? page
                : throw new AmazonS3Exception("the answer is no listing", ErrorType.Unknown, "", "", page.HttpStatusCode);
        }, cancellationToken);

    /// <summary>One attempt to open a range.</summary>
    /// <param name="eTag">Only if the object is still this one; else the answer is 412.</param>
    /// <returns><see langword="null"/> when there is no such object.</returns>
    internal async Task<ObjectAnswer?> GetAsync(string key, long offset, long? length, string? eTag, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, connection.ReadUrl(Bucket, key));
        if (offset > 0 || length is not null)
        {
            request.Headers.Range = new RangeHeaderValue(offset, length is null ? null : offset + length - 1);
        }

        if (eTag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{eTag}\"");
        }

        var response = await connection.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            bucketSeen = true;
            return await ObjectAnswer.OfAsync(response, offset, cancellationToken);
        }

        using (response)
        {
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return ObjectAnswer.Empty(response, offset);
            }

            var failure = await ReadFailureAsync(response, cancellationToken);
            return response.StatusCode == HttpStatusCode.NotFound && failure.ErrorCode != "NoSuchBucket" ? null : throw failure;
        }
    }

    internal static string Unquoted(string? eTag) => eTag?.Trim('"') ?? "";

    private static DateTimeOffset Utc(DateTime? time) => new((time ?? DateTime.UnixEpoch).ToUniversalTime());

    private static async Task<RefusedReadException> ReadFailureAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        const int MostBytes = 64 * 1024;
        var code = response.StatusCode.ToString();
        var message = response.ReasonPhrase ?? "";
        try
        {
            await response.Content.LoadIntoBufferAsync(MostBytes, cancellationToken);
            var error = XDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken)).Root;
            code = error?.Elements().FirstOrDefault(e => e.Name.LocalName == "Code")?.Value ?? code;
            message = error?.Elements().FirstOrDefault(e => e.Name.LocalName == "Message")?.Value ?? message;
        }
        catch (Exception unreadable) when (unreadable is XmlException or HttpRequestException)
        {
            // Not every proxy in between explains itself in XML; the status says enough.
            message = string.Create(CultureInfo.InvariantCulture, $"status {(int)response.StatusCode}");
        }

        return new RefusedReadException(message, code, response);
    }
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
