namespace Nestegg.Export;

/// <summary>What an export did, in numbers.</summary>
internal sealed record ExportSummary
{
    /// <summary>How many findings are kept in <see cref="Findings"/>; all are reported while the export runs.</summary>
    internal const int KeptFindings = 1000;

    private readonly List<Finding> _findings = [];

    /// <summary>Albums that were gone through.</summary>
    public long Albums { get; set; }

    /// <summary>Files that were gone through; one that is in several albums counts once.</summary>
    public long Files { get; set; }

    /// <summary>Files that were fetched, decrypted and written.</summary>
    public long Written { get; set; }

    /// <summary>Bytes that were written, without further names and copies.</summary>
    public long WrittenBytes { get; set; }

    /// <summary>Further names that were given to a file that is there.</summary>
    public long Linked { get; set; }

    /// <summary>Files that were there already, right.</summary>
    public long Kept { get; set; }

    /// <summary>Files and albums that were given the name that they have upstream now.</summary>
    public long Renamed { get; set; }

    /// <summary>Files that are no longer upstream and stay where they are.</summary>
    public long RemovedUpstream { get; set; }

    /// <summary>Files that were moved into <c>Removed/</c>.</summary>
    public long MovedAside { get; set; }

    /// <summary>Files whose app recorded no hash: only the authenticators of the stream speak for them.</summary>
    public long WithoutHash { get; set; }

    /// <summary>Codes of Ente Auth.</summary>
    public long AuthCodes { get; set; }

    /// <summary>Items of Locker without a file.</summary>
    public long LockerItems { get; set; }

    /// <summary>Files that could not be written.</summary>
    public long Failed { get; set; }

    /// <summary>How many findings there were that are worse than a note.</summary>
    public long Problems { get; private set; }

    /// <summary>The first findings.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>3 when something is wrong or odd.</summary>
    public ExitCode ExitCode => Problems == 0 ? ExitCode.Done : ExitCode.Incomplete;

    internal void Add(Finding finding)
    {
        Problems += finding.Severity > Severity.Note ? 1 : 0;
        if (_findings.Count < KeptFindings)
        {
            _findings.Add(finding);
        }
    }
}
