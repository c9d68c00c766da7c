using Microsoft.Extensions.Time.Testing;

namespace Nestegg.TestKit;

/// <summary>A clock that stands still until a test moves it; timers fire when it passes them.</summary>
public sealed class StillTime(DateTimeOffset now) : FakeTimeProvider(now)
{
    private int timers;

    /// <summary>Whether anybody waits for it.</summary>
    public bool HasTimer => Volatile.Read(ref timers) > 0;

    /// <summary>One that is off by so much.</summary>
    public static StillTime Off(TimeSpan by) => new(System.GetUtcNow() + by);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref timers);
        return new CountedTimer(base.CreateTimer(callback, state, dueTime, period), () => Interlocked.Decrement(ref timers));
    }

    private sealed class CountedTimer(ITimer inner, Action ended) : ITimer
    {
        private int isEnded;

        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period);

        public void Dispose()
        {
            inner.Dispose();
            if (Interlocked.Exchange(ref isEnded, 1) == 0)
            {
                ended();
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
