using System.Globalization;
using System.Text.RegularExpressions;

namespace Nestegg.Server.S3;

/// <summary>How a verified request says that its body is to be checked.</summary>
/// <param name="Hash">
/// The value of <c>x-amz-content-sha256</c>: a hash, or one of the words beginning with <c>UNSIGNED-</c> and <c>STREAMING-</c>.
/// </param>
/// <param name="Signature">The request's signature: the seed of the chunks' signatures.</param>
/// <param name="Signer">Signs the chunks as the client has to.</param>
internal sealed record PayloadTerms(string Hash, string Signature, SignatureV4 Signer)
{
    public const string Unsigned = "UNSIGNED-PAYLOAD";

    public bool IsChunked => Hash.StartsWith("STREAMING-", StringComparison.Ordinal);

    public bool ChunksAreSigned => Hash.StartsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", StringComparison.Ordinal);

    public bool HasTrailer => Hash.EndsWith("-TRAILER", StringComparison.Ordinal);
}

/// <summary>Verifies Signature Version 4, in the Authorization header or in a presigned query.</summary>
internal sealed partial class RequestVerifier(S3Credentials credentials, TimeProvider clock)
{
    private const int MaxPresignedSeconds = 7 * 24 * 3600;
    private const int MaxSignedHeaders = 100;
    private const string Reserved = "x-amz-";
    private static readonly TimeSpan AllowedSkew = TimeSpan.FromMinutes(15);

    /// <summary>Throws <see cref="S3Exception"/> unless the request was signed with the store's secret, and in time.</summary>
    public PayloadTerms Verify(S3Request request) =>
        request.Header("Authorization") is { } authorization ? VerifyHeader(request, authorization)
        : request.Has("X-Amz-Signature") ? VerifyPresigned(request)
        : throw S3Exception.AccessDenied("The request is not signed.");

    private PayloadTerms VerifyHeader(S3Request request, string authorization)
    {
        var match = AuthorizationForm().Match(authorization);
        if (!match.Success)
        {
            throw S3Exception.InvalidRequest($"Please use {SignatureV4.Algorithm} with Credential, SignedHeaders and Signature.");
        }

        var date = request.Header("x-amz-date") ?? throw S3Exception.AccessDenied("A signed request has an X-Amz-Date header.");
        var time = ParseTime(date);
        if ((clock.GetUtcNow() - time).Duration() > AllowedSkew)
        {
            throw TooSkewed(time);
        }

        var payload = request.Header("x-amz-content-sha256")
            ?? throw S3Exception.InvalidRequest("A signed request has an X-Amz-Content-SHA256 header.");
        return Check(
            request, match.Groups["credential"].Value, date, match.Groups["headers"].Value, match.Groups["signature"].Value, payload);
    }

    private PayloadTerms VerifyPresigned(S3Request request)
    {
        string Required(string name) => request.Parameter(name) is { Length: > 0 } value
            ? value
            : throw new S3Exception(400, "AuthorizationQueryParametersError", $"A presigned request has {name} in its query.");

        if (Required("X-Amz-Algorithm") != SignatureV4.Algorithm)
        {
            throw new S3Exception(400, "AuthorizationQueryParametersError", $"X-Amz-Algorithm has to be {SignatureV4.Algorithm}.");
        }

        var date = Required("X-Amz-Date");
        var time = ParseTime(date);
        if (!int.TryParse(Required("X-Amz-Expires"), out var seconds) || seconds is < 0 or > MaxPresignedSeconds)
        {
            throw new S3Exception(400, "AuthorizationQueryParametersError", "X-Amz-Expires is a number of seconds of at most a week.");
        }

        var now = clock.GetUtcNow();
        if (time > now + AllowedSkew)
        {
            throw TooSkewed(time);
        }

        // The signature comes first: only who knows the secret learns that a link was once good.
        var terms = Check(request, Required("X-Amz-Credential"), date, Required("X-Amz-SignedHeaders"), Required("X-Amz-Signature"),
            request.Header("x-amz-content-sha256") ?? request.Parameter("X-Amz-Content-Sha256") ?? PayloadTerms.Unsigned);
        return time.AddSeconds(seconds) >= now ? terms : throw S3Exception.AccessDenied("Request has expired");
    }

    private PayloadTerms Check(S3Request request, string credential, string date, string headers, string signature, string payload)
    {
        var slash = credential.IndexOf('/', StringComparison.Ordinal);
        var scope = slash < 0 ? "" : credential[(slash + 1)..];
        var parts = scope.Split('/');
        if (parts is not [var day, _, "s3", "aws4_request"] || !date.StartsWith(day + "T", StringComparison.Ordinal))
        {
            throw new S3Exception(
                400, "AuthorizationHeaderMalformed", $"The credential's scope is DATE/REGION/s3/aws4_request, not '{scope}'.");
        }

        if (!SignatureV4.Equal(credentials.AccessKeyId, credential[..slash]))
        {
            throw new S3Exception(403, "InvalidAccessKeyId", "The access key id you provided does not exist here.");
        }

        var signedHeaders = headers.Split(';');
        RequireSigned(request, signedHeaders);
        var signer = new SignatureV4(credentials.SecretAccessKey, date, scope);
        var canonical = SignatureV4.CanonicalRequest(request, signedHeaders, name => HeaderValue(request, name), payload);
        return SignatureV4.Equal(signer.OfRequest(canonical), signature)
            ? new PayloadTerms(payload, signature, signer)
            : throw S3Exception.SignatureDoesNotMatch();
    }

    // What is not signed is not the client's: whoever passes a presigned link on, or on whose way the request is, could add it.
    private static void RequireSigned(S3Request request, string[] signedHeaders)
    {
        if (signedHeaders.Length > MaxSignedHeaders)
        {
            throw S3Exception.InvalidRequest($"At most {MaxSignedHeaders} headers can be signed.");
        }

        if (!signedHeaders.Contains("host"))
        {
            throw S3Exception.AccessDenied("The Host header has to be signed.");
        }

        var unsigned = request.Context.Request.Headers.Keys.FirstOrDefault(name =>
            name.StartsWith(Reserved, StringComparison.OrdinalIgnoreCase)
            && !signedHeaders.Contains(name, StringComparer.OrdinalIgnoreCase));
        if (unsigned is not null)
        {
            throw S3Exception.AccessDenied($"There were headers present in the request which were not signed: {unsigned}");
        }
    }

    private static string HeaderValue(S3Request request, string name) =>
        string.Join(',', request.Context.Request.Headers[name].Select(value => Spaces().Replace((value ?? "").Trim(), " ")));

    private static DateTimeOffset ParseTime(string date) =>
        DateTimeOffset.TryParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw S3Exception.AccessDenied($"X-Amz-Date is a time such as 20261123T190000Z, not '{date}'.");

    private S3Exception TooSkewed(DateTimeOffset time) => new(403, "RequestTimeTooSkewed",
        $"The difference between the request's time ({time:yyyy-MM-ddTHH:mm:ssZ}) and the server's "
        + $"({clock.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}) is too large.");

    [GeneratedRegex(
        @"\AAWS4-HMAC-SHA256\s+Credential=(?<credential>[^,\s]+),\s*SignedHeaders=(?<headers>[^,\s]+),\s*Signature=(?<signature>[0-9a-f]{64})\s*\z")]
    private static partial Regex AuthorizationForm();

    [GeneratedRegex(" {2,}")]
    private static partial Regex Spaces();
}
