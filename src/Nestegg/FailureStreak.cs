namespace Nestegg;

/// <summary>
/// Tells the trouble of single objects from that of the place that they all come from: what fails for so many in a row fails for all of
/// them, and the run has to end. One rule for every engine. Used by many tasks at once.
/// </summary>
internal sealed class FailureStreak
{
    public const int Limit = 20;

    private int failures;

    public bool IsTooLong => Volatile.Read(ref failures) >= Limit;

    public bool HasBegun => Volatile.Read(ref failures) > 0;

    /// <summary>One of them did not fail.</summary>
    public void End() => Volatile.Write(ref failures, 0);

    /// <summary>One of them failed. What is wrong with itself, such as damage, does not count.</summary>
    public void Add() => Interlocked.Increment(ref failures);

    /// <inheritdoc cref="Add()"/>
    /// <param name="what">What failed, as the middle of a sentence: <c>files in a row could not be read</c>.</param>
    /// <param name="why">The last failure's message.</param>
    /// <param name="hint">The last failure's hint.</param>
    /// <exception cref="NesteggException">It is one too many.</exception>
    public void Add(string what, string why, string hint)
    {
        Add();
        if (IsTooLong)
        {
            throw new NesteggException(FailureKind.OutOfReach, $"{Limit} {what}; the last: {why}", hint);
        }
    }
}
