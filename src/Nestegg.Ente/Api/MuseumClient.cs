using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Library;

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

    /// <summary>Where museum is; ends with a slash.</summary>
    public Uri Endpoint { get; }

    /// <summary>Makes sure that a museum answers there.</summary>
    /// <exception cref="EnteException">Nothing answers, or something else does.</exception>
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        using var answer = await GetAsync("ping", null, cancellationToken);
        if (!answer.IsSuccess || answer.Body.Text("message") != "pong")
        {
            throw new EnteException(
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
        AskAsync(HttpMethod.Get, path, null, token, cancellationToken);

    internal Task<MuseumAnswer> PostAsync(string path, string json, SessionToken? token, CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Post, path, json, token, cancellationToken);

    /// <summary>An object's bytes: redirected to the store, as museum does, or straight from the server, as read-only ones do.</summary>
    /// <returns>Null when museum or the store has no such object.</returns>
    internal async Task<Stream?> OpenAsync(string path, SessionToken token, CancellationToken cancellationToken)
    {
        var response = await SendAsync(_museum, () => NewRequest(HttpMethod.Get, path, null, token), path, cancellationToken);
        if (response.StatusCode is >= HttpStatusCode.MovedPermanently and < HttpStatusCode.BadRequest)
        {
            var location = response.Headers.Location;
            response.Dispose();
            var target = location is null ? null : location.IsAbsoluteUri ? location : new Uri(Endpoint, location);
            if (target is null || (target.Scheme != Uri.UriSchemeHttp && target.Scheme != Uri.UriSchemeHttps))
            {
                throw Refused(path, response.StatusCode, "it redirects to nowhere");
            }

            response = await SendAsync(_objects, () => new HttpRequestMessage(HttpMethod.Get, target), target.Host, cancellationToken);
        }

        if (response.IsSuccessStatusCode)
        {
            return new ResponseStream(response, await response.Content.ReadAsStreamAsync(cancellationToken));
        }

        response.Dispose();
        return response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone ? null : throw Refused(path, response.StatusCode, "");
    }

    internal EnteException Refused(string path, HttpStatusCode status, string why) => new(
        $"{Endpoint}{path.Split('?')[0]} answered {(int)status}{(why.Length == 0 ? "" : ": " + why)}",
        (int)status is 401 ? "the session has ended; sign in again" : "look into museum's log for this request; try again when it is well");

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
        HttpMethod method, string path, string? json, SessionToken? token, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(_museum, () => NewRequest(method, path, json, token), path, cancellationToken);
        if (response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.OrdinalIgnoreCase) != true)
        {
            return new MuseumAnswer(response.StatusCode, null);
        }

        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return new MuseumAnswer(response.StatusCode, await JsonDocument.ParseAsync(body, default, cancellationToken));
        }
        catch (JsonException exception)
        {
            throw new EnteException($"{Endpoint}{path.Split('?')[0]} answered with JSON that cannot be read", "try again; if it stays, a proxy may cut its answers", exception);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpClient client, Func<HttpRequestMessage> newRequest, string what, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            TimeSpan wait;
            try
            {
                using var request = newRequest();
                var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (!IsPassing(response.StatusCode, attempt))
                {
                    return response;
                }

                wait = response.Headers.RetryAfter?.Delta is { } asked && asked <= Waits[^1] ? asked : Waits[attempt];
                response.Dispose();
            }
            catch (Exception exception) when (IsUnreached(exception, cancellationToken))
            {
                if (attempt == FailureRetries)
                {
                    throw new EnteException(
                        $"{(client == _museum ? Endpoint + what.Split('?')[0] : $"the object store {what}")} cannot be reached: {exception.Message}",
                        "check the address, the network and the server's certificate", exception);
                }

                wait = Waits[attempt];
            }

            await Task.Delay(wait, _time, cancellationToken);
        }
    }

    private static bool IsUnreached(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested);

    private static bool IsPassing(HttpStatusCode status, int attempt) => status switch
    {
        HttpStatusCode.TooManyRequests => attempt < Waits.Length,
        HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => attempt < FailureRetries,
        _ => false,
    };
}
