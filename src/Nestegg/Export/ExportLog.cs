namespace Nestegg.Export;

/// <summary>Counts what an export does and passes on what it finds. Used by one task at a time.</summary>
internal sealed class ExportLog(IProgress<RunEvent> events)
{
    internal ExportSummary Summary { get; } = new();

    internal void Find(Finding finding)
    {
        Summary.Add(finding);
        events.Report(new FindingEvent(finding));
    }

    internal void FileDone()
    {
        Summary.Files++;
        events.Report(new ProgressEvent("export", Summary.Files, 0, Summary.WrittenBytes, 0));
    }
}
