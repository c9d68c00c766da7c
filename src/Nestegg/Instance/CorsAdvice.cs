using Nestegg.Stores.S3;

namespace Nestegg.Instance;

/// <summary>What a person types to let web apps into a bucket.</summary>
/// <param name="Note">What to know before, as a sentence without its full stop.</param>
/// <param name="Lines">One command for a shell, in lines that fit a window.</param>
public sealed record CorsAdvice(string Note, IReadOnlyList<string> Lines)
{
    /// <summary>The command in one line.</summary>
    public string Command => string.Join(' ', Lines.Select(line => line.TrimEnd('\\').Trim()));

    /// <summary>The rule that Ente documents. Every link into a bucket is signed, so that an origin opens nothing by itself.</summary>
    public static CorsRule Documented { get; } = new(["*"], ["GET", "HEAD", "POST", "PUT", "DELETE"], ["*"], ["ETag"], 3000);

    /// <param name="server">How it calls itself; may be empty.</param>
    /// <param name="region">As configured: Garage's is named so where nobody chose another.</param>
    public static CorsAdvice For(string server, Uri endpoint, string region, string bucket)
    {
        if (server.Contains("MinIO", StringComparison.OrdinalIgnoreCase))
        {
            return new(
                "MinIO's rules are the server's; ALIAS is mc's name for it; MINIO_API_CORS_ALLOW_ORIGIN=* in its environment does the same",
                ["mc admin config set ALIAS api cors_allow_origin='*' &&", "  mc admin service restart ALIAS"]);
        }

        if (endpoint.Host.EndsWith(".backblazeb2.com", StringComparison.OrdinalIgnoreCase))
        {
            return new(
                "it replaces the rules that are there",
                [
                    $"b2 bucket update {bucket} --cors-rules \\",
                    """  '[{"corsRuleName": "ente", "allowedOrigins": ["*"], "allowedHeaders": ["*"],""",
                    """  "allowedOperations": ["s3_get","s3_head","s3_post","s3_put","s3_delete"],""",
                    """  "exposeHeaders": ["ETag"], "maxAgeSeconds": 3000}]'""",
                ]);
        }

        return new(
            "it replaces the rules that are there, and the key must be allowed to set them" + Permission(server, endpoint, region, bucket),
            [
                $"aws s3api put-bucket-cors --bucket {bucket} \\",
                $"  --endpoint-url {endpoint.GetLeftPart(UriPartial.Authority)} \\",
                """  --cors-configuration '{"CORSRules": [{"AllowedOrigins": ["*"],""",
                """  "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3000,""",
                """  "AllowedMethods": ["GET", "HEAD", "POST", "PUT", "DELETE"]}]}'""",
            ]);
    }

    private static string Permission(string server, Uri endpoint, string region, string bucket)
    {
        if (region == "garage" || server.Contains("garage", StringComparison.OrdinalIgnoreCase))
        {
            return $": garage bucket allow --owner {bucket} --key KEY";
        }

        return endpoint.Host.EndsWith(".r2.cloudflarestorage.com", StringComparison.OrdinalIgnoreCase)
            ? ": one for administration, on R2"
            : "";
    }
}
