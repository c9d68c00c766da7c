using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;
using Amazon.S3;

namespace Nestegg.Stores;

/// <summary>
/// The one place where a request is tried again: when the failure is one that time heals. The SDK's own retries are switched off,
/// so that a request is never retried on two levels.
/// </summary>
internal sealed class Transient(TimeProvider time)
{
    // Together some five seconds: long enough for a restarting server or a lost connection, short enough for a wrong address.
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)];

    /// <summary>How often a request is made at most.</summary>
    public static int Attempts => Pauses.Length + 1;

    /// <summary>Runs the attempt until it succeeds, fails for good, or has failed too often; then its last failure is thrown.</summary>
    /// <param name="limit">How long one attempt may take; after that it counts as a transient failure.</param>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> attempt, TimeSpan limit, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                return await AttemptAsync(attempt, limit, cancellationToken);
            }
            catch (Exception failure) when (failures < Pauses.Length && !cancellationToken.IsCancellationRequested && Is(failure))
            {
                await PauseAsync(failures, cancellationToken);
            }
        }
    }

    /// <summary>Waits before the next attempt, the longer the more have failed. A little of it is chance, so that many workers do not come back at once.</summary>
    public Task PauseAsync(int failures, CancellationToken cancellationToken) =>
        Task.Delay(Pauses[Math.Min(failures, Pauses.Length - 1)] * (0.75 + 0.5 * Random.Shared.NextDouble()), time, cancellationToken);

    /// <summary>Whether the same request may well succeed a moment later.</summary>
    public static bool Is(Exception failure) => failure switch
    {
        AuthenticationException => false,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } tls => tls.InnerException is IOException { InnerException: SocketException },
        AmazonServiceException { StatusCode: not 0 } answer => IsTransient(answer),
        TimeoutException or SocketException or IOException or HttpRequestException => true,
        { InnerException: { } inner } => Is(inner),
        _ => false,
    };

    private static bool IsTransient(AmazonServiceException answer) =>
        (int)answer.StatusCode >= 500 && answer.StatusCode is not (HttpStatusCode.NotImplemented or HttpStatusCode.InsufficientStorage)
        || answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        || answer.ErrorCode is "SlowDown" or "RequestTimeout" or "InternalError" or "ServiceUnavailable" or "Throttling" or "BadDigest" or "IncompleteBody" or "OperationAborted";

    private async Task<T> AttemptAsync<T>(Func<CancellationToken, Task<T>> attempt, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var clock = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellationToken);
        try
        {
            return await attempt(either.Token);
        }
        catch (Exception failure) when (clock.IsCancellationRequested && !cancellationToken.IsCancellationRequested && failure is OperationCanceledException or HttpRequestException or IOException)
        {
            throw new TimeoutException($"no answer within {limit.TotalSeconds:0} s", failure);
        }
    }
}
