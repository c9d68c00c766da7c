namespace Nestegg.Ente.Configuration;

/// <summary>A file of the instance's configuration.</summary>
/// <param name="RelativePath">
/// Where it stands in a copy of the instance's folder, with <c>/</c> between parts; for a file from elsewhere, a name that no other has.
/// </param>
/// <param name="FullPath">Where it is, without a link on the way.</param>
/// <param name="SizeBytes">Its length when the folder was read.</param>
public sealed record InstanceFile(string RelativePath, string FullPath, long SizeBytes)
{
    /// <summary>Where the configuration looks for it; <see langword="null"/> when that is where it stands in the copy.</summary>
    public InstancePlace? Place { get; init; }
}

/// <summary>Where the configuration looks for a file or a folder that stands elsewhere in a copy of the instance's folder.</summary>
/// <param name="RelativePath">Where it stands in the copy, with <c>/</c> between parts.</param>
/// <param name="Place">Absolute, or relative to the instance's folder: <c>../files/museum.yaml</c>.</param>
public sealed record InstancePlace(string RelativePath, string Place);

/// <summary>A file or folder that is not taken into the backup of the configuration, and why.</summary>
public sealed record SkippedFile(string RelativePath, string Reason);
