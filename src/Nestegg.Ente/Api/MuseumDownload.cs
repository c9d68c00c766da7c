using System.Net;
using Nestegg.Ente.Retries;

namespace Nestegg.Ente.Api;

/// <summary>
/// An object's bytes: redirected to the store, as museum does, or straight from the server, as read-only ones do. What is read is checked
/// by whoever decrypts it: bytes of two answers that do not belong together are not authentic.
/// </summary>
internal sealed class MuseumDownload(MuseumClient client, string path, SessionToken token) : IResumable
{
    // Who was asked last, and so is at fault when there is no answer.
    private string server = client.Endpoint.ToString();

    public async Task<OpenedBody> OpenAsync(long offset, CancellationToken cancellationToken) =>
        await TryOpenAsync(offset, cancellationToken)
            ?? throw new MuseumException("an object was deleted while it was read", "run the command again");

    public Exception? Explain(Exception failure) => MuseumRetries.Explain(server, failure);

    /// <returns>Null when museum or the store has no such object.</returns>
    public async Task<OpenedBody?> TryOpenAsync(long offset, CancellationToken cancellationToken)
    {
        server = client.Endpoint.ToString();
        var response = await client.RequestAsync(path, token, offset, cancellationToken);
        if (response.StatusCode is < HttpStatusCode.MovedPermanently or >= HttpStatusCode.BadRequest)
        {
            return await BodyAsync(response, offset, client.Refused(path, response.StatusCode, ""), cancellationToken);
        }

        var address = Address(response);
        server = $"the object store {address.Authority}";
        response = await client.FetchAsync(address, offset, cancellationToken);
        var refusal = new MuseumException(
            $"{server} answered {(int)response.StatusCode}",
            "look into the store's log; museum signs the addresses with the keys of its configuration");
        return await BodyAsync(response, offset, refusal, cancellationToken);
    }

    private static async Task<OpenedBody?> BodyAsync(
        HttpResponseMessage response, long offset, MuseumException refusal, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            var range = response.Content.Headers.ContentRange;
            var begin = response.StatusCode == HttpStatusCode.PartialContent ? range?.From ?? offset : 0;
            var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return new OpenedBody(body, begin, range?.Length ?? begin + response.Content.Headers.ContentLength, response);
        }

        using (response)
        {
            refusal.Passing = MuseumRetries.Judge(response.StatusCode, response.Headers.RetryAfter);
            return response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone ? null : throw refusal;
        }
    }

    private Uri Address(HttpResponseMessage response)
    {
        using (response)
        {
            var location = response.Headers.Location is { } given ? new Uri(client.Endpoint, given) : null;
            return location is { Scheme: "http" or "https" }
                ? location
                : throw client.Refused(path, response.StatusCode, "it redirects to nowhere");
        }
    }
}
