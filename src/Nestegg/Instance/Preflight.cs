namespace Nestegg.Instance;

/// <summary>
/// Looks at an instance before work begins, in words that a person can act on: configuration, database, secrets, programs, buckets.
/// Everything found is a <see cref="Finding"/>, also what is in order; nothing is changed.
/// </summary>
internal sealed class Preflight(EnteInstance instance)
{
    /// <summary>Looks at everything; what one part finds does not keep the next from looking.</summary>
    /// <param name="events">Gets each finding when it is made.</param>
    public async Task<PreflightResult> RunAsync(IProgress<RunEvent> events, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        AddAll(PreflightConfiguration.Look(instance));
        var slots = new PreflightSlots(instance.Slots);
        var database = new PreflightDatabase(instance, slots);
        await foreach (var finding in database.LookAsync(cancellationToken))
            Add(finding);

        Add(await PreflightPrograms.LookAsync(instance, database.ServerMajorVersion, cancellationToken));
        await foreach (var finding in PreflightBuckets.LookAsync(instance, slots, cancellationToken))
            Add(finding);

        return new PreflightResult(findings);

        void AddAll(IEnumerable<Finding> found)
        {
            foreach (var finding in found)
                Add(finding);
        }

        void Add(Finding finding)
        {
            findings.Add(finding);
            events.Report(new FindingEvent(finding));
        }
    }
}

/// <summary>What a preflight found.</summary>
internal sealed record PreflightResult(IReadOnlyList<Finding> Findings)
{
    public int Count(Severity severity) => Findings.Count(finding => finding.Severity == severity);
}
