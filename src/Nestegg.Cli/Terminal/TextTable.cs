using Spectre.Console;

namespace Nestegg.Cli.Terminal;

/// <summary>Tables for people. Apart from the rest, so that commands without one do not load the library that draws them.</summary>
internal static class TextTable
{
    private const int Between = 3;
    private const int NarrowestColumn = 6;

    /// <param name="window">
    /// The width that there is: sentences are broken at blanks, keys and names cut in the middle. <see langword="null"/> where the table
    /// goes into a file or to another program, which want them whole.
    /// </param>
    public static void Write(TextWriter writer, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<Cell>> rows, int? window)
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No, Interactive = InteractionSupport.No });
        int[] widths = [.. columns.Select((column, i) => rows.Select(row => row[i].Text.Length).Append(column.Length).Max())];
        Narrow(widths, window ?? int.MaxValue);
        console.Profile.Width = widths.Sum(width => width + Between) + 4;
        var table = new Table().Border(TableBorder.Simple);
        foreach (var (column, width) in columns.Zip(widths))
        {
            table.AddColumn(new TableColumn(new Text(Fitted(column, width))) { Width = width });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Zip(widths, (cell, width) => new Text(Fitted(cell.Text, width))));
        }

        console.Write(table);
    }

    // What is widest gives way first, so that numbers and dates stay whole.
    private static void Narrow(int[] widths, int window)
    {
        while (widths.Sum(width => width + Between) + 1 > window && widths.Max() is > NarrowestColumn and var widest)
        {
            widths[Array.IndexOf(widths, widest)]--;
        }
    }

    private static string Fitted(string text, int width) =>
        string.Join(' ', SafeText.OnOneLine(text).Split(' ').Select(word => TextFit.CutMiddle(word, width)));
}
