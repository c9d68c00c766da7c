namespace Nestegg.Export;

/// <summary>What an export did, in numbers. Written by one task at a time.</summary>
/// <param name="log">Where the findings of this export go.</param>
public sealed class ExportSummary(RunLog log)
{
    public RunLog Log => log;

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
    public long Problems => log.Errors + log.Warnings;

    /// <summary>Whether nothing is wrong or odd.</summary>
    public bool IsComplete => Problems == 0;
}
