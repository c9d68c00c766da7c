namespace Nestegg.Export;

/// <summary>What to export and how.</summary>
public sealed record ExportOptions
{
    /// <summary>Only albums of these names, compared as the official program does: without case, trimmed. Empty for all.</summary>
    public IReadOnlyCollection<string> Albums { get; init; } = [];

    /// <summary>Not the albums of these names.</summary>
    public IReadOnlyCollection<string> ExcludedAlbums { get; init; } = [];

    /// <summary>Only files that these users uploaded. Empty for all.</summary>
    public IReadOnlyCollection<long> Owners { get; init; } = [];

    /// <summary>Only files taken at this moment or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Only files taken before this moment.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Albums that others share.</summary>
    public bool Shared { get; init; } = true;

    /// <summary>Albums that are hidden.</summary>
    public bool Hidden { get; init; } = true;

    /// <summary>Also what is in the trash.</summary>
    public bool Trash { get; init; }

    /// <summary>Copies instead of hard links for a file that is in several albums.</summary>
    public bool Copies { get; init; }

    /// <summary>Moves what was removed upstream into <c>Removed/</c>; otherwise it stays where it is.</summary>
    public bool MoveRemoved { get; init; }

    /// <summary>Writes an XMP sidecar beside each picture and video.</summary>
    public bool Xmp { get; init; }

    /// <summary>Reads every file that is there already and compares its hash, instead of believing its size and time.</summary>
    public bool Rehash { get; init; }

    /// <summary>Avoids names that Windows cannot hold.</summary>
    public bool WindowsNames { get; init; } = OperatingSystem.IsWindows();

    /// <summary>How many files are fetched at once.</summary>
    public int Parallel { get; init; } = Environment.ProcessorCount * 2;
}
