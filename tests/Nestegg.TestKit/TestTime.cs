namespace Nestegg.TestKit;

/// <summary>A clock that is off by so much, and whose timers run faster, so that pauses between attempts do not make a test slow.</summary>
public sealed class TestTime(TimeSpan offset = default, double haste = 1) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + offset;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / haste : dueTime, period);
}
