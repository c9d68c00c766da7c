using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Nestegg.Stores.S3;
using Nestegg.TestKit.Servers;

namespace Nestegg.Tests.Stores;

/// <summary>What a server answers to the question of a browser is judged as a browser judges it.</summary>
public class BrowserPreflightTests
{
    private const string Origin = "https://photos.example.org";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(200, "*", "", "*", null)]
    [InlineData(204, Origin, "GET, PUT", "Content-MD5, X-Client-Package", null)]
    [InlineData(403, "*", "", "*", "it answers 403 to the browser's question")]
    [InlineData(302, "*", "", "*", "it answers 302 to the browser's question")]
    [InlineData(200, null, "", "*", "its answer does not allow the origin")]
    [InlineData(200, "https://other.example.org", "GET", "*", "its answer does not allow the origin")]
    [InlineData(200, "*", "GET", "range", "its answer does not allow the header x-client-package")]
    [InlineData(200, "*", "GET", null, "its answer does not allow the header x-client-package")]
    public async Task To_show_a_photo(int status, string? origin, string? methods, string? headers, string? refusal) =>
        Assert.Equal(refusal, await AskAsync("GET", "x-client-package", (status, origin, methods, headers)));

    [Theory]
    [InlineData("GET, PUT", null)]
    [InlineData("*", null)]
    [InlineData("GET", "its answer does not allow PUT")]
    [InlineData(null, "its answer does not allow PUT")]
    public async Task To_store_one(string? methods, string? refusal) =>
        Assert.Equal(refusal, await AskAsync("PUT", "content-md5", (200, "*", methods, "*")));

    [Fact]
    public async Task It_asks_as_a_browser_does_and_hears_how_the_server_calls_itself()
    {
        var asked = new ConcurrentQueue<string>();
        await using var server = new ScriptedHttpServer((_, context) =>
        {
            var headers = context.Request.Headers;
            asked.Enqueue($"{context.Request.Method} {context.Request.Path} {headers.Origin} {headers.AccessControlRequestMethod} "
                + $"{headers.AccessControlRequestHeaders} {headers.Authorization}");
            context.Response.Headers.Server = "MinIO";
            return Task.CompletedTask;
        });
        await using var bucket = Open(server.Endpoint);
        var (_, name) = await new BrowserPreflight(bucket.Requests).AskAsync(Origin, "GET", "x-client-package", Token);
        Assert.Equal("MinIO", name);
        Assert.Equal([$"OPTIONS /bucket/0/nestegg-preflight {Origin} GET x-client-package "], asked);
    }

    [Fact]
    public async Task A_server_that_is_away_lets_nobody_in()
    {
        await using var bucket = Open(new Uri($"http://127.0.0.1:{ServerProcess.FreePort()}"));
        var (refusal, _) = await new BrowserPreflight(bucket.Requests).AskAsync(Origin, "GET", "x-client-package", Token);
        Assert.StartsWith("it does not answer the browser's question: nothing listens", refusal);
    }

    private static async Task<string?> AskAsync(
        string method, string header, (int Status, string? Origin, string? Methods, string? Headers) answer)
    {
        await using var server = new ScriptedHttpServer((_, context) =>
        {
            context.Response.StatusCode = answer.Status;
            context.Response.Headers.AccessControlAllowOrigin = answer.Origin;
            context.Response.Headers.AccessControlAllowMethods = answer.Methods;
            context.Response.Headers.AccessControlAllowHeaders = answer.Headers;
            return Task.CompletedTask;
        });
        await using var bucket = Open(server.Endpoint);
        return (await new BrowserPreflight(bucket.Requests).AskAsync(Origin, method, header, Token)).Refusal;
    }

    private static BucketClient Open(Uri endpoint) =>
        new(new S3Settings { Endpoint = endpoint, PathStyle = true }, new S3Credentials("a", "b"), "bucket");
}
