namespace Nestegg.Ente.Api;

/// <summary>Reads a response's body, and gives up when nothing comes for a while. One read at a time.</summary>
/// <param name="limit">How long to wait for a byte.</param>
internal sealed class SilenceLimit(TimeSpan limit) : IDisposable
{
    // Reused from read to read: a timer for each would cost more than the read.
    private CancellationTokenSource _timer = new();

    /// <exception cref="TimeoutException">Nothing came.</exception>
    internal async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _timer.CancelAfter(limit);
        try
        {
            using var stop = cancellationToken.UnsafeRegister(static timer => ((CancellationTokenSource)timer!).Cancel(), _timer);
            return await body.ReadAsync(buffer, _timer.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"silent for {limit.TotalSeconds:0} s", exception);
        }
        finally
        {
            if (!_timer.TryReset())
            {
                _timer.Dispose();
                _timer = new CancellationTokenSource();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();
}
