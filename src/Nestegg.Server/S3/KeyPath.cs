using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Nestegg.Server.S3;

/// <summary>
/// Turns any legal key into a path that every file system takes, and back.
/// <para>
/// A key is 1 to 1024 bytes of UTF-8. Here it is a "byte string": a string in which each char is one of those bytes, so that
/// ordinal comparison is S3's order of keys. It is cut at <c>/</c> into segments. Of a segment, <c>a-z 0-9 - _</c> and a <c>.</c>
/// that is not its first character stand for themselves; every other byte is <c>%XX</c> (upper case letters too, so that
/// file systems that ignore case keep <c>A</c> and <c>a</c> apart). The last segment is a file; the others are folders whose
/// name ends in <c>+</c>. An empty last segment is the file <c>%</c>. A segment whose escaped form reaches 200 characters
/// is cut there: what comes before is a folder whose name ends in <c>~</c>, what comes after (perhaps nothing) goes on inside.
/// </para>
/// <para>So <c>a</c> (file <c>a</c>) and <c>a/b</c> (file <c>a+/b</c>) live beside each other, <c>..</c> is <c>%2E.</c>, and no name
/// exceeds 203 bytes.</para>
/// </summary>
internal static class KeyPath
{
    public const int MaxKeyBytes = 1024;
    private const int PieceLength = 200;
    private const char EmptySegment = '%';

    /// <summary>The byte string of a key, prefix or marker.</summary>
    public static string ToByteString(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>The text of a byte string.</summary>
    public static string ToText(string byteString) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(byteString));

    /// <summary>The path of a key, relative to its bucket's folder.</summary>
    public static string ToPath(string key)
    {
        var bytes = ToByteString(key);
        ArgumentOutOfRangeException.ThrowIfZero(bytes.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxKeyBytes);
        var path = new StringBuilder(bytes.Length + 16);
        var segmentStart = 0;
        foreach (var character in bytes)
        {
            if (character == '/')
            {
                path.Append("+/");
                segmentStart = path.Length;
                continue;
            }

            AppendEscaped(path, character, first: path.Length == segmentStart);
            if (path.Length - segmentStart >= PieceLength)
            {
                path.Append("~/");
                segmentStart = path.Length;
            }
        }

        if (path.Length == segmentStart)
        {
            path.Append(EmptySegment);
        }

        return path.ToString();
    }

    /// <summary>Reads the name of a file or folder; <see langword="false"/> for names that this scheme never makes.</summary>
    /// <param name="name">One part of a path.</param>
    /// <param name="isFolder">Whether the file system says it is a folder.</param>
    /// <param name="bytes">What the name adds to the key, as a byte string; with the <c>/</c> if it ends a segment.</param>
    public static bool TryReadName(string name, bool isFolder, [NotNullWhen(true)] out string? bytes)
    {
        bytes = null;
        if (!isFolder)
        {
            return name is [EmptySegment] ? (bytes = "") is not null : TryUnescape(name, out bytes);
        }

        if (name.Length == 0 || name[^1] is not ('+' or '~') || !TryUnescape(name[..^1], out bytes))
        {
            return false;
        }

        bytes = name[^1] == '+' ? bytes + "/" : bytes;
        return true;
    }

    private static void AppendEscaped(StringBuilder path, char character, bool first)
    {
        Debug.Assert(character <= byte.MaxValue, "Each character of a byte string is a byte.");
        if (char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character is '-' or '_' || (character == '.' && !first))
        {
            path.Append(character);
        }
        else
        {
            path.Append('%').Append(((int)character).ToString("X2"));
        }
    }

    private static bool TryUnescape(string name, [NotNullWhen(true)] out string? bytes)
    {
        if (!name.Contains('%'))
        {
            bytes = name;
            return true;
        }

        var text = new StringBuilder(name.Length);
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] != '%')
            {
                text.Append(name[i]);
            }
            else if (i + 2 < name.Length
                && byte.TryParse(name.AsSpan(i + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value))
            {
                text.Append((char)value);
                i += 2;
            }
            else
            {
                bytes = null;
                return false;
            }
        }

        bytes = text.ToString();
        return true;
    }
}
