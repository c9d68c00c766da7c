using System.Text.Json;
using System.Text.RegularExpressions;
using Nestegg.Instance;
using Nestegg.Stores.S3;

namespace Nestegg.Tests.Instance;

public sealed partial class CorsAdviceTests
{
    [Theory]
    [InlineData("MinIO", "http://10.0.0.2:3200", "eu-central-2", "mc admin config set ALIAS api cors_allow_origin='*'",
        "MINIO_API_CORS_ALLOW_ORIGIN")]
    [InlineData("nginx", "https://s3.eu-central-003.backblazeb2.com", "eu-central-003", "b2 bucket update photos --cors-rules", "replaces")]
    [InlineData("", "http://127.0.0.1:3900", "garage", "aws s3api put-bucket-cors", "garage bucket allow --owner photos --key KEY")]
    [InlineData("cloudflare", "https://a1.r2.cloudflarestorage.com", "auto", "aws s3api put-bucket-cors", "administration")]
    [InlineData("Ceph Object Gateway", "http://ceph:7480", "us-east-1", "--endpoint-url http://ceph:7480 ", "replaces")]
    [InlineData("AmazonS3", "https://s3.eu-west-1.amazonaws.com", "eu-west-1", "aws s3api put-bucket-cors --bucket photos ", "replaces")]
    public void Each_store_has_its_command(string server, string endpoint, string region, string command, string note)
    {
        var advice = CorsAdvice.For(server, new Uri(endpoint), region, "photos");
        Assert.Contains(command, advice.Command);
        Assert.Contains(note, advice.Note);
        Assert.All(advice.Lines, line => Assert.InRange(line.Length, 1, 80));

        // Every line but the last goes on: by a backslash, by &&, or because a quote is open.
        foreach (var (line, i) in advice.Lines.SkipLast(1).Select((line, i) => (line, i)))
        {
            var isQuoteOpen = string.Concat(advice.Lines.Take(i + 1)).Count(letter => letter == '\'') % 2 == 1;
            Assert.True(isQuoteOpen || line.EndsWith('\\') || line.EndsWith("&&", StringComparison.Ordinal), line);
        }
    }

    [Theory]
    [InlineData("https://s3.eu-central-003.backblazeb2.com")]
    [InlineData("http://ceph:7480")]
    public void The_rules_in_it_are_JSON(string endpoint)
    {
        var advice = CorsAdvice.For("", new Uri(endpoint), "", "photos");
        using var json = JsonDocument.Parse(Quoted().Match(string.Join('\n', advice.Lines)).Groups["text"].Value);
        Assert.Contains("\"*\"", json.RootElement.ToString());
    }

    [Theory]
    [InlineData("https://a.example", "https://a.example", true)]
    [InlineData("https://a.example", "https://A.example", false)]
    [InlineData("https://*.example", "https://a.b.example", true)]
    [InlineData("https://*.example", "https://.example.org", false)]
    [InlineData("ab*ba", "aba", false)]
    [InlineData("*", "http://localhost:3000", true)]
    public void A_rule_allows_the_origins_that_its_pattern_fits(string pattern, string origin, bool isAllowed)
    {
        var rule = new CorsRule([pattern], ["GET"], ["X-Client-*"], [], null);
        Assert.Equal(isAllowed, rule.Allows(origin, "GET", "x-client-package"));
        Assert.False(rule.Allows(origin, "PUT", "x-client-package"));
        Assert.False(rule.Allows(origin, "GET", "content-md5"));
    }

    [GeneratedRegex("'(?<text>[^']+)'", RegexOptions.ExplicitCapture)]
    private static partial Regex Quoted();
}
