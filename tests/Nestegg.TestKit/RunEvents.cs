namespace Nestegg.TestKit;

/// <summary>
/// Where a run's events go in a test: kept in their order, or handed to <paramref name="each"/> alone where there are too many to keep.
/// </summary>
public sealed class RunEvents(Action<RunEvent>? each = null) : IProgress<RunEvent>
{
    private readonly List<RunEvent> events = [];

    public IReadOnlyList<Finding> Findings => [.. events.OfType<FindingEvent>().Select(found => found.Finding)];

    /// <summary>The texts of the steps.</summary>
    public IReadOnlyList<string> Steps => [.. events.OfType<StepEvent>().Select(step => step.Text)];

    public void Report(RunEvent value)
    {
        if (each is null)
        {
            events.Add(value);
        }
        else
        {
            each(value);
        }
    }

    /// <summary>A log whose events nobody asks for.</summary>
    internal static RunLog Nowhere() => new(new RunEvents());
}
