using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.EmbeddedStores;

/// <summary>What a page of another origin may do to a bucket: what its rules say, and without rules nothing.</summary>
public sealed class CorsTests : IAsyncLifetime
{
    private const string Origin = "https://photos.example.org";

    private readonly HttpClient http = new();
    private EmbeddedStore store = null!;
    private string bucket = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await EmbeddedStore.StartAsync(Token);
        bucket = await store.CreateBucketAsync(Token);
        await store.Client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "picture", ContentBody = "bytes" }, Token);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await store.DisposeAsync();
    }

    [Fact]
    public async Task Without_rules_no_other_origin_may_anything()
    {
        var absent = await Assert.ThrowsAnyAsync<AmazonS3Exception>(async () => await ReadRulesAsync());
        Assert.Equal(("NoSuchCORSConfiguration", HttpStatusCode.NotFound), (absent.ErrorCode, absent.StatusCode));
        Assert.Equal(HttpStatusCode.Forbidden, (await PreflightAsync(Origin, "GET")).StatusCode);
        Assert.False((await GetAsync(Origin)).Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData(Origin, "GET", "x-client-package, Range", true)]
    [InlineData(Origin, "GET", "authorization", false)]
    [InlineData(Origin, "PUT", "", false)]
    [InlineData("https://other.example.org", "GET", "", false)]
    [InlineData("http://lan.local:3000", "GET", "", true)]
    [InlineData("http://lan.local:3000", "PUT", "anything", true)]
    [InlineData("http://local", "PUT", "", false)]
    public async Task A_rule_allows_what_it_says_and_no_more(string origin, string method, string headers, bool isAllowed)
    {
        await SetRulesAsync(
            new CORSRule
            {
                AllowedOrigins = [Origin], AllowedMethods = ["GET", "HEAD"], AllowedHeaders = ["X-Client-*", "range"],
                ExposeHeaders = ["ETag"], MaxAgeSeconds = 3000,
            },
            new CORSRule { AllowedOrigins = ["http://lan.*:3000"], AllowedMethods = ["GET", "PUT"], AllowedHeaders = ["*"] });
        using var answer = await PreflightAsync(origin, method, headers);
        Assert.Equal(isAllowed ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal(isAllowed ? [origin] : [], Values(answer, "Access-Control-Allow-Origin"));
        if (isAllowed)
        {
            Assert.Contains(method, Values(answer, "Access-Control-Allow-Methods").Single());
            Assert.Equal(headers.Length > 0 ? [headers] : [], Values(answer, "Access-Control-Allow-Headers"));
            Assert.Equal(origin == Origin ? ["3000"] : [], Values(answer, "Access-Control-Max-Age"));
        }
    }

    [Fact]
    public async Task A_page_is_let_read_the_bytes_and_the_error_too()
    {
        await SetRulesAsync(new CORSRule { AllowedOrigins = ["*"], AllowedMethods = ["GET"], ExposeHeaders = ["ETag", "Content-Range"] });
        using var got = await GetAsync(Origin);
        Assert.Equal(["*"], Values(got, "Access-Control-Allow-Origin"));
        Assert.Equal(["ETag, Content-Range"], Values(got, "Access-Control-Expose-Headers"));
        using var refused = await GetAsync(Origin, signed: false);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal(["*"], Values(refused, "Access-Control-Allow-Origin"));
        using var own = await GetAsync(null);
        Assert.Empty(Values(own, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Rules_come_back_as_they_were_set_and_go_with_their_bucket()
    {
        await SetRulesAsync(
            new CORSRule { AllowedOrigins = ["https://a.example", "*"], AllowedMethods = ["GET", "POST"], AllowedHeaders = ["*"] });
        var rule = Assert.Single((await ReadRulesAsync()).Configuration.Rules);
        Assert.Equal(["https://a.example", "*"], rule.AllowedOrigins);
        Assert.Equal(["GET", "POST"], rule.AllowedMethods);
        Assert.Null(rule.MaxAgeSeconds);
        await store.Client.DeleteCORSConfigurationAsync(bucket, Token);
        Assert.Equal(HttpStatusCode.Forbidden, (await PreflightAsync(Origin, "GET")).StatusCode);

        await SetRulesAsync(rule);
        await store.Client.DeleteObjectAsync(bucket, "picture", Token);
        await store.Client.DeleteBucketAsync(bucket, Token);
        await store.CreateBucketAsync(Token, bucket);
        await Assert.ThrowsAnyAsync<AmazonS3Exception>(async () => await ReadRulesAsync());
    }

    [Fact]
    public async Task Rules_that_are_none_are_refused_and_replace_nothing()
    {
        var good = new CORSRule { AllowedOrigins = ["*"], AllowedMethods = ["GET"] };
        await SetRulesAsync(good);
        foreach (var (code, rules) in new (string, CORSRule[])[]
        {
            ("InvalidRequest", [new CORSRule { AllowedOrigins = ["*"], AllowedMethods = ["PATCH"] }]),
            ("InvalidRequest", [new CORSRule { AllowedOrigins = ["https://*.*.org"], AllowedMethods = ["GET"] }]),
            ("InvalidRequest", [new CORSRule { AllowedOrigins = ["*"], AllowedMethods = ["GET"], ExposeHeaders = ["a\r\nSet-Cookie: a"] }]),
            ("MalformedXML", [new CORSRule { AllowedOrigins = ["*"], AllowedMethods = [] }]),
            ("MalformedXML", [new CORSRule { AllowedOrigins = ["*"], AllowedMethods = ["GET"], MaxAgeSeconds = -1 }]),
            ("MalformedXML", [.. Enumerable.Repeat(good, 101)]),
            ("MalformedXML", [new CORSRule { AllowedOrigins = [new string('a', 70_000)], AllowedMethods = ["GET"] }]),
        })
        {
            Assert.Equal(code, (await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => SetRulesAsync(rules))).ErrorCode);
        }

        Assert.Equal(["*"], Assert.Single((await ReadRulesAsync()).Configuration.Rules).AllowedOrigins);
    }

    private Task<PutCORSConfigurationResponse> SetRulesAsync(params CORSRule[] rules) => store.Client.PutCORSConfigurationAsync(
        new PutCORSConfigurationRequest { BucketName = bucket, Configuration = new CORSConfiguration { Rules = [.. rules] } }, Token);

    private Task<GetCORSConfigurationResponse> ReadRulesAsync() =>
        store.Client.GetCORSConfigurationAsync(new GetCORSConfigurationRequest { BucketName = bucket }, Token);

    private async Task<HttpResponseMessage> PreflightAsync(string origin, string method, string headers = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, new Uri(store.Endpoint, $"{bucket}/picture"));
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", method);
        if (headers.Length > 0)
        {
            request.Headers.Add("Access-Control-Request-Headers", headers);
        }

        return await http.SendAsync(request, Token);
    }

    private async Task<HttpResponseMessage> GetAsync(string? origin, bool signed = true)
    {
        var link = signed
            ? await store.Client.GetPreSignedURLAsync(new GetPreSignedUrlRequest
            {
                BucketName = bucket, Key = "picture", Verb = HttpVerb.GET, Expires = DateTime.UtcNow.AddHours(1), Protocol = Protocol.HTTP,
            })
            : $"{store.Endpoint}{bucket}/picture";
        using var request = new HttpRequestMessage(HttpMethod.Get, link);
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        return await http.SendAsync(request, Token);
    }

    private static string[] Values(HttpResponseMessage answer, string header) =>
        answer.Headers.TryGetValues(header, out var values) ? [.. values] : [];
}
