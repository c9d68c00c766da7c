using Spectre.Console;

namespace Nestegg.Cli.Terminal;

/// <summary>Tables for people. Apart from the rest, so that commands without one do not load the library that draws them.</summary>
internal static class TextTable
{
    private const int Between = 3;
    private const int NarrowestColumn = 10;
    private const int Indent = 2;

    /// <param name="window">
    /// The width that there is: sentences are broken at blanks, keys and names cut in the middle, numbers, ids and dates never; where they
    /// have no room beside each other, each row becomes a few lines. <see langword="null"/> where the table goes into a file or to another
    /// program, which want everything whole.
    /// </param>
    public static void Write(TextWriter writer, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<Cell>> rows, int? window)
    {
        rows = [.. rows.Select(row => row.Select(cell => cell with { Text = SafeText.OnOneLine(cell.Text) }).ToList())];
        int[] widths = [.. columns.Select((column, i) => rows.Select(row => TextFit.Columns(row[i].Text)).Append(column.Length).Max())];
        if (window is { } room && !TryNarrow(widths, [.. columns.Select((column, i) => Least(column, rows.Select(row => row[i])))], room))
        {
            WriteLines(writer, columns, rows, room);
            return;
        }

        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No, Interactive = InteractionSupport.No });
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

    private static int Least(string column, IEnumerable<Cell> cells) => cells
        .Select(cell => cell.IsWhole ? TextFit.Columns(cell.Text) : Math.Min(TextFit.Columns(cell.Text), NarrowestColumn))
        .Concat(column.Split(' ').Select(word => word.Length)).Max();

    // What is widest gives way first.
    private static bool TryNarrow(int[] widths, int[] least, int window)
    {
        while (widths.Sum(width => width + Between) + 1 > window)
        {
            var wide = Enumerable.Range(0, widths.Length).Where(i => widths[i] > least[i]).ToList();
            if (wide.Count == 0)
            {
                return false;
            }

            widths[wide.MaxBy(i => widths[i])]--;
        }

        return true;
    }

    // What the row is of, and below it what each column says.
    private static void WriteLines(TextWriter writer, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<Cell>> rows, int window)
    {
        foreach (var row in rows)
        {
            var said = columns.Zip(row).Skip(1).Where(field => field.Second.Text.Length > 0)
                .Select(field => $"{field.First} {Fitted(field.Second.Text, window - Indent - 1)}");
            writer.WriteLine(TextFit.Wrap(Fitted(row[0].Text, window), window, Indent));
            writer.WriteLine(TextFit.Wrap(new string(' ', Indent) + string.Join(", ", said), window, Indent));
        }

        writer.WriteLine();
    }

    private static string Fitted(string text, int width) =>
        string.Join(' ', text.Split(' ').Select(word => TextFit.CutMiddle(word, width)));
}
