using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Api;

/// <summary>
/// Talks to one museum. Requests to museum may carry a session token; bytes are fetched from the object store with a second,
/// bare client, so that no header of ours, and never a token, reaches the store. Waits when museum says that it is asked too
/// often, and tries again when an answer did not come or was a passing failure; everything it asks is safe to ask twice.
/// </summary>
public sealed class MuseumClient : IDisposable
{
    // A limit of ten a minute needs up to a minute of patience; together these are a little more.
    private static readonly TimeSpan[] Waits =
        [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(40)];

    private const int FailureRetries = 3;

    private readonly HttpClient _museum;
    private readonly HttpClient _objects;
    private readonly TimeProvider _time;

    /// <param name="endpoint">museum's own origin, such as <c>https://api.ente.example.org</c>; a path is kept.</param>
    /// <param name="time">What waits are measured with.</param>
    public MuseumClient(Uri endpoint, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        Endpoint = new Uri(endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");
        _museum = new HttpClient(NewHandler(followRedirects: false)) { BaseAddress = Endpoint, Timeout = TimeSpan.FromMinutes(2) };

        // Not go-resty: museum would then sign addresses in another bucket than the one that holds the objects.
        _museum.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("nestegg", "0.1"));
        _objects = new HttpClient(NewHandler(followRedirects: true)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>A store that sends nothing for so long will not send anything more.</summary>
    internal TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Where museum is; ends with a slash.</summary>
    public Uri Endpoint { get; }

    /// <summary>Makes sure that a museum answers there.</summary>
    /// <exception cref="EnteException">Nothing answers, or something else does.</exception>
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        // Asked once: whoever has just typed the address wants to know at once.
        using var answer = await AskAsync(HttpMethod.Get, "ping", null, null, 0, cancellationToken);
        if (answer.Location is { } elsewhere)
        {
            throw new MuseumException($"{Endpoint} leads on to {elsewhere}", "give the address that it leads to, without `ping` at its end");
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
        _museum.Dispose();
        _objects.Dispose();
    }

    internal Task<MuseumAnswer> GetAsync(string path, SessionToken? token, CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Get, path, null, token, FailureRetries, cancellationToken);

    internal Task<MuseumAnswer> PostAsync(string path, string json, SessionToken? token, CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Post, path, json, token, FailureRetries, cancellationToken);

    /// <summary>
    /// An object's bytes: redirected to the store, as museum does, or straight from the server, as read-only ones do. When they stop coming, the stream asks
    /// for the rest.
    /// </summary>
    /// <returns>Null when museum or the store has no such object.</returns>
    internal async Task<Stream?> OpenAsync(string path, SessionToken token, CancellationToken cancellationToken)
    {
        var first = await RequestAsync(path, token, 0, cancellationToken);
        return first is null ? null : await ResumingStream.StartAsync(first, (from, stop) => RequestAsync(path, token, from, stop), (failures, stop) => Task.Delay(Waits[failures], _time, stop), Silence, cancellationToken);
    }

    private async Task<HttpResponseMessage?> RequestAsync(string path, SessionToken token, long from, CancellationToken cancellationToken)
    {
        var response = await SendAsync(_museum, () => From(NewRequest(HttpMethod.Get, path, null, token), from), path, FailureRetries, cancellationToken);
        if (response.StatusCode is >= HttpStatusCode.MovedPermanently and < HttpStatusCode.BadRequest)
        {
            var location = response.Headers.Location;
            response.Dispose();
            var target = location is null ? null : location.IsAbsoluteUri ? location : new Uri(Endpoint, location);
            if (target is null || (target.Scheme != Uri.UriSchemeHttp && target.Scheme != Uri.UriSchemeHttps))
            {
                throw Refused(path, response.StatusCode, "it redirects to nowhere");
            }

            response = await SendAsync(_objects, () => From(new HttpRequestMessage(HttpMethod.Get, target), from), target.Authority, FailureRetries, cancellationToken);
            if (!response.IsSuccessStatusCode && response.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.Gone))
            {
                using (response)
                {
                    throw new MuseumException($"the object store {target.Authority} answered {(int)response.StatusCode}", "look into the store's log; museum signs the addresses with the keys of its configuration");
                }
            }
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        response.Dispose();
        return response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone ? null : throw Refused(path, response.StatusCode, "");
    }

    private static HttpRequestMessage From(HttpRequestMessage request, long from)
    {
        request.Headers.Range = from > 0 ? new RangeHeaderValue(from, null) : null;
        return request;
    }

    internal MuseumException Refused(string path, HttpStatusCode status, string why) => status is HttpStatusCode.Unauthorized
        ? new MuseumException("museum has ended the session", "somebody signed it out or changed the password; start again") { IsSignedOut = true }
        : new MuseumException(
            $"{Endpoint}{path.Split('?')[0]} answered {(int)status}{(why.Length == 0 ? "" : ": " + why)}", "look into museum's log for this request; try again when it is well");

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

    private async Task<MuseumAnswer> AskAsync(
        HttpMethod method, string path, string? json, SessionToken? token, int retries, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(_museum, () => NewRequest(method, path, json, token), path, retries, cancellationToken);
        if (response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.OrdinalIgnoreCase) != true)
        {
            return new MuseumAnswer(response.StatusCode, null) { Location = response.Headers.Location };
        }

        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return new MuseumAnswer(response.StatusCode, await JsonDocument.ParseAsync(body, default, cancellationToken));
        }
        catch (JsonException exception)
        {
            throw new MuseumException($"{Endpoint}{path.Split('?')[0]} answered with JSON that cannot be read", "try again; if it stays, a proxy may cut its answers", exception);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpClient client, Func<HttpRequestMessage> newRequest, string what, int retries, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            TimeSpan wait;
            try
            {
                using var request = newRequest();
                var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (!IsPassing(response.StatusCode, attempt, retries))
                {
                    return response;
                }

                wait = response.Headers.RetryAfter?.Delta is { } asked && asked <= Waits[^1] ? asked : Waits[attempt];
                response.Dispose();
            }
            catch (Exception exception) when (IsUnreached(exception, cancellationToken))
            {
                var isCertificate = exception is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError };
                if (attempt == retries || isCertificate)
                {
                    throw Unreached(client == _museum ? Endpoint.ToString() : $"the object store {what}", exception, isCertificate);
                }

                wait = Waits[attempt];
            }

            await Task.Delay(wait, _time, cancellationToken);
        }
    }

    private static MuseumException Unreached(string where, Exception exception, bool isCertificate) => isCertificate
        ? new MuseumException(
            $"{where} has no certificate that this machine trusts: {exception.InnerException?.Message ?? exception.Message}",
            "when it is your own, name the PEM file of the authority that signed it in SSL_CERT_FILE, or add that to the system's; when there is no TLS at all, write http://", exception)
        : new MuseumException($"{where} cannot be reached: {exception.Message}", "check the address and the network; in the quickstart museum listens on port 8080", exception);

    private static bool IsUnreached(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested);

    private static bool IsPassing(HttpStatusCode status, int attempt, int retries) => status switch
    {
        HttpStatusCode.TooManyRequests => attempt < Waits.Length,
        >= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented => attempt < retries,
        _ => false,
    };
}
