using Nestegg.Ente;


namespace Nestegg;

/// <summary>Waits for a server that is starting: up to a limit, which begins now, and says once what is waited for.</summary>
/// <param name="tell">Gets the sentence.</param>
internal sealed class StartWait(TimeSpan limit, TimeProvider time, Action<string> tell)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly long began = time.GetTimestamp();
    private bool isTold;

    /// <summary>Called after each attempt that failed; pauses before the next one.</summary>
    /// <param name="what">The end of "waiting up to 60 seconds for".</param>
    /// <returns><see langword="false"/> at once when the limit has passed.</returns>
    public async Task<bool> GoesOnAsync(string what, CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(began) >= limit)
        {
            return false;
        }

        if (!isTold)
        {
            tell($"waiting up to {Counted.Of((long)limit.TotalSeconds, "second")} for {what}");
            isTold = true;
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }
}
