using System.Text;
using System.Text.RegularExpressions;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Database;

/// <summary>
/// What <c>pg_restore --data-only -f -</c> prints, as values by table. Its decoding is the test's own, by the table in
/// PostgreSQL's documentation of COPY, and shares nothing with the code under test.
/// </summary>
internal sealed record PrintedTable(string Name, string[] Columns, List<string?[]> Rows)
{
    public static async Task<List<PrintedTable>> ReadAsync(string binFolder, string dumpPath, CancellationToken cancellationToken)
    {
        var text =
            await ExternalProgram.RunAsync(Path.Combine(binFolder, "pg_restore"), ["--data-only", "-f", "-", dumpPath], cancellationToken);
        var tables = new List<PrintedTable>();
        PrintedTable? current = null;
        foreach (var line in text.Split('\n'))
        {
            if (current is null)
            {
                if (!line.StartsWith("COPY public.", StringComparison.Ordinal))
                {
                    continue;
                }

                var names = Names(line["COPY public.".Length..^" FROM stdin;".Length]);
                current = new(names[0], names[1..], []);
                tables.Add(current);
            }
            else if (line == "\\.")
            {
                current = null;
            }
            else
            {
                current.Rows.Add([.. line.Split('\t').Select(Value)]);
            }
        }

        return tables;
    }

    private static string[] Names(string text) =>
        [.. Regex.Matches(text, "\"((?:[^\"]|\"\")+)\"|([a-z0-9_]+)").Select(
            match => match.Groups[1].Success ? match.Groups[1].Value.Replace("\"\"", "\"", StringComparison.Ordinal) : match.Value)];

    private static string? Value(string field)
    {
        if (field == "\\N")
        {
            return null;
        }

        var value = new StringBuilder();
        for (var at = 0; at < field.Length; at++)
        {
            value.Append(field[at] != '\\' ? field[at] : field[++at] switch
            {
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\v',
                '\\' => '\\',
                var other => throw new FormatException($"\\{other} in {field}"),
            });
        }

        return value.ToString();
    }
}
