namespace Nestegg.Export;

/// <summary>A folder that the export made for an album.</summary>
/// <param name="Folder">Relative to the export's root, with <c>/</c> between segments.</param>
/// <param name="Name">The album's name when it was last seen.</param>
internal sealed record ExportedAlbum(string Folder, string Name);

/// <summary>One file of an album as it was written.</summary>
/// <param name="Stamp">
/// What the content was, see <see cref="WantedFile.Stamp"/>; null when the state was rebuilt and nobody has looked yet.
/// </param>
/// <param name="Title">The title that its names were made of.</param>
/// <param name="SidecarName">The name of its file in <c>.meta</c>.</param>
internal sealed record ExportedFile(string? Stamp, string Title, string SidecarName);

/// <summary>A name that is in use in an album's folder.</summary>
/// <param name="Written">What was written under it; null when the state was rebuilt and nobody has looked yet.</param>
internal sealed record ExportedName(string Name, FilePart Part, WrittenState? Written);

/// <summary>By what a file on disk is taken for the one that was written.</summary>
internal readonly record struct WrittenState(long SizeBytes, DateTime ModifiedUtc);

/// <summary>What of a file a name is for. The numbers stand in the record on disk.</summary>
internal enum FilePart
{
    /// <summary>The file itself, or a live photo's picture.</summary>
    Main = 0,

    /// <summary>A live photo's video.</summary>
    Video = 1,

    /// <summary>The XMP sidecar beside it.</summary>
    Xmp = 9,
}
