using System.Text;

namespace Nestegg.Cli.Terminal;

/// <summary>Brings text into the width of a window.</summary>
internal static class TextFit
{
    /// <summary>
    /// Breaks lines at blanks, and begins each further line with <paramref name="indent"/> blanks. A word that is wider than the window,
    /// such as a path, stays whole, so that it can be copied.
    /// </summary>
    /// <param name="columns">The window's width; <see langword="null"/> where nobody has one: nothing is broken.</param>
    public static string Wrap(string text, int? columns, int indent)
    {
        if (columns is not { } width || text.Length <= width)
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

    /// <summary>Leaves out what stands in the middle of a word: the ends of names and paths tell most.</summary>
    public static string CutMiddle(string word, int columns)
    {
        if (word.Length <= columns)
        {
            return word;
        }

        var tail = (columns - 1) / 2;
        return columns < 1 ? "" : $"{word[..(columns - 1 - tail)]}…{word[^tail..]}";
    }

    private static void Append(StringBuilder wrapped, string line, int width, int indent)
    {
        // Blanks at the beginning belong to the layout.
        var start = line.Length - line.TrimStart(' ').Length;
        var used = 0;
        foreach (var word in line[start..].Split(' '))
        {
            if (used == 0)
            {
                wrapped.Append(' ', start);
                used = start;
            }
            else if (used + 1 + word.Length > width && used > indent)
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
            used += word.Length;
        }
    }
}
