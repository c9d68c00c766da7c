using Microsoft.AspNetCore.Http;

namespace Nestegg.Server.S3;

/// <summary>
/// What each bucket lets the pages of other origins do: rules in <c>FOLDER/.cors/BUCKET.xml</c>. A bucket without rules lets them do
/// nothing, as on S3.
/// </summary>
internal sealed class BucketCors(BucketFolders buckets)
{
    private const int MaxDocumentBytes = 64 * 1024;
    private const int MaxRequestedHeaders = 100;

    /// <summary>
    /// Adds what the browser has to be told to the answer that is being made, also when that becomes an error; nothing where no rule fits.
    /// </summary>
    public void Allow(S3Request request)
    {
        if (request.Header("Origin") is { Length: > 0 } origin && Find(request.Bucket, origin, request.Method, []) is { } rule)
        {
            Describe(request.Context.Response.Headers, rule, origin);
        }
    }

    /// <summary>Answers what a browser asks before a request. It carries no signature, and gets no data.</summary>
    public void Preflight(S3Request request)
    {
        if (request.Header("Origin") is not { Length: > 0 } origin
            || request.Header("Access-Control-Request-Method") is not { Length: > 0 } method)
        {
            throw S3Exception.InvalidRequest("A preflight request has Origin and Access-Control-Request-Method.");
        }

        var wanted = (request.Header("Access-Control-Request-Headers") ?? "")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var rule = wanted.Length <= MaxRequestedHeaders ? Find(request.Bucket, origin, method, wanted) : null;
        if (rule is null)
        {
            throw new S3Exception(
                403, "AccessForbidden", "CORSResponse: no CORS rule of this bucket allows this origin, method and headers.");
        }

        var headers = request.Context.Response.Headers;
        Describe(headers, rule, origin);
        headers.AccessControlAllowMethods = string.Join(", ", rule.Methods);
        if (wanted.Length > 0)
        {
            headers.AccessControlAllowHeaders = string.Join(", ", wanted);
        }

        if (rule.MaxAgeSeconds is { } seconds)
        {
            headers.AccessControlMaxAge = seconds.ToString();
        }
    }

    public Task GetAsync(S3Request request, CancellationToken cancellationToken) =>
        buckets.TryReadCors(request.Bucket) is { } rules
            ? request.Context.Response.XmlAsync(rules, cancellationToken)
            : throw new S3Exception(404, "NoSuchCORSConfiguration", "The CORS configuration does not exist");

    public async Task PutAsync(S3Request request, PayloadTerms terms, CancellationToken cancellationToken)
    {
        var document = await Payload.ReadDocumentAsync(request, terms, cancellationToken);
        if (document.Length > MaxDocumentBytes)
        {
            throw S3Exception.MalformedXml();
        }

        buckets.WriteCors(request.Bucket, S3Xml.ToBytes(CorsRule.ToXml(CorsRule.ParseAll(S3Xml.Parse(document)))));
    }

    public Task DeleteAsync(S3Request request)
    {
        buckets.DeleteCors(request.Bucket);
        request.Context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private CorsRule? Find(string bucket, string origin, string method, IReadOnlyList<string> headers) =>
        BucketFolders.IsLegalName(bucket) && buckets.TryReadCors(bucket) is { } rules
            ? CorsRule.ParseAll(S3Xml.Parse(new MemoryStream(rules))).FirstOrDefault(rule => rule.Allows(origin, method, headers))
            : null;

    private static void Describe(IHeaderDictionary headers, CorsRule rule, string origin)
    {
        headers.Vary = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";
        headers.AccessControlAllowOrigin = rule.AllowsEveryOrigin ? "*" : origin;
        if (rule.ExposedHeaders.Count > 0)
        {
            headers.AccessControlExposeHeaders = string.Join(", ", rule.ExposedHeaders);
        }
    }
}
