using System.Net;
using System.Text;

namespace Nestegg.TestKit.Servers;

/// <summary>Answers HTTP as a script says: for what real servers do too seldom to wait for.</summary>
public sealed class ScriptedHttpServer : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly Func<int, HttpListenerContext, Task> script;
    private readonly Task serving;
    private int requests;

    /// <param name="script">Is given each request with its number, from 1. It need not close the response.</param>
    public ScriptedHttpServer(Func<int, HttpListenerContext, Task> script)
    {
        this.script = script;
        Endpoint = new Uri($"http://127.0.0.1:{ServerProcess.FreePort()}");
        listener.Prefixes.Add(Endpoint.ToString());
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Endpoint { get; }

    public int Requests => Volatile.Read(ref requests);

    /// <summary>Answers every request with one error, as S3 words it.</summary>
    public static ScriptedHttpServer Refusing(int status, string code, string message = "no") =>
        new((_, context) => WriteErrorAsync(context.Response, status, code, message));

    public static async Task WriteErrorAsync(HttpListenerResponse response, int status, string code, string message = "no")
    {
        response.StatusCode = status;
        var body = Encoding.UTF8.GetBytes($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
        response.ContentType = "application/xml";
        await response.OutputStream.WriteAsync(body);
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        listener.Close();
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                await script(Interlocked.Increment(ref requests), context);
                context.Response.Close();
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // The client went away, or the listener was stopped; the loop's condition tells which.
                continue;
            }
        }
    }
}
