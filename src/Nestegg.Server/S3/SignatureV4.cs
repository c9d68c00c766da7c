using System.Security.Cryptography;
using System.Text;

namespace Nestegg.Server.S3;

/// <summary>
/// AWS Signature Version 4 as S3 uses it (S3 API reference, "Authenticating Requests"): the path is decoded and encoded once, never
/// normalised.
/// </summary>
/// <param name="secretAccessKey">The secret that both sides know.</param>
/// <param name="date">The request's time, <c>yyyyMMddTHHmmssZ</c>.</param>
/// <param name="scope"><c>yyyyMMdd/region/s3/aws4_request</c>.</param>
internal sealed class SignatureV4(string secretAccessKey, string date, string scope)
{
    public const string Algorithm = "AWS4-HMAC-SHA256";
    public const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private readonly byte[] signingKey = DeriveKey(secretAccessKey, scope);

    /// <summary>The signature of a request's canonical form.</summary>
    public string OfRequest(string canonicalRequest) => Of($"{Algorithm}\n{date}\n{scope}\n{Hash(canonicalRequest)}");

    /// <summary>The signature of one chunk of a streamed payload.</summary>
    public string OfChunk(string previousSignature, string chunkHash) =>
        Of($"{Algorithm}-PAYLOAD\n{date}\n{scope}\n{previousSignature}\n{EmptyHash}\n{chunkHash}");

    /// <summary>The signature of the headers that trail a streamed payload.</summary>
    public string OfTrailer(string previousSignature, string trailer) =>
        Of($"{Algorithm}-TRAILER\n{date}\n{scope}\n{previousSignature}\n{Hash(trailer)}");

    /// <summary>The canonical form that client and server sign.</summary>
    public static string CanonicalRequest(
        S3Request request, IReadOnlyList<string> signedHeaders, Func<string, string> headerValue, string payloadHash)
    {
        var text = new StringBuilder();
        text.Append(request.Method).Append('\n').Append(Encode(request.Path, keepSlash: true)).Append('\n');
        text.AppendJoin('&', request.Query
            .Where(pair => pair.Key != "X-Amz-Signature")
            .Select(pair => (Name: Encode(pair.Key), Value: Encode(pair.Value)))
            .OrderBy(pair => pair.Name, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal)
            .Select(pair => $"{pair.Name}={pair.Value}"));
        text.Append('\n');
        foreach (var name in signedHeaders)
        {
            text.Append(name).Append(':').Append(headerValue(name)).Append('\n');
        }

        return text.Append('\n').AppendJoin(';', signedHeaders).Append('\n').Append(payloadHash).ToString();
    }

    /// <summary>Percent-encodes all but the unreserved characters of RFC 3986.</summary>
    public static string Encode(string text, bool keepSlash = false) =>
        keepSlash ? string.Join('/', text.Split('/').Select(Uri.EscapeDataString)) : Uri.EscapeDataString(text);

    public static bool Equal(string expected, string given) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(given));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static byte[] DeriveKey(string secretAccessKey, string scope)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secretAccessKey);
        foreach (var part in scope.Split('/'))
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        return key;
    }

    private string Of(string stringToSign) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(signingKey, Encoding.UTF8.GetBytes(stringToSign)));
}
