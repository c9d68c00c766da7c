namespace Nestegg.Audit;

/// <summary>Passes on what an audit finds, and counts it. Findings are not kept: there may be as many as there are objects.</summary>
internal sealed class AuditLog(Action<RunEvent> report)
{
    private readonly SortedDictionary<string, long> findings = new(StringComparer.Ordinal);

    public AuditCounts Counts { get; } = new();

    public long Errors { get; private set; }

    public long Warnings { get; private set; }

    public IReadOnlyDictionary<string, long> Findings => findings;

    public void Find(string code, Severity severity, string subject, string message, string hint) =>
        Find(new Finding(code, severity, subject, message, hint));

    public void Find(Finding finding)
    {
        findings[finding.Code] = findings.GetValueOrDefault(finding.Code) + 1;
        Errors += finding.Severity == Severity.Error ? 1 : 0;
        Warnings += finding.Severity == Severity.Warning ? 1 : 0;
        report(new FindingEvent(finding));
    }

    public void Step(string step, string text) => report(new StepEvent(step, text));

    public void Progress(string step, long done, long total) => report(new ProgressEvent(step, done, total, 0, 0));
}
