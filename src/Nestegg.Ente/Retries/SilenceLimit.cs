namespace Nestegg.Ente.Retries;

/// <summary>How long to wait for a server's next word. For one wait at a time.</summary>
internal sealed class SilenceLimit(TimeSpan limit, TimeProvider time) : IDisposable
{
    // Reused from wait to wait: a timer for each would cost more than the read that it limits.
    private CancellationTokenSource timer = new(Timeout.InfiniteTimeSpan, time);

    /// <exception cref="TimeoutException">It took longer.</exception>
    public async ValueTask<T> RunAsync<TState, T>(
        Func<TState, CancellationToken, ValueTask<T>> wait, TState state, CancellationToken cancellationToken)
    {
#pragma warning disable RS0030 // It was made with the TimeProvider, which CancelAfter goes on with.
        timer.CancelAfter(limit);
#pragma warning restore RS0030
        try
        {
            using var stop = cancellationToken.UnsafeRegister(static timer => ((CancellationTokenSource)timer!).Cancel(), timer);
            return await wait(state, timer.Token);
        }
        catch (Exception failure) when (
            timer.IsCancellationRequested && failure is OperationCanceledException or HttpRequestException or IOException)
        {
            // A request that is stopped in the middle may call it a broken connection.
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException($"no answer within {limit.TotalSeconds:0} s", failure);
        }
        finally
        {
            if (!timer.TryReset())
            {
                timer.Dispose();
                timer = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            }
        }
    }

    /// <inheritdoc cref="RunAsync"/>
    public ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken) =>
        RunAsync(static (read, token) => read.body.ReadAsync(read.buffer, token), (body, buffer), cancellationToken);

    public void Dispose() => timer.Dispose();
}
