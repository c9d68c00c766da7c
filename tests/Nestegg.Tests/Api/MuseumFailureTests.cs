using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Nestegg.Ente.Api;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.Tests.Api;

/// <summary>What networks, proxies and stores do to a client of museum.</summary>
public sealed class MuseumFailureTests
{
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(3_000_000);

    private static readonly SessionToken Session = new(EnteApp.Photos, "token");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task A_download_goes_on_after_a_broken_or_silent_connection(bool knowsRanges, bool fallsSilent)
    {
        await using var store = new ScriptedHttpServer((_, context) => SendAsync(context, knowsRanges));
        await using var proxy = new FaultyProxy(store.Endpoint) { CutAfterBytes = 1_000_000, Faults = 2, FallSilent = fallsSilent };
        await using var museum = Redirecting(new Uri(proxy.Endpoint, "object?signature=1"));
        using var client = new MuseumClient(museum.Endpoint, new TestTime(haste: 100, limits: fallsSilent ? 20 : 1));

        await using var stream = await client.OpenAsync("files/download/1", Session, Token);
        using var received = new MemoryStream();
        await stream!.CopyToAsync(received, Token);

        Assert.Equal(Content, received.ToArray());
        if (fallsSilent)
        {
            // A busy machine may be silent by itself, also before a request reaches the store.
            Assert.InRange(museum.Requests, 3, 6);
            Assert.InRange(store.Requests, 3, museum.Requests);
        }
        else
        {
            Assert.Equal((3, 3), (store.Requests, museum.Requests));
        }
    }

    [Fact]
    public async Task A_download_that_breaks_again_and_again_is_given_up()
    {
        await using var store = new ScriptedHttpServer((_, context) => SendAsync(context, knowsRanges: true));
        await using var proxy = new FaultyProxy(store.Endpoint) { CutAfterBytes = 0, Faults = int.MaxValue };
        await using var museum = Redirecting(proxy.Endpoint);
        using var client = new MuseumClient(museum.Endpoint, new TestTime(haste: 100));
        var refused = await Assert.ThrowsAsync<MuseumException>(() => client.OpenAsync("files/download/1", Session, Token));
        Assert.StartsWith($"the object store {proxy.Endpoint.Authority} cannot be reached: ", refused.Message);
    }

    [Fact]
    public async Task A_body_that_breaks_before_its_first_byte_again_and_again_is_asked_for_as_often_as_any_request()
    {
        await using var store = new ScriptedHttpServer(async (_, context) =>
        {
            context.Response.ContentLength = Content.Length;
            await context.Response.Body.FlushAsync(Token);
        });
        await using var museum = Redirecting(store.Endpoint);
        using var client = new MuseumClient(museum.Endpoint, new TestTime(haste: 100));
        await using var stream = await client.OpenAsync("files/download/1", Session, Token);
        var refused = await Assert.ThrowsAsync<MuseumException>(() => stream!.CopyToAsync(Stream.Null, Token));
        Assert.StartsWith($"the object store {store.Endpoint.Authority} broke off in the middle of an answer: ", refused.Message);
        Assert.Equal((4, 4), (store.Requests, museum.Requests));
    }

