using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Nestegg.Ente.Json;
using Nestegg.Ente.Accounts;

namespace Nestegg.Ente.Api;

/// <summary>
/// Being signed in to a museum with one app. Reads only; disposing it signs out and zeroes the keys. Lists come page by page, as
/// museum gives them; a page's JSON is valid until the next is asked for.
/// </summary>
public sealed class MuseumSession : IAsyncDisposable
{
    private const int EntityPage = 1000;

    private readonly MuseumClient client;
    private readonly SessionToken token;

    internal MuseumSession(MuseumClient client, SessionToken token, KeyChain keys, string keyAttributes) =>
        (this.client, this.token, Keys, KeyAttributesJson) = (client, token, keys, keyAttributes);

    /// <summary>The account's id.</summary>
    public required long UserId { get; init; }

    /// <summary>The account's address, in lower case.</summary>
    public required string Email { get; init; }

    /// <summary>The account's keys.</summary>
    public KeyChain Keys { get; }

    internal string KeyAttributesJson { get; }

    /// <summary>
    /// The encrypted original of a file. Reading throws <see cref="IOException"/>, <see cref="HttpRequestException"/> or
    /// <see cref="TimeoutException"/> when the connection cannot be had back.
    /// </summary>
    /// <returns>Null when museum or its store does not have it.</returns>
    public Task<Stream?> OpenFileAsync(long fileId, CancellationToken cancellationToken) =>
        client.OpenAsync($"files/download/{fileId}", token, cancellationToken);

    /// <summary>The encrypted thumbnail of a file.</summary>
    /// <returns>Null when museum or its store does not have it.</returns>
    public Task<Stream?> OpenThumbnailAsync(long fileId, CancellationToken cancellationToken) =>
        client.OpenAsync($"files/preview/{fileId}", token, cancellationToken);

    /// <summary>Signs out, so that no session of ours stays behind, and zeroes the keys.</summary>
    public async ValueTask DisposeAsync()
    {
        Keys.Dispose();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), client.Time);
        try
        {
            using var answer = await client.PostAsync("users/logout", "{}", token, limit.Token);
        }
        catch (Exception exception) when (exception is EnteException or OperationCanceledException)
        {
            // Out of reach: the session stays in the account's list until it expires. What was exported is no worse for it.
        }
    }

    /// <summary>All albums, owned and shared, with deleted ones marked.</summary>
    internal async Task<MuseumAnswer> CollectionsAsync(CancellationToken cancellationToken) =>
        await RequireAsync("collections/v2?sinceTime=0", cancellationToken);

    /// <summary>One album; null when museum no longer gives it.</summary>
    internal async Task<MuseumAnswer?> CollectionAsync(long id, CancellationToken cancellationToken) =>
        await OptionalAsync($"collections/{id}", cancellationToken);

    /// <summary>The files of an album, in pages of the member <c>diff</c>.</summary>
    /// <param name="collectionId">The album.</param>
    /// <param name="refused">Called when museum no longer gives the album's list; what came before is then not all of it.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    internal IAsyncEnumerable<JsonElement> FilesAsync(
        long collectionId, Action<MuseumAnswer> refused, CancellationToken cancellationToken) =>
        PagesAsync(
            since => $"collections/v2/diff?collectionID={collectionId}&sinceTime={since}", "updationTime", cancellationToken, refused);

    /// <summary>The trash, in pages.</summary>
    internal IAsyncEnumerable<JsonElement> TrashAsync(CancellationToken cancellationToken) =>
        PagesAsync(since => $"trash/v2/diff?sinceTime={since}", "updatedAt", cancellationToken);

    /// <summary>The wrapped key of a kind of entity; null when the account has none.</summary>
    internal async Task<MuseumAnswer?> EntityKeyAsync(string type, CancellationToken cancellationToken) =>
        await OptionalAsync($"user-entity/key?type={type}", cancellationToken);

    /// <summary>The entities of a kind, in pages.</summary>
    internal IAsyncEnumerable<JsonElement> EntitiesAsync(string type, CancellationToken cancellationToken) =>
        PagesAsync(since => $"user-entity/entity/diff?type={type}&sinceTime={since}&limit={EntityPage}", "updatedAt", cancellationToken);

    /// <summary>The contacts, in pages.</summary>
    internal IAsyncEnumerable<JsonElement> ContactsAsync(CancellationToken cancellationToken) =>
        PagesAsync(since => $"contacts/diff?sinceTime={since}&limit={EntityPage}", "updatedAt", cancellationToken);

    /// <summary>The wrapped key of Ente Auth; null when the account does not use it.</summary>
    internal async Task<MuseumAnswer?> AuthenticatorKeyAsync(CancellationToken cancellationToken) =>
        await OptionalAsync("authenticator/key", cancellationToken);

    /// <summary>The codes of Ente Auth, in pages.</summary>
    internal IAsyncEnumerable<JsonElement> AuthenticatorEntitiesAsync(CancellationToken cancellationToken) =>
        PagesAsync(since => $"authenticator/entity/diff?sinceTime={since}&limit={EntityPage}", "updatedAt", cancellationToken);

    private async Task<MuseumAnswer> RequireAsync(string path, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(path, cancellationToken);
        return answer.IsSuccess ? answer : throw client.Refused(path, answer.Status, answer.Code);
    }

    // 404 and 403 say that there is none for this account; older museums answer so to routes that they do not have.
    private async Task<MuseumAnswer?> OptionalAsync(string path, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(path, cancellationToken);
        if (answer.IsSuccess)
        {
            return answer;
        }

        answer.Dispose();
        return null;
    }

    private async Task<MuseumAnswer> AskAsync(string path, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync(path, token, cancellationToken);
        if (answer.IsSuccess || answer.Status is HttpStatusCode.NotFound or HttpStatusCode.Forbidden)
        {
            return answer;
        }

        using (answer)
        {
            throw client.Refused(path, answer.Status, answer.Code);
        }
    }

    // museum never splits entries of one time between pages, so the greatest time of a page is where the next begins. Lists
    // without "hasMore" end with an empty page.
    private async IAsyncEnumerable<JsonElement> PagesAsync(
        Func<long, string> path, string cursor, [EnumeratorCancellation] CancellationToken cancellationToken,
        Action<MuseumAnswer>? refused = null)
    {
        for (var since = 0L; ;)
        {
            using var answer = await AskAsync(path(since), cancellationToken);
            if (!answer.IsSuccess)
            {
                refused?.Invoke(answer);
                yield break;
            }

            var next = since;
            var count = 0;
            foreach (var entry in answer.Body.List("diff"))
            {
                next = Math.Max(next, entry.Integer(cursor) ?? 0);
                count++;
                yield return entry;
            }

            var more = answer.Body.Member("hasMore").ValueKind is JsonValueKind.True or JsonValueKind.False
                ? answer.Body.Flag("hasMore")
                : count > 0;
            if (!more || next <= since)
            {
                yield break;
            }

            since = next;
        }
    }
}
