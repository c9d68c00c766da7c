using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Nestegg.TestKit.Museum;

/// <summary>
/// Stands for the object store that museum redirects to. It remembers every request that carried what only museum may see.
/// </summary>
public sealed class ObjectStoreStub : IAsyncDisposable
{
    private const string Bucket = "/b2-eu-cen/";

    private readonly Func<string, string?> objects;
    private readonly WebApplication server;
    private readonly ConcurrentQueue<string> leaks = new();
    private int active;
    private int mostActive;

    private ObjectStoreStub(Func<string, string?> objects)
    {
        this.objects = objects;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.Run(AnswerAsync);
    }

    public Uri Endpoint => new(server.Urls.First() + "/");

    /// <summary>Headers and parameters that should never have come here.</summary>
    public IReadOnlyCollection<string> Leaks => leaks;

    /// <summary>How many objects were being sent at the same time, at most.</summary>
    public int MostActive => mostActive;

    /// <summary>What each answer waits, as a distant store does.</summary>
    public TimeSpan Delay { get; set; }

    public static async Task<ObjectStoreStub> StartAsync(Func<string, string?> objects, CancellationToken cancellationToken)
    {
        var stub = new ObjectStoreStub(objects);
        await stub.server.StartAsync(cancellationToken);
        return stub;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    internal async Task SendAsync(HttpContext context, string key)
    {
        if (objects(key) is not { } path)
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync("<Error><Code>NoSuchKey</Code></Error>");
            return;
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = new FileInfo(path).Length;
        await context.Response.SendFileAsync(path);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        foreach (var name in context.Request.Headers.Keys.Concat(context.Request.Query.Keys))
        {
            if (name.Contains("token", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("X-Client", StringComparison.OrdinalIgnoreCase)
                || name is "Cookie" or "Authorization")
            {
                leaks.Enqueue(name);
            }
        }

        var now = Interlocked.Increment(ref active);
        for (var most = mostActive; now > most && Interlocked.CompareExchange(ref mostActive, now, most) != most; most = mostActive) { }
        try
        {
            if (Delay > TimeSpan.Zero)
            {
                await Task.Delay(Delay, context.RequestAborted);
            }

            await SendAsync(context, context.Request.Path.Value![Bucket.Length..]);
        }
        finally
        {
            Interlocked.Decrement(ref active);
        }
    }
}
