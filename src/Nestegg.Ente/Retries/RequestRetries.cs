using System.Net.Http.Headers;
using System.Security.Cryptography;
using Polly;
using Polly.Retry;

namespace Nestegg.Ente.Retries;

/// <summary>
/// Makes requests, each until it succeeds, fails for good or has failed too often; then what came of the last attempt is given or thrown.
/// The one place where a request is made again, so an attempt must not ask again by itself. Used by many tasks at once.
/// </summary>
internal sealed class RequestRetries
{
    // Who wants to be left alone for longer is asked nevertheless: a person waits for the end of the command.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly TimeProvider time;
    private readonly ResiliencePipeline pipeline;

    public RequestRetries(RetryRules rules, TimeProvider time)
    {
        this.time = time;
        pipeline = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = rules.Pauses.Count,
            ShouldHandle = failed => ValueTask.FromResult(
                rules.Judge(failed.Outcome) is { } passing && failed.AttemptNumber < passing.MostRetries),
            DelayGenerator = failed => ValueTask.FromResult<TimeSpan?>(
                Pause(rules.Pauses[failed.AttemptNumber], rules.Judge(failed.Outcome)?.RetryAfter)),
        }).Build();
    }

    /// <summary>An attempt that takes longer than the limit has failed with a <see cref="TimeoutException"/>.</summary>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> attempt, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var silence = new SilenceLimit(limit, time);
        return await RunAsync(
            static (it, token) => it.silence.RunAsync(static (attempt, token) => new ValueTask<T>(attempt(token)), it.attempt, token),
            (silence, attempt), cancellationToken);
    }

    /// <summary>For an attempt that limits its time itself.</summary>
    public ValueTask<T> RunAsync<TState, T>(
        Func<TState, CancellationToken, ValueTask<T>> attempt, TState state, CancellationToken cancellationToken) =>
        pipeline.ExecuteAsync(attempt, state, cancellationToken);

    /// <summary>As if an attempt that was made elsewhere, and failed, had been the first one here.</summary>
    public ValueTask<T> GoOnAsync<TState, T>(
        Exception failed, Func<TState, CancellationToken, ValueTask<T>> attempt, TState state, CancellationToken cancellationToken)
    {
        var isFirst = true;
        return pipeline.ExecuteAsync((it, token) =>
        {
            (var wasFirst, isFirst) = (isFirst, false);
            return wasFirst ? ValueTask.FromException<T>(failed) : attempt(it, token);
        }, state, cancellationToken);
    }

    // A part of each pause is chance, so that many workers do not come back at once; but nobody comes earlier than the server wants.
    private TimeSpan Pause(TimeSpan planned, RetryConditionHeaderValue? retryAfter)
    {
        var chance = RandomNumberGenerator.GetInt32(1000) / 1000.0;
        var asked = retryAfter?.Delta ?? retryAfter?.Date - time.GetUtcNow() ?? TimeSpan.Zero;
        return asked <= TimeSpan.Zero ? planned * (0.75 + chance / 2)
            : asked <= LongestPause ? asked * (1 + chance / 4)
            : LongestPause;
    }
}
