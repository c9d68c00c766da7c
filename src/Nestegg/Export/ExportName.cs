using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Nestegg.Export;

/// <summary>
/// Names of folders and files as the official command line program makes them, mended where a file system, another computer
/// or a person could be led astray by them: what this returns is always one path segment.
/// </summary>
/// <param name="ForWindows">Also avoid what only Windows and its file systems cannot hold.</param>
internal sealed record ExportName(bool ForWindows)
{
    /// <summary>The longest name that most file systems hold, in UTF-8.</summary>
    internal const int MostBytes = 255;

    /// <summary>The longest that a file system with encrypted names holds, such as a Synology's encrypted folder (eCryptfs).</summary>
    internal const int FewestBytes = 143;

    // A longer "extension" is a sentence with a dot in it; it may be cut.
    private const int MaxExtensionBytes = 32;

    private static readonly string[] ReservedOnWindows =
    [
        "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
        "COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
        "LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
    ];

    /// <summary>The longest name, in UTF-8.</summary>
    internal int MaxBytes { get; init; } = MostBytes;

    /// <summary>The folder of an album, before a number is added to make it unique.</summary>
    internal string Folder(string albumName) =>
        Segment(Clean(albumName).Replace(':', '_').Replace('/', '_').Trim(), "", 0);

    /// <summary>The two parts of a file's name: <c>IMG_1</c> and <c>.JPG</c>. The second part may be empty.</summary>
    internal static (string Stem, string Extension) Split(string title)
    {
        var name = BaseName(Clean(title));
        var dot = name.LastIndexOf('.');
        return dot < 0 ? (name, "") : (name[..dot], name[dot..]);
    }

    /// <summary>A name made of two parts and, when <paramref name="number"/> is not 0, <c>_N</c> between them.</summary>
    /// <param name="reservedBytes">Room to leave for what will be appended, such as <c>.json</c>.</param>
    internal string Numbered(string stem, string extension, int number, int reservedBytes = 0)
    {
        var suffix = number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"_{number}");
        return Segment(stem, suffix + extension, reservedBytes);
    }

    /// <summary>The form in which two names are compared: what a file system that ignores case would take for the same.</summary>
    internal static string Fold(string name) => name.ToUpperInvariant();

    private string Segment(string stem, string ending, int reservedBytes)
    {
        Debug.Assert(reservedBytes >= 0 && MaxBytes - reservedBytes > MaxExtensionBytes, "There is room for a name beside its extension.");
        var room = MaxBytes - reservedBytes;
        var end = Cut(Mend(ending), MaxExtensionBytes).TrimEnd(' ', '.');
        var name = (Cut(Mend(stem), room - Encoding.UTF8.GetByteCount(end)) + end).TrimEnd(' ', '.');
        name = name.Length == 0 ? "_" : name;
        name = ForWindows && IsReserved(name) ? Cut("_" + name, room) : name;
        Debug.Assert(name.IndexOfAny(['/', '\\', '\0']) < 0, "A name is one segment of a path.");
        Debug.Assert(Encoding.UTF8.GetByteCount(name) <= room, "A name leaves the room that was asked for.");
        return name;
    }

    private static bool IsReserved(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var stem = (dot < 0 ? name : name[..dot]).TrimEnd(' ');
        return ReservedOnWindows.Contains(stem, StringComparer.OrdinalIgnoreCase);
    }

    private string Mend(string text)
    {
        var mended = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsTrouble(rune))
            {
                mended.Append('_');
            }
            else
            {
                mended.Append(rune.ToString());
            }
        }

        return mended.ToString();
    }

    // Separators of any system, control characters, and the marks that turn text around (a name that shows as
    // "photo_exe.jpg" may end in .exe). Half a surrogate pair is enumerated as U+FFFD, which every file system holds.
    private bool IsTrouble(Rune rune) =>
        rune.Value is '/' or '\\' or 0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0xFEFF
            or 0x2028 or 0x2029
        || Rune.IsControl(rune)
        || (ForWindows && rune.Value is '<' or '>' or ':' or '"' or '|' or '?' or '*');

    private static string Cut(string text, int maxBytes)
    {
        Debug.Assert(maxBytes >= 0, "What a text is cut to is a length.");
        if (Encoding.UTF8.GetByteCount(text) <= maxBytes)
        {
            return text;
        }

        var used = 0;
        var kept = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (used + rune.Utf8SequenceLength > maxBytes)
            {
                break;
            }

            used += rune.Utf8SequenceLength;
            kept += rune.Utf16SequenceLength;
        }

        return text[..kept];
    }

    private static string BaseName(string cleanPath)
    {
        var slash = cleanPath.LastIndexOf('/');
        return slash < 0 ? cleanPath : cleanPath[(slash + 1)..];
    }

    // Go's filepath.Clean: doubled slashes, "." and "a/.." go; a leading ".." stays and is mended afterwards.
    private static string Clean(string path)
    {
        var rooted = path.StartsWith('/');
        var kept = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part is "" or ".")
            {
                continue;
            }

            if (part != "..")
            {
                kept.Add(part);
            }
            else if (kept.Count > 0 && kept[^1] != "..")
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (!rooted)
            {
                kept.Add(part);
            }
        }

        return (rooted ? "/" : "") + string.Join('/', kept);
    }
}