    [Fact]
    public async Task An_answer_of_museum_that_breaks_off_is_asked_for_again_and_then_told()
    {
        await using var museum = new ScriptedHttpServer(async (number, context) =>
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = 12;
            await context.Response.Body.WriteAsync("{\"a\":"u8.ToArray(), Token);
            await context.Response.Body.FlushAsync(Token);
            if (number == 2)
            {
                await context.Response.Body.WriteAsync("\"bcde\"}"u8.ToArray(), Token);
            }
        });
        using var client = new MuseumClient(museum.Endpoint, new TestTime(haste: 100));
        using var answer = await client.GetAsync("collections/v2", Session, Token);
        Assert.Equal("bcde", answer.Body.GetProperty("a").GetString());
        var refused = await Assert.ThrowsAsync<MuseumException>(() => client.GetAsync("collections/v2", Session, Token));
        Assert.StartsWith($"{museum.Endpoint} broke off in the middle of an answer: ", refused.Message);
        Assert.Equal(6, museum.Requests);
    }

    [Fact]
    public async Task A_museum_that_says_when_to_come_back_is_not_asked_before()
    {
        await using var museum = new ScriptedHttpServer((number, context) =>
        {
            context.Response.StatusCode = number == 1 ? 429 : 204;
            context.Response.Headers["Retry-After"] = "25";
            return Task.CompletedTask;
        });
        var time = new TestTime(haste: 100);
        using var client = new MuseumClient(museum.Endpoint, time);
        using var answer = await client.GetAsync("users/srp/attributes", Session, Token);
        Assert.InRange(Assert.Single(time.Pauses).TotalSeconds, 25, 32);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_passing_failure_of_museum_or_store_is_waited_for(int status)
    {
        await using var store = new ScriptedHttpServer((number, context) => number < 3
            ? ScriptedHttpServer.WriteErrorAsync(context.Response, status, "SlowDown")
            : SendAsync(context, knowsRanges: true));
        await using var museum = Redirecting(store.Endpoint);
        using var client = new MuseumClient(museum.Endpoint, new TestTime(haste: 100));
        await using var stream = await client.OpenAsync("files/download/1", Session, Token);
        Assert.NotNull(stream);
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, "the object store {0} answered 403")]
    [InlineData(HttpStatusCode.InternalServerError, "the object store {0} answered 500")]
    public async Task A_store_that_refuses_is_named(HttpStatusCode status, string message)
    {
        await using var store = ScriptedHttpServer.Refusing((int)status, "AccessDenied");
        await using var museum = Redirecting(store.Endpoint);
        using var client = new MuseumClient(museum.Endpoint, new TestTime(haste: 100));
        var refused = await Assert.ThrowsAsync<MuseumException>(() => client.OpenAsync("files/download/1", Session, Token));
        Assert.Equal(string.Format(message, store.Endpoint.Authority), refused.Message);
    }

    [Fact]
    public async Task A_session_that_was_ended_is_told_so()
    {
        await using var museum = ScriptedHttpServer.Refusing(401, "");
        using var client = new MuseumClient(museum.Endpoint, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<MuseumException>(() => client.OpenAsync("files/download/1", Session, Token));
        Assert.True(refused.IsSignedOut);
        Assert.Equal("museum has ended the session", refused.Message);
    }

    [Fact]
    public async Task A_certificate_that_nobody_signed_is_told_in_clear_words()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ShakeHandsAsync(listener);
        using var client = new MuseumClient(new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"), TimeProvider.System);
        var refused = await Assert.ThrowsAsync<MuseumException>(() => client.PingAsync(Token));
        Assert.Contains("has no certificate that this machine trusts: ", refused.Message);
        Assert.Contains("UntrustedRoot", refused.Message);
        Assert.Contains("SSL_CERT_FILE", refused.Hint);
        await serving;
    }

    [Fact]
    public async Task An_address_that_leads_on_is_told_with_the_one_that_it_leads_to()
    {
        await using var museum = Redirecting(new Uri("https://api.example.org/ping"));
        using var client = new MuseumClient(museum.Endpoint, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<MuseumException>(() => client.PingAsync(Token));
        Assert.Equal($"{museum.Endpoint} leads on to https://api.example.org/ping", refused.Message);
    }

    private static ScriptedHttpServer Redirecting(Uri target) => new((_, context) =>
    {
        context.Response.StatusCode = 307;
        context.Response.Headers.Location = target.ToString();
        return Task.CompletedTask;
    });

    private static async Task SendAsync(HttpContext context, bool knowsRanges)
    {
        var from = knowsRanges && context.Request.Headers.Range is [{ } range] ? int.Parse(range["bytes=".Length..^1]) : 0;
        context.Response.StatusCode = from > 0 ? 206 : 200;
        context.Response.ContentLength = Content.Length - from;
        await context.Response.Body.WriteAsync(Content.AsMemory(from));
    }

    private static async Task ShakeHandsAsync(TcpListener listener)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var accepted = await listener.AcceptTcpClientAsync(Token);
        await using var stream = new SslStream(accepted.GetStream());
        try
        {
            await stream.AuthenticateAsServerAsync(certificate);
            stream.ReadByte();
        }
        catch (Exception refused) when (refused is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The client hangs up, as it should.
            return;
        }
    }
}
