using System.Collections.Concurrent;

namespace Nestegg.TestKit;

/// <summary>
/// A clock that is off by so much, and whose pauses between attempts are shorter by a factor. Limits, which set a timer again before each
/// wait, have a factor of their own: a limit that shrank with the pauses would be passed by a machine that is only busy.
/// </summary>
public sealed class TestTime(TimeSpan offset = default, double haste = 1, double limits = 1) : TimeProvider
{
    /// <summary>What was waited for with a timer of its own, as pauses are, in the order of the waits; not in haste.</summary>
    public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + offset;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime > TimeSpan.Zero)
        {
            Pauses.Enqueue(dueTime);
        }

        return new HastyTimer(System.CreateTimer(callback, state, Shorten(dueTime, haste), period), limits);
    }

    private static TimeSpan Shorten(TimeSpan dueTime, double factor) => dueTime > TimeSpan.Zero ? dueTime / factor : dueTime;

    private sealed class HastyTimer(ITimer inner, double limits) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(Shorten(dueTime, limits), period);

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
