using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Nestegg.TestKit.Servers;

/// <summary>Answers HTTP as a script says: for what real servers do too seldom to wait for.</summary>
public sealed class ScriptedHttpServer : IAsyncDisposable
{
    private readonly WebApplication server;
    private int requests;

    /// <param name="script">
    /// Is given each request with its number, from 1. An answer with fewer bytes than it states is broken off there.
    /// </param>
    public ScriptedHttpServer(Func<int, HttpContext, Task> script)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        server = builder.Build();
        server.Run(context => script(Interlocked.Increment(ref requests), context));
        ((IHost)server).Start();
        Endpoint = new Uri(server.Urls.Single());
    }

    public Uri Endpoint { get; }

    public int Requests => Volatile.Read(ref requests);

    /// <summary>Answers every request with one error, as S3 words it.</summary>
    public static ScriptedHttpServer Refusing(int status, string code, string message = "no") =>
        new((_, context) => WriteErrorAsync(context.Response, status, code, message));

    public static async Task WriteErrorAsync(HttpResponse response, int status, string code, string message = "no")
    {
        response.StatusCode = status;
        response.ContentType = "application/xml";
        await WriteAsync(response, $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    }

    /// <summary>Answers with a body whose length is stated.</summary>
    public static async Task WriteAsync(HttpResponse response, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes);
    }

    public async ValueTask DisposeAsync()
    {
        // Not for clients that keep their connections: the test is over.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await server.StopAsync(now.Token);
        await server.DisposeAsync();
    }
}
