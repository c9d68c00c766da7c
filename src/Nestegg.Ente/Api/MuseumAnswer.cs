using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Api;

/// <summary>What museum answered: a status, and JSON when there was some. Owns the JSON.</summary>
internal sealed class MuseumAnswer(HttpStatusCode status, JsonDocument? document) : IDisposable
{
    internal HttpStatusCode Status => status;

    internal bool IsSuccess => (int)status is >= 200 and < 300;

    /// <summary>An empty object when there was no JSON.</summary>
    internal JsonElement Body => document?.RootElement ?? Empty.RootElement;

    /// <summary>museum's name for what went wrong, such as <c>USER_NOT_REGISTERED</c>; empty when it gave none.</summary>
    internal string Code => Body.Text("code") ?? Body.Text("error") ?? "";

    /// <summary>Where an answer that is a redirect leads to.</summary>
    internal Uri? Location { get; init; }

    /// <summary>When museum wants to be asked again, if it says so.</summary>
    internal RetryConditionHeaderValue? RetryAfter { get; init; }

    private static JsonDocument Empty { get; } = JsonDocument.Parse("{}");

    public void Dispose() => document?.Dispose();
}
