using System.Net;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.EmbeddedStores;

public sealed class SignatureTests : IAsyncLifetime
{
    private readonly StillTime clock = StillTime.Off(TimeSpan.Zero);
    private readonly HttpClient http = new();
    private EmbeddedStore store = null!;
    private string bucket = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await EmbeddedStore.StartAsync(Token, clock);
        bucket = await store.CreateBucketAsync(Token);
        await store.Client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "a b/é", ContentBody = "content" }, Token);
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return store.DisposeAsync();
    }

    [Fact]
    public async Task A_wrong_secret_is_refused()
    {
        using var client = store.NewClient(secretKey: "wrong");
        var error = await Assert.ThrowsAsync<AmazonS3Exception>(
            () => client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Token));
        Assert.Equal(("SignatureDoesNotMatch", HttpStatusCode.Forbidden), (error.ErrorCode, error.StatusCode));
        await Assert.ThrowsAsync<AmazonS3Exception>(
            () => client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "x", ContentBody = "x" }, Token));
    }

    [Fact]
    public async Task An_unsigned_request_is_refused()
    {
        foreach (var path in (string[])["", $"{bucket}", $"{bucket}/a%20b/%C3%A9", $"{bucket}?list-type=2"])
        {
            using var answer = await http.GetAsync(new Uri(store.Endpoint, path), Token);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("<Code>AccessDenied</Code>", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(-16)]
    public async Task A_clock_that_is_too_far_off_is_named(int minutes)
    {
        clock.AdjustTime(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(minutes));
        var error = await Assert.ThrowsAsync<AmazonS3Exception>(
            () => store.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Token));
        Assert.Equal("RequestTimeTooSkewed", error.ErrorCode);
    }

    [Fact]
    public async Task A_presigned_link_opens_until_it_expires()
    {
        var link = await store.Client.GetPreSignedURLAsync(Link(HttpVerb.GET));
        Assert.Equal("content", await http.GetStringAsync(new Uri(link), Token));

        clock.AdjustTime(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(61));
        using var late = await http.GetAsync(new Uri(link), Token);
        Assert.Equal(HttpStatusCode.Forbidden, late.StatusCode);
        Assert.Contains("Request has expired", await late.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_presigned_link_opens_only_what_it_was_made_for()
    {
        var link = await store.Client.GetPreSignedURLAsync(Link(HttpVerb.GET));
        using var otherKey = await http.GetAsync(new Uri(link.Replace("a%20b", "a%20c", StringComparison.Ordinal)), Token);
        using var longer =
            await http.GetAsync(new Uri(link.Replace("X-Amz-Expires=3", "X-Amz-Expires=4", StringComparison.Ordinal)), Token);
        using var otherVerb = await http.DeleteAsync(new Uri(link), Token);
        Assert.All([otherKey, longer, otherVerb], answer => Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode));
    }

    [Fact]
    public async Task A_browser_uploads_with_a_presigned_link()
    {
        var rule = new CORSRule { AllowedOrigins = ["*"], AllowedMethods = ["PUT"], AllowedHeaders = ["*"], ExposeHeaders = ["ETag"] };
        await store.Client.PutCORSConfigurationAsync(
            new PutCORSConfigurationRequest { BucketName = bucket, Configuration = new CORSConfiguration { Rules = [rule] } }, Token);
        var link = new Uri(await store.Client.GetPreSignedURLAsync(Link(HttpVerb.PUT)));
        using var preflight = new HttpRequestMessage(HttpMethod.Options, link)
        {
            Headers =
            {
                { "Origin", "https://photos.example" },
                { "Access-Control-Request-Method", "PUT" },
                { "Access-Control-Request-Headers", "content-md5" },
            },
        };
        using var allowed = await http.SendAsync(preflight, Token);
        Assert.Equal("*", allowed.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("content-md5", allowed.Headers.GetValues("Access-Control-Allow-Headers").Single());
        Assert.Contains("PUT", allowed.Headers.GetValues("Access-Control-Allow-Methods").Single(), StringComparison.Ordinal);

        using var upload = new HttpRequestMessage(HttpMethod.Put, link)
        {
            Content = new ByteArrayContent("new"u8.ToArray()),
            Headers = { { "Origin", "https://photos.example" } },
        };
        using var stored = await http.SendAsync(upload, Token);
        Assert.Equal(HttpStatusCode.OK, stored.StatusCode);
        Assert.Contains("ETag", stored.Headers.GetValues("Access-Control-Expose-Headers").Single(), StringComparison.Ordinal);
        Assert.Equal("new", await http.GetStringAsync(new Uri(await store.Client.GetPreSignedURLAsync(Link(HttpVerb.GET))), Token));
    }

    [Fact]
    public async Task A_presigned_link_sets_the_headers_that_it_was_made_with()
    {
        var link = Link(HttpVerb.GET);
        link.ResponseHeaderOverrides.ContentType = "application/octet-stream";
        link.ResponseHeaderOverrides.ContentDisposition = "attachment";
        using var answer = await http.GetAsync(new Uri(await store.Client.GetPreSignedURLAsync(link)), Token);
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
    }

    [Theory]
    [InlineData("x-amz-copy-source", "{0}/a%20b/%C3%A9")]
    [InlineData("X-Amz-Copy-Source", "{0}/a%20b/%C3%A9")]
    [InlineData("x-amz-meta-owner", "somebody else")]
    [InlineData("x-amz-metadata-directive", "REPLACE")]
    [InlineData("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]
    [InlineData("x-amz-storage-class", "GLACIER")]
    public async Task A_reserved_header_that_is_not_signed_is_refused_and_never_obeyed(string name, string value)
    {
        var link = Link(HttpVerb.PUT);
        link.Key = "mine";
        using var presigned = new HttpRequestMessage(HttpMethod.Put, await store.Client.GetPreSignedURLAsync(link))
        {
            Content = new ByteArrayContent([]), Headers = { { name, string.Format(value, bucket) } },
        };
        using var answer = await http.SendAsync(presigned, Token);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("which were not signed", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);

        // The same on a request that is signed in its header, whose client did not know of it.
        using var added = new HttpClient(new Adder(name, string.Format(value, bucket)) { InnerHandler = new SocketsHttpHandler() });
        using var client = ClientOver(added);
        var error = await Assert.ThrowsAsync<AmazonS3Exception>(() => client.PutObjectAsync(
            new PutObjectRequest { BucketName = bucket, Key = "mine", ContentBody = "mine" }, Token));
        Assert.Equal(HttpStatusCode.Forbidden, error.StatusCode);
        Assert.Equal(["a b/é"], (await store.Client.ListObjectsV2Async(
            new ListObjectsV2Request { BucketName = bucket }, Token)).S3Objects.Select(item => item.Key));
    }

    [Fact]
    public async Task More_metadata_than_S3_takes_is_refused()
    {
        var request = new PutObjectRequest { BucketName = bucket, Key = "t", ContentBody = "t" };
        request.Metadata.Add("note", new string('n', 2044));
        await store.Client.PutObjectAsync(request, Token);
        request.Metadata.Add("x", "y");
        Assert.Equal(
            "MetadataTooLarge", (await Assert.ThrowsAsync<AmazonS3Exception>(() => store.Client.PutObjectAsync(request, Token))).ErrorCode);
    }

    [Fact]
    public async Task A_body_that_is_changed_on_its_way_is_refused()
    {
        foreach (var chunked in (bool[])[true, false])
        {
            using var proxy = new HttpClient(new Tamper { InnerHandler = new SocketsHttpHandler() });
            using var client = ClientOver(proxy);
            var error = await Assert.ThrowsAsync<AmazonS3Exception>(() => client.PutObjectAsync(
                new PutObjectRequest { BucketName = bucket, Key = "t", ContentBody = "genuine", UseChunkEncoding = chunked }, Token));
            Assert.Equal(chunked ? "SignatureDoesNotMatch" : "XAmzContentSHA256Mismatch", error.ErrorCode);
        }
    }

    private AmazonS3Client ClientOver(HttpClient client) => new(
        new Amazon.Runtime.BasicAWSCredentials(EmbeddedStore.AccessKey, EmbeddedStore.SecretKey), new AmazonS3Config
        {
            ServiceURL = store.Endpoint.ToString(),
            ForcePathStyle = true, AuthenticationRegion = "us-east-1", MaxErrorRetry = 0, HttpClientFactory = new Factory(client),
        });

    private GetPreSignedUrlRequest Link(HttpVerb verb) => new()
    {
        BucketName = bucket, Key = "a b/é", Verb = verb, Expires = DateTime.UtcNow.AddHours(1), Protocol = Protocol.HTTP,
    };

    /// <summary>Replaces a word of every body, as a hostile network would.</summary>
    private sealed class Tamper : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Content is { } content)
            {
                var body = Encoding.Latin1.GetString(await content.ReadAsByteArrayAsync(cancellationToken))
                    .Replace("genuine", "changed", StringComparison.Ordinal);
                request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
                foreach (var header in content.Headers)
                {
                    request.Content.Headers.TryAddWithoutValidation(header.Key, header.Value);
                }
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }

    /// <summary>Adds a header to every request after it was signed, or replaces it.</summary>
    private sealed class Adder(string name, string value) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Factory(HttpClient client) : Amazon.Runtime.HttpClientFactory
    {
        public override HttpClient CreateHttpClient(Amazon.Runtime.IClientConfig clientConfig) => client;

        public override bool UseSDKHttpClientCaching(Amazon.Runtime.IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(Amazon.Runtime.IClientConfig clientConfig) => false;
    }
}
