using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Instance;

/// <summary>
/// Each finding about a bucket is provoked once more, by a server that really answers so, in the slot where museum stores derived data.
/// </summary>
public sealed class BucketFindingTests(SharedServers servers) : IAsyncLifetime
{
    private EmbeddedStore store = null!;
    private DoctorInstance instance = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var postgres = await servers.PostgresAsync(Token);
        store = await EmbeddedStore.StartAsync(Token);
        instance = await DoctorInstance.CreateAsync(postgres, store, Token);
    }

    public async ValueTask DisposeAsync()
    {
        instance?.Dispose();
        if (store is not null)
        {
            await store.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(400, "AuthorizationHeaderMalformed", "bucket-region", "is in another region")]
    [InlineData(400, "MalformedPolicy", "store-refused", "the server refuses (400 MalformedPolicy: no)")]
    [InlineData(403, "AccessDenied", "bucket-denied", "access denied (403 AccessDenied)")]
    [InlineData(403, "RequestTimeTooSkewed", "clock-skew", "more than 15 minutes apart")]
    [InlineData(500, "InternalError", "store-failing", "the server fails (500 InternalError), 4 times in a row")]
    public async Task What_a_store_answers_is_found(int status, string error, string code, string words)
    {
        await using var server = ScriptedHttpServer.Refusing(status, error);

        await AssertFoundAsync(server.Endpoint, code, words);
    }

    [Fact]
    public async Task Objects_that_lie_below_a_folder_are_found_there()
    {
        foreach (var key in DoctorInstance.Keys)
        {
            await store.Client.DeleteObjectAsync(instance.Bucket, key, Token);
            await store.Client.PutObjectAsync(new() { BucketName = instance.Bucket, Key = $"b2/{key}", ContentBody = "bytes" }, Token);
        }

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Error objects-elsewhere"], codes);
        var found = result.Findings.Single(finding => finding.Code == "objects-elsewhere");
        Assert.Contains("none of 2 objects", found.Message, StringComparison.Ordinal);
        Assert.Contains("it has b2/1/", found.Message, StringComparison.Ordinal);
        Assert.Contains("below b2/ ", found.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bucket_with_somebody_else_s_objects_is_not_in_order()
    {
        foreach (var key in DoctorInstance.Keys)
        {
            await store.Client.DeleteObjectAsync(instance.Bucket, key, Token);
        }

        await store.Client.PutObjectAsync(new() { BucketName = instance.Bucket, Key = "2/x", ContentBody = "bytes" }, Token);

        Assert.Equal(["Error objects-elsewhere"], (await instance.ExamineAsync(Token)).Codes);
    }

    [Fact]
    public async Task A_bucket_that_museum_addresses_by_name_is_reached_at_a_name_that_it_is_mapped_to()
    {
        var configuration = MuseumConfiguration.Create(
            [("museum.yaml", "s3: { b2-eu-cen: { key: " + EmbeddedStore.AccessKey + ", secret: " + EmbeddedStore.SecretKey
                + $", endpoint: 'http://s3.example', region: us-east-1, bucket: {instance.Bucket}, use_path_style_urls: false }} }}")], []);
        var slots = BucketSlots.From(configuration);
        Assert.False(slots.HotPrimary.UsesPathStyle);
        await using var buckets = new InstanceBuckets(
            slots, EndpointMap.Parse([$"s3.example=localhost:{store.Endpoint.Port}"]), TimeProvider.System);

        Assert.Equal("bucket-ok", Assert.Single(await buckets[slots.HotPrimary].ProbeAsync("slot", Token)).Code);
    }

    [Fact]
    public async Task A_web_page_instead_of_a_listing_is_found()
    {
        await using var server = new ScriptedHttpServer(
            (_, context) => context.Response.Body.WriteAsync("<html><body>Welcome!</body></html>"u8.ToArray()).AsTask());

        await AssertFoundAsync(server.Endpoint, "store-protocol", "answers (200), but not as S3 does");
    }

    [Fact]
    public async Task A_store_without_TLS_is_told_from_one_that_is_away() =>
        await AssertFoundAsync(new UriBuilder(store.Endpoint) { Scheme = "https" }.Uri, "store-tls", "does not speak TLS");

    [Fact]
    public async Task A_certificate_that_nobody_signed_is_found()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(SelfSigned())));
        await using var server = builder.Build();
        await server.StartAsync(Token);

        await AssertFoundAsync(new Uri(server.Urls.Single()), "store-tls", "no secure connection to 127.0.0.1");
    }

    [Theory]
    [InlineData(403, "AccessDenied", "bucket-denied", "access denied")]
    [InlineData(403, "InvalidObjectState", "object-archived", "the object is in an archive tier")]
    [InlineData(412, "PreconditionFailed", "object-changed", "the object was replaced")]
    [InlineData(507, "XMinioStorageFull", "store-full", "the store is full")]
    public async Task A_bucket_that_can_be_listed_and_not_read_is_found_before_the_backup(
        int status, string error, string code, string words)
    {
        await using var server = new ScriptedHttpServer(async (_, context) =>
        {
            if (context.Request.QueryString.Value!.Contains("list-type=2", StringComparison.Ordinal))
            {
                await context.Response.Body.WriteAsync(
                    "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>1/a</Key><Size>9</Size></Contents></ListBucketResult>"u8.ToArray());
            }
            else
            {
                await ScriptedHttpServer.WriteErrorAsync(context.Response, status, error);
            }
        });

        await AssertFoundAsync(server.Endpoint, code, $"can be listed, but its objects cannot be read: {words}");
    }

    [Fact]
    public async Task A_bucket_that_is_empty_though_the_database_names_objects_in_it_is_found()
    {
        foreach (var key in DoctorInstance.Keys)
        {
            await store.Client.DeleteObjectAsync(instance.Bucket, key, Token);
        }

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Error bucket-empty"], codes);
        Assert.EndsWith(
            "is empty, but the database names 2 objects in it", result.Findings.Single(finding => finding.Code == "bucket-empty").Message);
    }

    private async Task AssertFoundAsync(Uri endpoint, string code, string words)
    {
        instance.SlotYaml = $"  b5: {{ key: a, secret: b, endpoint: '{endpoint}', region: us-east-1, bucket: far }}\n  derived-storage: b5";

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal([$"Error {code}"], codes);
        var found = result.Findings.Single(finding => finding.Code == code);
        Assert.Equal("b5", found.Subject);
        Assert.Contains(words, found.Message);
        Assert.NotEmpty(found.Hint);
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
