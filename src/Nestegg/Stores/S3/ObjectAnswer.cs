using Amazon.Runtime;
using Amazon.S3;
using Nestegg.Ente.Retries;

namespace Nestegg.Stores.S3;

/// <summary>
/// The server's answer to one GET: the body as it arrives, and what the headers say. <see cref="UpTo"/> gives it an owner.
/// </summary>
internal sealed class ObjectAnswer
{
    private readonly HttpResponseMessage response;
    private readonly Stream body;
    private readonly long offset;

    private ObjectAnswer(HttpResponseMessage response, Stream body, long offset, long objectBytes)
    {
        (this.response, this.body, this.offset) = (response, body, offset);
        ObjectBytes = objectBytes;
        ETag = BucketRequests.Unquoted(response.Headers.TryGetValues("ETag", out var values) ? values.FirstOrDefault() : null);
    }

    /// <summary>Length of the whole object, of which the body may be a part.</summary>
    public long ObjectBytes { get; }

    public string ETag { get; }

    public static async Task<ObjectAnswer> OfAsync(HttpResponseMessage response, long offset, CancellationToken cancellationToken)
    {
        var headers = response.Content.Headers;

        // A server that ignores the range answers 200 with everything; what it sends must not be taken for the range.
        if (headers.ContentRange is { } range ? range.From != offset : offset > 0)
        {
            throw Broken(response, "it ignores ranges");
        }

        // The page of a captive portal or a proxy, in front of whatever was asked for.
        if (headers.ContentType?.MediaType == "text/html" && !response.Headers.Contains("ETag"))
        {
            throw Broken(response, "the answer is a web page, and no object");
        }

        if ((headers.ContentRange?.Length ?? headers.ContentLength) is not { } objectBytes)
        {
            throw Broken(response, "it does not say how long the object is");
        }

        var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        return new ObjectAnswer(response, body, offset, objectBytes);
    }

    /// <summary>For a range that begins behind the end.</summary>
    public static ObjectAnswer Empty(HttpResponseMessage response, long offset) =>
        new(response, Stream.Null, offset, response.Content.Headers.ContentRange?.Length ?? 0);

    /// <summary>The body, to be read up to this byte of the object.</summary>
    public OpenedBody UpTo(long end) => new(body, offset, end, response);

    private static AmazonS3Exception Broken(HttpResponseMessage response, string what)
    {
        var status = response.StatusCode;
        response.Dispose();
        return new AmazonS3Exception(what, ErrorType.Unknown, "", "", status);
    }
}
