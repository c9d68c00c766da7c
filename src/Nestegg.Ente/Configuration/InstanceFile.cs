namespace Nestegg.Ente.Configuration;

/// <summary>A file of the instance's configuration.</summary>
/// <param name="RelativePath">
/// Where it stands in the instance's folder, with <c>/</c> between parts; the name of its part for a file from elsewhere.
/// </param>
/// <param name="FullPath">Where it is, without a link on the way.</param>
/// <param name="SizeBytes">Its length when the folder was read.</param>
public sealed record InstanceFile(string RelativePath, string FullPath, long SizeBytes);

/// <summary>A file or folder that is not taken into the backup of the configuration, and why.</summary>
public sealed record SkippedFile(string RelativePath, string Reason);
