using System.Collections.Concurrent;
using System.Data.Common;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Nestegg.TestKit.Museum;

/// <summary>
/// A server that answers over HTTP as the real museum was recorded to: the same routes, statuses and JSON, from a database of Ente. It does
/// its half of SRP and TOTP for real, and redirects downloads to a second server that stands for the object store.
/// </summary>
public sealed class RecordedMuseum : IAsyncDisposable
{
    private readonly MuseumTables tables;
    private readonly MuseumLogin login;
    private readonly ConcurrentQueue<string> requests = new();
    private readonly ConcurrentDictionary<string, int> calls = new();
    private readonly WebApplication museum;

    private RecordedMuseum(DbConnection database, IReadOnlyDictionary<string, MuseumAccount> accounts, ObjectStoreStub store)
    {
        tables = new MuseumTables(database, () => PageSize);
        login = new MuseumLogin(tables, accounts);
        Store = store;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        museum = builder.Build();
        museum.Run(AnswerAsync);
    }

    public Uri Endpoint => new(museum.Urls.First());

    /// <summary>Where downloads are redirected to.</summary>
    public ObjectStoreStub Store { get; }

    /// <summary>Entries in a page of a list; the real one has about 2,500.</summary>
    public int PageSize { get; set; } = 2500;

    /// <summary>How long after a request an answer begins, as on a network. The store has a delay of its own.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Answers downloads with 200 and the bytes, as read-only servers do, instead of a redirect.</summary>
    public bool Streams { get; set; }

    /// <summary>The account asks for a mailed code before the password means anything.</summary>
    public bool EmailMfa { get => login.EmailMfa; set => login.EmailMfa = value; }

    /// <summary>The account signs in with a passkey.</summary>
    public bool Passkey { get => login.Passkey; set => login.Passkey = value; }

    /// <summary>The first so many requests of each route are refused.</summary>
    public int RefusalsFirst { get; set; }

    /// <summary>What refused requests are answered with.</summary>
    public int RefusalStatus { get; set; } = 429;

    /// <summary>Where a proxy has put museum, such as <c>/ente/api</c>; elsewhere there is nothing.</summary>
    public string PathPrefix { get; set; } = "";

    /// <summary>What was asked, as <c>GET /ping</c>, without the query.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    /// <summary>The code that was "mailed" last.</summary>
    public string MailedCode => login.MailedCode;

    /// <summary>Sessions that were not signed out.</summary>
    public int OpenSessions => login.OpenSessions;

    /// <param name="database">With museum's tables; <c>srp_auth</c> among them. Used by one request at a time.</param>
    /// <param name="accounts">By e-mail address.</param>
    /// <param name="objects">The file that holds an object's bytes; null when the store does not have it.</param>
    public static async Task<RecordedMuseum> StartAsync(
        DbConnection database, IReadOnlyDictionary<string, MuseumAccount> accounts, Func<string, string?> objects,
        CancellationToken cancellationToken)
    {
        var store = await ObjectStoreStub.StartAsync(objects, cancellationToken);
        var server = new RecordedMuseum(database, accounts, store);
        await server.museum.StartAsync(cancellationToken);
        return server;
    }

    /// <summary>As when the account's owner ends all sessions, or changes the password.</summary>
    public void EndSessions() => login.SignOutAll();

    public async ValueTask DisposeAsync()
    {
        await museum.DisposeAsync();
        tables.Dispose();
        await Store.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(PathPrefix, out var below))
        {
            context.Response.StatusCode = 404;
            return;
        }

        var path = below.Value!;
        requests.Enqueue($"{context.Request.Method} {path}");
        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay, context.RequestAborted);
        }

        if (context.Request.Headers.UserAgent.ToString().Contains("go-resty", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidOperationException("go-resty is sent to another bucket");
        }

        if (calls.AddOrUpdate(path, 1, (_, count) => count + 1) <= RefusalsFirst)
        {
            context.Response.Headers.RetryAfter = "0";
            await WriteAsync(context, RefusalStatus, new JsonObject { ["error"] = "Rate limit breached, try later" });
            return;
        }

        var body = context.Request.Method == "POST"
            ? await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted)
            : null;
        if (path == "/ping")
        {
            await WriteAsync(context, 200, new JsonObject { ["id"] = "", ["message"] = "pong" });
        }
        else if (await login.TryAnswerAsync(path, context.Request, body, context.RequestAborted) is { } answer)
        {
            await WriteAsync(context, answer.Status, answer.Body);
        }
        else
        {
            await AnswerSignedInAsync(context, path);
        }
    }

    private async Task AnswerSignedInAsync(HttpContext context, string path)
    {
        string? token = context.Request.Headers["X-Auth-Token"];
        if (string.IsNullOrEmpty(token))
        {
            await WriteAsync(context, 401, new JsonObject { ["error"] = "missing token" });
            return;
        }

        if (login.Session(token, context.Request.Headers["X-Client-Package"].ToString()) is not { } session)
        {
            await WriteAsync(context, 401, new JsonObject { ["error"] = "invalid token" });
            return;
        }

        if (path == "/users/logout")
        {
            login.SignOut(token);
            await WriteAsync(context, 200, new JsonObject());
        }
        else if (path.StartsWith("/files/download/", StringComparison.Ordinal)
            || path.StartsWith("/files/preview/", StringComparison.Ordinal))
        {
            await RedirectAsync(context, session, path);
        }
        else
        {
            var (status, json) = await tables.AnswerAsync(session, path, context.Request.Query, context.RequestAborted);
            await WriteAsync(context, status, json);
        }
    }

    private async Task RedirectAsync(HttpContext context, MuseumSessionRow session, string path)
    {
        var parts = path.Split('/');
        var key = long.TryParse(parts[3], out var id)
            ? await tables.ObjectKeyAsync(session, id, parts[2] == "preview" ? "thumbnail" : "file", context.RequestAborted)
            : null;
        if (key is null)
        {
            await WriteAsync(context, 404, new JsonObject());
        }
        else if (Streams)
        {
            await Store.SendAsync(context, key);
        }
        else
        {
            context.Response.StatusCode = (int)HttpStatusCode.TemporaryRedirect;
            context.Response.Headers.Location = $"{Store.Endpoint}b2-eu-cen/{key}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0";
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync("<a>Temporary Redirect</a>.\n");
        }
    }

    private static async Task WriteAsync(HttpContext context, int status, JsonNode? body)
    {
        context.Response.StatusCode = status;
        if (body is null)
        {
            return;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(body.ToJsonString());
    }
}
