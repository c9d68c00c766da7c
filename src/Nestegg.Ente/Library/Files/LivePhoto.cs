using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;

namespace Nestegg.Ente.Library;

/// <summary>
/// A live photo taken apart: a zip with one entry whose name begins with <c>image</c> and one with <c>video</c>. Nothing of a name is
/// used but its extension, and that only when it is harmless; the zip may come from somebody else's album.
/// </summary>
public sealed class LivePhoto : IDisposable
{
    private const int ExtensionMax = 10;
    private const int EntriesMax = 64;
    private const long SlackBytes = 64 * 1024 * 1024;
    private readonly ZipArchive zip;

    private LivePhoto(ZipArchive zip, LivePhotoPart image, LivePhotoPart video) => (this.zip, Image, Video) = (zip, image, video);

    /// <summary>The picture.</summary>
    public LivePhotoPart Image { get; }

    /// <summary>The video.</summary>
    public LivePhotoPart Video { get; }

    /// <summary>Takes a zip apart. Reads its directory only; a damaged entry shows when it is copied.</summary>
    /// <param name="zip">The decrypted file, seekable. Stays open when this is disposed.</param>
    /// <param name="livePhoto">The parts.</param>
    /// <param name="problem">Why it cannot be taken apart; then keep the zip whole.</param>
    public static bool TryOpen(Stream zip, [NotNullWhen(true)] out LivePhoto? livePhoto, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(zip);
        (livePhoto, problem) = (null, null);
        ZipArchive? archive = null;
        try
        {
            if (!ZipDirectory.HasAtMost(zip, EntriesMax))
            {
                problem = $"the zip of the live photo has no directory, or one of more than {EntriesMax} entries";
                return false;
            }

            archive = new ZipArchive(zip, ZipArchiveMode.Read, leaveOpen: true);
            var entries = archive.Entries.Where(entry => !entry.IsEncrypted).ToList();
            var image = entries.Find(entry => HasName(entry, "image"));
            var video = entries.Find(entry => HasName(entry, "video"));
            if (image is null || video is null)
            {
                problem = "the zip of the live photo does not have one entry named image and one named video";
            }
            else if (image.Length > Limit(zip) || video.Length > Limit(zip))
            {
                problem = "an entry of the live photo's zip claims to be far larger than the zip";
            }
            else
            {
                livePhoto = new LivePhoto(archive, new LivePhotoPart(image, Extension(image)), new LivePhotoPart(video, Extension(video)));
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException or NotSupportedException
            or EndOfStreamException or OverflowException)
        {
            problem = "the live photo is not a readable zip";
        }

        if (livePhoto is null)
        {
            archive?.Dispose();
            problem ??= "the live photo is not a readable zip";
        }

        return livePhoto is not null;
    }

    /// <inheritdoc/>
    public void Dispose() => zip.Dispose();

    // Pictures and videos hardly compress; what claims to is a bomb.
    private static long Limit(Stream zip) => (4 * zip.Length) + SlackBytes;

    private static bool HasName(ZipArchiveEntry entry, string prefix) =>
        LastSegment(entry).StartsWith(prefix, StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> LastSegment(ZipArchiveEntry entry) =>
        entry.FullName.AsSpan(entry.FullName.AsSpan().LastIndexOfAny('/', '\\') + 1);

    private static string Extension(ZipArchiveEntry entry)
    {
        var name = LastSegment(entry);
        var dot = name.LastIndexOf('.');
        var extension = dot < 0 ? [] : name[(dot + 1)..];
        return extension.Length is > 0 and <= ExtensionMax && !extension.ContainsAnyExcept(Harmless) ? "." + extension.ToString() : "";
    }

    private static readonly System.Buffers.SearchValues<char> Harmless =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
}
