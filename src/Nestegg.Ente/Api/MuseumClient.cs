using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Json;
using Nestegg.Ente.Retries;

namespace Nestegg.Ente.Api;

/// <summary>
/// Talks to one museum. Requests to museum may carry a session token; bytes are fetched from the object store with a second,
/// bare client, so that no header of ours, and never a token, reaches the store. Waits when museum says that it is asked too
/// often, and tries again when an answer did not come or was a passing failure; everything it asks is safe to ask twice.
/// </summary>
public sealed class MuseumClient : IDisposable
{
    // Some of museum's answers are made from many rows.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    // A store that sends nothing for so long will not send anything more.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private readonly HttpClient museum;
    private readonly HttpClient objects;
    private readonly RequestRetries retries;

    /// <param name="endpoint">museum's own origin, such as <c>https://api.ente.example.org</c>; a path is kept.</param>
    /// <param name="time">What waits are measured with.</param>
    public MuseumClient(Uri endpoint, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(time);
        (Time, retries) = (time, new RequestRetries(MuseumRetries.Rules, time));
        Endpoint = new Uri(endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");
        museum = new HttpClient(NewHandler(followRedirects: false)) { BaseAddress = Endpoint, Timeout = Timeout.InfiniteTimeSpan };

        // Not go-resty: museum would then sign addresses in another bucket than the one that holds the objects.
        museum.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("nestegg", "0.1"));
        objects = new HttpClient(NewHandler(followRedirects: true)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    internal TimeProvider Time { get; }

    /// <summary>Where museum is; ends with a slash.</summary>
    public Uri Endpoint { get; }

    /// <summary>Makes sure that a museum answers there.</summary>
    /// <exception cref="EnteException">Nothing answers, or something else does.</exception>
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        // Asked once: whoever has just typed the address wants to know at once.
        using var answer = await AskAsync(() => NewRequest(HttpMethod.Get, "ping", null, null), isAskedOnce: true, cancellationToken);
        if (answer.Location is { } elsewhere)
        {
            throw new MuseumException(
                $"{Endpoint} leads on to {elsewhere}", "give the address that it leads to, without `ping` at its end");
        }

        if (!answer.IsSuccess || answer.Body.Text("message") != "pong")
        {
            throw new MuseumException(
                $"{Endpoint} does not answer as museum does (GET /ping: {(int)answer.Status})",
                "give the address of museum itself, the API, and not that of the web app; in the quickstart it is port 8080");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        museum.Dispose();
        objects.Dispose();
    }

    internal Task<MuseumAnswer> GetAsync(string path, SessionToken? token, CancellationToken cancellationToken) =>
        AskAsync(() => NewRequest(HttpMethod.Get, path, null, token), isAskedOnce: false, cancellationToken);

    internal Task<MuseumAnswer> PostAsync(string path, string json, SessionToken? token, CancellationToken cancellationToken) =>
        AskAsync(() => NewRequest(HttpMethod.Post, path, json, token), isAskedOnce: false, cancellationToken);

    /// <summary>
    /// An object's bytes. When they stop coming, the stream asks for the rest, and throws a <see cref="MuseumException"/> when that does
    /// not come.
    /// </summary>
    /// <returns>Null when museum or the store has no such object.</returns>
    internal async Task<Stream?> OpenAsync(string path, SessionToken token, CancellationToken cancellationToken)
    {
        var download = new MuseumDownload(this, path, token);
        try
        {
            var first = await retries.RunAsync(stop => download.TryOpenAsync(0, stop), Silence, cancellationToken);
            return first is null ? null : new ResumingStream(download, first, 0, retries, new SilenceLimit(Silence, Time));
        }
        catch (Exception failure) when (download.Explain(failure) is { } explained)
        {
            throw explained;
        }
    }

    /// <summary>One attempt to ask museum for an object from a byte on.</summary>
    internal async Task<HttpResponseMessage> RequestAsync(string path, SessionToken token, long offset, CancellationToken cancellationToken)
    {
        using var request = NewRequest(HttpMethod.Get, path, null, token);
        return await SendAsync(museum, request, offset, cancellationToken);
    }

    /// <summary>One attempt to ask the object store for it.</summary>
    internal async Task<HttpResponseMessage> FetchAsync(Uri address, long offset, CancellationToken cancellationToken)
    {
        Debug.Assert(!objects.DefaultRequestHeaders.Any(), "No header of ours, and never a token, reaches the store.");
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return await SendAsync(objects, request, offset, cancellationToken);
    }

    private static Task<HttpResponseMessage> SendAsync(
        HttpClient client, HttpRequestMessage request, long offset, CancellationToken cancellationToken)
    {
        request.Headers.Range = offset > 0 ? new RangeHeaderValue(offset, null) : null;
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    internal MuseumException Refused(string path, HttpStatusCode status, string why) => status is HttpStatusCode.Unauthorized
        ? new MuseumException(
            "museum has ended the session", "somebody signed it out or changed the password; start again")
        {
            IsSignedOut = true,
        }
        : new MuseumException(
            $"{Endpoint}{path.Split('?')[0]} answered {(int)status}{(why.Length == 0 ? "" : ": " + why)}",
            "look into museum's log for this request; try again when it is well");

    private static SocketsHttpHandler NewHandler(bool followRedirects) => new()
    {
        AllowAutoRedirect = followRedirects,
        UseCookies = false,
        AutomaticDecompression = followRedirects ? DecompressionMethods.None : DecompressionMethods.All,
        ConnectTimeout = TimeSpan.FromSeconds(20),
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
    };

    private static HttpRequestMessage NewRequest(HttpMethod method, string path, string? json, SessionToken? token)
    {
        Debug.Assert(!path.StartsWith('/') && !path.Contains(':'), "A path leads to museum and nowhere else, because a token goes there.");

        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-Client-Package", token?.App.ClientPackage ?? EnteApp.Photos.ClientPackage);
        if (!string.IsNullOrEmpty(token?.Value))
        {
            request.Headers.Add("X-Auth-Token", token.Value);
        }

        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        return request;
    }

    private async Task<MuseumAnswer> AskAsync(Func<HttpRequestMessage> newRequest, bool isAskedOnce, CancellationToken cancellationToken)
    {
        using var silence = new SilenceLimit(AnswerLimit, Time);
        try
        {
            return isAskedOnce
                ? await AskOnceAsync(newRequest, silence, cancellationToken)
                : await retries.RunAsync(
                    (it, stop) => new ValueTask<MuseumAnswer>(AskOnceAsync(it, silence, stop)), newRequest, cancellationToken);
        }
        catch (Exception failure) when (MuseumRetries.Explain(Endpoint.ToString(), failure) is { } explained)
        {
            throw explained;
        }
    }

    private async Task<MuseumAnswer> AskOnceAsync(
        Func<HttpRequestMessage> newRequest, SilenceLimit silence, CancellationToken cancellationToken)
    {
        using var request = newRequest();
        using var response = await silence.RunAsync(
            static (it, stop) => new ValueTask<HttpResponseMessage>(SendAsync(it.museum, it.request, 0, stop)),
            (museum, request), cancellationToken);
        var isJson = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.OrdinalIgnoreCase) == true;
        try
        {
            var body = isJson ? await ReadAsync(response.Content, silence, cancellationToken) : null;
            var headers = response.Headers;
            return new MuseumAnswer(response.StatusCode, body) { Location = headers.Location, RetryAfter = headers.RetryAfter };
        }
        catch (JsonException exception)
        {
            throw new MuseumException(
                $"{request.RequestUri?.GetLeftPart(UriPartial.Path)} answered with JSON that cannot be read",
                "try again; if it stays, a proxy may cut its answers", exception);
        }
    }

    private static async Task<JsonDocument> ReadAsync(HttpContent content, SilenceLimit silence, CancellationToken cancellationToken)
    {
        await using var body = await content.ReadAsStreamAsync(cancellationToken);
        using var json = new MemoryStream();
        var block = new byte[16 * 1024];
        while (await silence.ReadAsync(body, block, cancellationToken) is > 0 and var count)
        {
            json.Write(block, 0, count);
        }

        return JsonDocument.Parse(json.GetBuffer().AsMemory(0, (int)json.Length));
    }
}
