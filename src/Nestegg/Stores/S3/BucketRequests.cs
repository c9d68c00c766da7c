using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Xml;
using System.Xml.Linq;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.Ente.Retries;

namespace Nestegg.Stores.S3;

/// <summary>
/// Requests to one bucket: each is made again until it is answered or has failed for good, and a failure is put into words.
/// </summary>
internal sealed class BucketRequests(S3Settings settings, S3Credentials credentials, string bucket, TimeProvider time) : IDisposable
{
    private readonly S3Connection connection = new(settings, credentials, time);
    private volatile bool isBucketSeen;

    public string Bucket => bucket;

    /// <summary>Where this is, for people: <c>s3://bucket</c>.</summary>
    public string Location => "s3://" + bucket;

    public TimeProvider Time => time;

    public Uri Endpoint => connection.Endpoint;

    public AmazonS3Client Client => connection.Client;

    public HttpClient Http => connection.Http;

    public RequestRetries Retries { get; } = new(S3Retries.Rules, time);

    /// <summary>Whether an answer has shown that the bucket is there.</summary>
    public bool IsBucketSeen
    {
        get => isBucketSeen;
        set => isBucketSeen = value;
    }

    /// <summary>How long an answer may be silent.</summary>
    public SilenceLimit NewSilenceLimit() => new(settings.AnswerLimit, time);

    /// <summary>Makes a request until it is answered or has failed for good, and then says so in words.</summary>
    public async Task<T> CallAsync<T>(
        string verb, string key, long bodyBytes, Func<CancellationToken, Task<T>> request, CancellationToken cancellationToken)
    {
        try
        {
            return await Retries.RunAsync(request, connection.Limit(bodyBytes), cancellationToken);
        }
        catch (Exception failure) when (S3Failure.IsOfStore(failure))
        {
            throw Explain(verb, key, S3Failure.IsUnexplained(failure) ? await AskWhyAsync(cancellationToken) ?? failure : failure);
        }
    }

    // The answer to a HEAD has no body, and so no reason in it. A listing with the same key is refused for the same reason, in words.
    private async Task<Exception?> AskWhyAsync(CancellationToken cancellationToken)
    {
        try
        {
            var request = new ListObjectsV2Request { BucketName = Bucket, MaxKeys = 1 };
            await Retries.RunAsync(token => Client.ListObjectsV2Async(request, token), connection.Limit(0), cancellationToken);
            return null;
        }
        catch (Exception explained) when (S3Failure.IsOfStore(explained))
        {
            return explained;
        }
    }

    public NesteggException Explain(string verb, string key, Exception failure) =>
        S3Failure.Explain($"cannot {verb} {Location}{(key.Length == 0 ? "" : "/" + key)}", Endpoint, Bucket, failure);

    public Task<ListObjectsV2Response> ListPageAsync(string prefix, string? next, int count, CancellationToken cancellationToken) =>
        CallAsync("list", prefix, 0, async token =>
        {
            var page = await Client.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = Bucket, Prefix = prefix, ContinuationToken = next, MaxKeys = count }, token);

            // A proxy's own page, which the SDK takes for the listing of an empty bucket, lacks what every listing has.
            return page.IsTruncated is not null
                ? page
                : throw new AmazonS3Exception("the answer is no listing", ErrorType.Unknown, "", "", page.HttpStatusCode);
        }, cancellationToken);

    /// <summary>A URL that reads this object for an hour, in the style that museum gives to apps.</summary>
    public string ReadUrl(string key) => connection.ReadUrl(Bucket, key);

    /// <summary>One attempt to open a range.</summary>
    /// <param name="eTag">Only if the object is still this one; else the answer is 412.</param>
    /// <returns><see langword="null"/> when there is no such object.</returns>
    public async Task<ObjectAnswer?> GetAsync(string key, long offset, long? length, string? eTag, CancellationToken cancellationToken)
    {
        Debug.Assert(offset >= 0, "A range begins in the object.");
        Debug.Assert(length is not 0, "HTTP has no range of no bytes.");
        using var request = new HttpRequestMessage(HttpMethod.Get, ReadUrl(key));
        if (offset > 0 || length is not null)
        {
            request.Headers.Range = new RangeHeaderValue(offset, length is null ? null : offset + length - 1);
        }

        if (eTag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{eTag}\"");
        }

        var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            isBucketSeen = true;
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

    public static string Unquoted(string? eTag) => eTag?.Trim('"') ?? "";

    public void Dispose() => connection.Dispose();

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
