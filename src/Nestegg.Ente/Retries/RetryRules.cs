using System.Net.Http.Headers;
using Polly;

namespace Nestegg.Ente.Retries;

/// <summary>When the requests of one protocol are made again.</summary>
/// <param name="Pauses">Before the second attempt, the third and so on; at most one attempt more than there are pauses is made.</param>
/// <param name="Judge">
/// Whether time heals what came of an attempt, a result or an exception; null when the same request would end the same way.
/// </param>
internal sealed record RetryRules(IReadOnlyList<TimeSpan> Pauses, Func<Outcome<object>, PassingFailure?> Judge)
{
    /// <summary>How often a request is made at most.</summary>
    public int Attempts => Pauses.Count + 1;
}

/// <summary>What the same request may well not meet a moment later.</summary>
/// <param name="MostRetries">How many more attempts it is worth, where that is fewer than there are pauses.</param>
/// <param name="RetryAfter">When the server wants to be asked again, if it says so.</param>
internal readonly record struct PassingFailure(int MostRetries, RetryConditionHeaderValue? RetryAfter = null);
