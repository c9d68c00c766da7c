using System.Globalization;
using System.Text;

namespace Nestegg.Cli.Terminal;

/// <summary>Brings text into the width of a window.</summary>
internal static class TextFit
{
    // What Unicode calls wide (East Asian Width W and F), in its large blocks.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115f), (0x2e80, 0x303e), (0x3041, 0xa4cf), (0xa960, 0xa97f), (0xac00, 0xd7a3), (0xf900, 0xfaff), (0xfe30, 0xfe6f),
        (0xff00, 0xff60), (0xffe0, 0xffe6), (0x1f300, 0x1f64f), (0x1f680, 0x1f6ff), (0x1f900, 0x1faff), (0x20000, 0x3fffd),
    ];

    /// <summary>
    /// How many columns of a terminal it takes: two for a sign of East Asia or a pictogram, none for a mark that stands on another sign.
    /// </summary>
    public static int Columns(string text) => Ascii.IsValid(text) ? text.Length : text.EnumerateRunes().Sum(Columns);

    /// <summary>
    /// Breaks lines at blanks, and begins each further line with <paramref name="indent"/> blanks. A word that is wider than the window,
    /// such as a path, stays whole, so that it can be copied.
    /// </summary>
    /// <param name="columns">The window's width; <see langword="null"/> where nobody has one: nothing is broken.</param>
    public static string Wrap(string text, int? columns, int indent)
    {
        if (columns is not { } width || Columns(text) <= width)
        {
            return text;
        }

        var wrapped = new StringBuilder();
        foreach (var line in text.Split('\n'))
        {
            wrapped.Append(wrapped.Length > 0 ? "\n" : "");
            Append(wrapped, line, width, indent);
        }

        return wrapped.ToString();
    }

    /// <summary>A line that is typed, two blanks in and never broken; a remark (<c># …</c>) is, each line of it a remark.</summary>
    public static string Typed(string text, int? columns)
    {
        const string remark = "# ";
        return text.StartsWith(remark, StringComparison.Ordinal)
            ? "  # " + Wrap(text[remark.Length..], columns - 4, 0).Replace("\n", "\n  # ", StringComparison.Ordinal)
            : "  " + text;
    }

    /// <summary>Leaves out what stands in the middle of a word: the ends of names and paths tell most.</summary>
    public static string CutMiddle(string word, int columns)
    {
        if (Columns(word) <= columns)
        {
            return word;
        }

        if (columns < 1)
        {
            return "";
        }

        var tail = (columns - 1) / 2;
        var signs = new List<string>();
        for (var each = StringInfo.GetTextElementEnumerator(word); each.MoveNext();)
        {
            signs.Add(each.GetTextElement());
        }

        var end = string.Concat(Fitting(Enumerable.Reverse(signs), tail).Reverse());
        return $"{string.Concat(Fitting(signs, columns - 1 - tail))}…{end}";
    }

    private static IEnumerable<string> Fitting(IEnumerable<string> signs, int columns) =>
        signs.TakeWhile(sign => (columns -= Columns(sign)) >= 0);

    private static int Columns(Rune sign) => Rune.GetUnicodeCategory(sign) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
        _ => Wide.Any(block => sign.Value >= block.First && sign.Value <= block.Last) ? 2 : 1,
    };

    private static void Append(StringBuilder wrapped, string line, int width, int indent)
    {
        // Blanks at the beginning belong to the layout.
        var start = line.Length - line.TrimStart(' ').Length;
        var used = 0;
        foreach (var word in line[start..].Split(' '))
        {
            var length = Columns(word);
            if (used == 0)
            {
                wrapped.Append(' ', start);
                used = start;
            }
            else if (used + 1 + length > width && used > indent)
            {
                wrapped.Append('\n').Append(' ', indent);
                used = indent;
            }
            else
            {
                wrapped.Append(' ');
                used++;
            }

            wrapped.Append(word);
            used += length;
        }
    }
}
