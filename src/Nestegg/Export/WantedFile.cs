using System.Globalization;
using System.Security.Cryptography;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>A file of the library, as it has to be in the folder.</summary>
internal sealed class WantedFile(LibraryFile file) : IDisposable
{
    public LibraryFile File => file;

    public long Id => file.Id;

    /// <summary>What its names are made of.</summary>
    public string Title { get; } = TitleOf(file);

    /// <summary>What its content is. No two contents share a header; an item without a file is what its text is.</summary>
    public string Stamp { get; } = file.HasContent
        ? Convert.ToBase64String(file.ContentHeader)
        : file.PublicMetadata.Info is { } item ? "item:" + Convert.ToHexStringLower(SHA256.HashData(LockerText.Write(item))) : "nothing";

    /// <summary>The time that it gets on disk; null for one beyond the years that file systems agree about.</summary>
    public DateTime? Modified { get; } = file.ModificationTime is >= -11_000_000_000_000_000 and <= 200_000_000_000_000_000 and var time
        ? DateTime.UnixEpoch.AddTicks(time * TimeSpan.TicksPerMicrosecond)
        : null;

    /// <summary>A file's title, or one that is made up where it has none.</summary>
    public static string TitleOf(LibraryFile file) => file switch
    {
        { PublicMetadata.Info: { } item, HasContent: false } => (item.Title ?? file.Name ?? Untitled(file)) + Sidecar.Extension,
        { Name: { Length: > 0 } name } => name,
        _ => Untitled(file),
    };

    public void Dispose() => file.Dispose();

    private static string Untitled(LibraryFile file) => string.Create(CultureInfo.InvariantCulture, $"file_{file.Id}");
}
