using System.Collections.Concurrent;

namespace Nestegg.TestKit;

/// <summary>A clock that is off by so much, and whose timers run faster, so that pauses between attempts do not make a test slow.</summary>
public sealed class TestTime(TimeSpan offset = default, double haste = 1) : TimeProvider
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

        return new HastyTimer(System.CreateTimer(callback, state, Hasten(dueTime), period), this);
    }

    private TimeSpan Hasten(TimeSpan dueTime) => dueTime > TimeSpan.Zero ? dueTime / haste : dueTime;

    private sealed class HastyTimer(ITimer inner, TestTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(time.Hasten(dueTime), period);

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
