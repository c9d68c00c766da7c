using System.Diagnostics;

namespace Nestegg;

/// <summary>
/// What one run of an engine says: its steps, its progress and what it finds. Everything is passed on to the caller, one event at a time
/// and in the order in which it was said; findings are counted by severity and by code, and the first of each code are kept. Used by many
/// tasks at once.
/// </summary>
public sealed class RunLog
{
    /// <summary>A flood of one kind neither fills the memory nor hides another kind.</summary>
    public const int KeptOfEachCode = 1000;

    private readonly IProgress<RunEvent> sink;
    private readonly Lock gate;
    private readonly SortedDictionary<string, long> countsByCode = new(StringComparer.Ordinal);
    private readonly long[] countsBySeverity = new long[Enum.GetValues<Severity>().Length];
    private readonly List<Finding> kept = [];

    /// <param name="sink">Gets every event; never called by two tasks at once. It must not call back into the log.</param>
    public RunLog(IProgress<RunEvent> sink)
        : this(sink, new Lock())
    {
    }

    private RunLog(IProgress<RunEvent> sink, Lock gate) => (this.sink, this.gate) = (sink, gate);

    public long Errors => Count(Severity.Error);

    public long Warnings => Count(Severity.Warning);

    /// <summary>How many findings there were of a severity.</summary>
    public long Count(Severity severity) => Interlocked.Read(ref countsBySeverity[(int)severity]);

    /// <summary>The log of a run that is a part of this one: its events go the same way, its findings are counted by themselves.</summary>
    public RunLog OfPart() => new(sink, gate);

    /// <summary>
    /// The findings that were kept, in the order in which they were made: the first <see cref="KeptOfEachCode"/> of each code.
    /// </summary>
    public IReadOnlyList<Finding> Findings
    {
        get
        {
            lock (gate)
            {
                return [.. kept];
            }
        }
    }

    /// <summary>How many findings there were of each code, in the order of the codes.</summary>
    public IReadOnlyDictionary<string, long> CountsByCode
    {
        get
        {
            lock (gate)
            {
                return new SortedDictionary<string, long>(countsByCode, StringComparer.Ordinal);
            }
        }
    }

    /// <inheritdoc cref="Finding(string, Severity, string, string, string)"/>
    public void Find(string code, Severity severity, string subject, string message, string hint = "") =>
        Find(new Finding(code, severity, subject, message, hint));

    public void Find(Finding finding)
    {
        Debug.Assert(!gate.IsHeldByCurrentThread, "Whoever gets the events does not call back into the log.");
        lock (gate)
        {
            var count = countsByCode.GetValueOrDefault(finding.Code) + 1;
            countsByCode[finding.Code] = count;
            countsBySeverity[(int)finding.Severity]++;
            if (count <= KeptOfEachCode)
            {
                kept.Add(finding);
            }

            sink.Report(new FindingEvent(finding));
        }
    }

    /// <summary>
    /// Turns a failure into a finding when one item of the repository is damaged or cannot be read; says whether it was.
    /// </summary>
    public bool TryFindDamage(NesteggException failure, string code, string subject)
    {
        if (!failure.SparesOthers)
        {
            return false;
        }

        Find(code, Severity.Error, subject, failure.Message, failure.Hint);
        return true;
    }

    /// <summary>Says that a part of a place could not be listed, so that what lies there is not known.</summary>
    public void FindUnread(NesteggException failure) =>
        Find("folder-unreadable", Severity.Error, "repository", failure.Message, failure.Hint);

    /// <inheritdoc cref="StepEvent"/>
    public void Step(string step, string text) => Say(new StepEvent(step, text));

    /// <inheritdoc cref="ProgressEvent"/>
    public void Progress(string step, long done, long? total, long doneBytes = 0, long? totalBytes = null) =>
        Say(new ProgressEvent(step, done, total, doneBytes, totalBytes));

    private void Say(RunEvent said)
    {
        Debug.Assert(!gate.IsHeldByCurrentThread, "Whoever gets the events does not call back into the log.");
        lock (gate)
        {
            sink.Report(said);
        }
    }
}
