using System.Globalization;

namespace Nestegg.Stores.S3;

/// <summary>Asks a bucket what a browser asks before a page of another origin may read or write, and judges as a browser does.</summary>
internal sealed class BrowserPreflight(BucketRequests bucket)
{
    // Preflights are answered by the bucket's rules; no object of the name has to be there.
    private const string Key = "0/nestegg-preflight";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <param name="method"><c>GET</c> or <c>PUT</c>.</param>
    /// <param name="header">The header that the page would send beside the usual ones.</param>
    /// <returns>Why the browser would not go on, <see langword="null"/> when it would; and how the server calls itself.</returns>
    public async Task<(string? Refusal, string Server)> AskAsync(
        string origin, string method, string header, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await bucket.Retries.RunAsync(
                token => SendAsync(origin, method, header, token), Limit, cancellationToken);
            var server = string.Join(' ', Values(response, "Server"));
            return (Judge(response, origin, method, header), server);
        }
        catch (Exception failure) when (S3Failure.IsOfStore(failure))
        {
            return ($"it does not answer the browser's question: {S3Failure.Describe(bucket.Endpoint, bucket.Bucket, failure).What}", "");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string origin, string method, string header, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, bucket.ReadUrl(Key));
        request.Headers.TryAddWithoutValidation("Origin", origin);
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", method);
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", header);
        return await bucket.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    // The Fetch standard, "CORS-preflight fetch", for a request without cookies.
    private static string? Judge(HttpResponseMessage response, string origin, string method, string header)
    {
        if (!response.IsSuccessStatusCode)
        {
            return string.Create(CultureInfo.InvariantCulture, $"it answers {(int)response.StatusCode} to the browser's question");
        }

        if (Values(response, "Access-Control-Allow-Origin") is not [var allowed] || (allowed != "*" && allowed != origin))
        {
            return "its answer does not allow the origin";
        }

        if (method is not ("GET" or "HEAD" or "POST") && !Lists(response, "Access-Control-Allow-Methods", method, StringComparison.Ordinal))
        {
            return $"its answer does not allow {method}";
        }

        return Lists(response, "Access-Control-Allow-Headers", header, StringComparison.OrdinalIgnoreCase)
            ? null
            : $"its answer does not allow the header {header}";
    }

    private static bool Lists(HttpResponseMessage response, string name, string value, StringComparison comparison) =>
        Values(response, name).SelectMany(values => values.Split(',', StringSplitOptions.TrimEntries))
            .Any(item => item == "*" || item.Equals(value, comparison));

    private static string[] Values(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? [.. values] : [];
}
