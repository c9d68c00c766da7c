namespace Nestegg.Checks;

/// <summary>Passes on what a check finds, one event at a time, and counts. May be used by many tasks at once.</summary>
internal sealed class CheckLog(Action<RunEvent> report)
{
    private readonly Lock gate = new();

    public CheckCounts Counts { get; private set; } = new();

    public void Find(string code, Severity severity, string subject, string message, string hint = "") =>
        Find(new Finding(code, severity, subject, message, hint));

    public void Find(Finding finding)
    {
        lock (gate)
        {
            Counts = finding.Severity switch
            {
                Severity.Error => Counts with { Errors = Counts.Errors + 1 },
                Severity.Warning => Counts with { Warnings = Counts.Warnings + 1 },
                _ => Counts,
            };
            report(new FindingEvent(finding));
        }
    }

    /// <summary>Turns a failure into a finding when it is damage; says whether it was.</summary>
    public bool TryFind(NesteggException e, string code, string subject)
    {
        if (e.ExitCode != ExitCode.Damaged)
            return false;
        Find(code, Severity.Error, subject, e.Message, e.Hint);
        return true;
    }

    public void Count(Func<CheckCounts, CheckCounts> change)
    {
        lock (gate)
            Counts = change(Counts);
    }

    public void Report(RunEvent runEvent)
    {
        lock (gate)
            report(runEvent);
    }
}

/// <summary>What a check looked at.</summary>
internal sealed record CheckCounts
{
    public int Snapshots { get; init; }

    public int IndexFiles { get; init; }

    /// <summary>Index rows that some snapshot needs.</summary>
    public long LiveRows { get; init; }

    /// <summary>Files under <c>objects/</c>.</summary>
    public long Objects { get; init; }

    /// <summary>Files under <c>packs/</c>.</summary>
    public long Packs { get; init; }

    /// <summary>The length of both.</summary>
    public long StoredBytes { get; init; }

    /// <summary>Files under <c>objects/</c> and <c>packs/</c> that no snapshot needs.</summary>
    public long UnusedFiles { get; init; }

    /// <summary>Files that were read to the last byte.</summary>
    public long ReadFiles { get; init; }

    public long ReadBytes { get; init; }

    public int Errors { get; init; }

    public int Warnings { get; init; }
}
