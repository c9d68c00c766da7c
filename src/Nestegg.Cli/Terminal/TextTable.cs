using Spectre.Console;

namespace Nestegg.Cli.Terminal;

/// <summary>Tables for people. Apart from the rest, so that commands without one do not load the library that draws them.</summary>
internal static class TextTable
{
    public static void Write(TextWriter writer, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<Cell>> rows)
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No, Interactive = InteractionSupport.No });

        // Object keys and file names have to stay whole, so that they can be copied: a table may be wider than the window.
        var widths = columns.Select((column, i) => rows.Select(row => row[i].Text.Length).Append(column.Length).Max());
        console.Profile.Width = Math.Max(console.Profile.Width, widths.Sum(width => width + 3) + 4);
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)) { NoWrap = true });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell.Text)));
        }

        console.Write(table);
    }
}
