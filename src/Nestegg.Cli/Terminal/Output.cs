using System.Diagnostics;
using System.Text.Json;

namespace Nestegg.Cli.Terminal;

/// <summary>
/// Everything that a command says: text for people, or with <c>--json</c> one event a line on standard output. The same numbers in both.
/// Findings and results go to standard output, progress and errors to standard error. May be called from many tasks at once.
/// </summary>
internal sealed class Output : IProgress<RunEvent>, IDisposable
{
    private const int FindingIndent = 9;

    private readonly Lock gate = new();
    private readonly CommandHost host;
    private readonly ProgressLine? progress;
    private readonly ProgressPace pace;
    private Summary? numbers;

    public Output(CommandHost host, bool isJson, bool isQuiet)
    {
        this.host = host;
        IsJson = isJson;
        IsQuiet = isQuiet;
        pace = new ProgressPace(host.Time, TimeSpan.FromMilliseconds(isJson ? 1000 : 100));
        progress = host.IsTerminal && !isJson && !isQuiet ? new ProgressLine(host.Error, host.Time, host.Columns) : null;
    }

    public bool IsJson { get; }

    public bool IsQuiet { get; }

    /// <summary>Findings that something is in order are left to JSON.</summary>
    public bool IsBrief { get; set; }

    public void Report(RunEvent value)
    {
        lock (gate)
        {
            switch (value)
            {
                case StepEvent step when IsJson && !IsQuiet:
                    WriteJson("step", json => { json.WriteString("step", step.Step); json.WriteString("text", step.Text); });
                    break;
                case StepEvent step when !IsJson && !IsQuiet:
                    WriteText(host.Error, step.Text);
                    break;
                case ProgressEvent state when !IsQuiet && (IsJson || progress is not null) && pace.IsDue(state):
                    WriteProgress(InTotal(state));
                    break;
                case FindingEvent found:
                    WriteFinding(found.Finding);
                    break;
            }
        }
    }

    /// <summary>A line of the result; not in JSON, where the events say it, and not when quiet.</summary>
    /// <param name="indent">Where lines after the first begin, when the window is too narrow for one.</param>
    public void Line(string text, int indent = 2)
    {
        lock (gate)
        {
            if (!IsJson && !IsQuiet)
            {
                WriteText(host.Out, text, indent);
            }
        }
    }

    /// <summary>
    /// A line that a person types or copies: it is not broken, however narrow the window is. One that begins with <c>#</c> is for reading,
    /// and each line that it is broken into begins so.
    /// </summary>
    public void Typed(string text)
    {
        lock (gate)
        {
            if (!IsJson && !IsQuiet)
            {
                progress?.Clear();
                host.Out.WriteLine(TextFit.Typed(SafeText.OnOneLine(text), Window));
            }
        }
    }

    /// <summary>An event of a command's own; only in JSON.</summary>
    public void Event(string name, Action<Utf8JsonWriter> write)
    {
        lock (gate)
        {
            if (IsJson)
            {
                WriteJson(name, write);
            }
        }
    }

    /// <summary>
    /// A table for people, unless they want quiet; in JSON one event a row, named <paramref name="rowEvent"/>, with the columns as fields
    /// in camel case.
    /// </summary>
    public void Table(string rowEvent, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<Cell>> rows) =>
        Rows(rowEvent, columns, [.. rows], all => TextTable.Write(host.Out, columns, all, Window));

    /// <summary>
    /// The same for rows that hold sentences, which make a table wider than any window: the first two cells on a line, each further one on
    /// a line of its own.
    /// </summary>
    public void List(string rowEvent, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<Cell>> rows) =>
        Rows(rowEvent, columns, [.. rows], all =>
    {
        var width = all.Select(row => TextFit.Columns(row[0].Text)).DefaultIfEmpty().Max() + 2;
        foreach (var row in all)
        {
            var gap = new string(' ', width - TextFit.Columns(row[0].Text));
            WriteText(host.Out, $"  {row[0].Text}{gap}{row[1].Text}", width + 2);
            foreach (var cell in row.Skip(2).Where(cell => cell.Text.Length > 0))
            {
                WriteText(host.Out, $"  {"".PadRight(width)}{cell.Text}", width + 2);
            }
        }
    });

    private void Rows(
        string rowEvent, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<Cell>> rows,
        Action<IReadOnlyList<IReadOnlyList<Cell>>> writeText)
    {
        Debug.Assert(rows.All(row => row.Count == columns.Count), "Each row has a cell for each column; none is left out in JSON.");
        lock (gate)
        {
            if (!IsJson)
            {
                if (IsQuiet || rows.Count == 0)
                {
                    return;
                }

                progress?.Clear();
                writeText(rows);
                return;
            }

            foreach (var row in rows)
            {
                WriteJson(rowEvent, json =>
                {
                    foreach (var (column, cell) in columns.Zip(row))
                    {
                        cell.WriteTo(json, column);
                    }
                });
            }
        }
    }

    /// <summary>The numbers of the command, and the exit code, which the caller returns. In JSON they wait for the end.</summary>
    public ExitCode Finish(Summary summary, ExitCode exitCode = ExitCode.Done)
    {
        lock (gate)
        {
            numbers = summary;
            if (!IsJson && !IsQuiet)
            {
                foreach (var line in summary.Lines())
                {
                    WriteText(host.Out, line);
                }
            }
        }

        return exitCode;
    }

    /// <summary>The last that a command says: in JSON the summary, also after an error; else what of its output was lost.</summary>
    public void End(ExitCode exitCode)
    {
        lock (gate)
        {
            progress?.Clear();
            if (IsJson)
            {
                WriteJson("summary", json => { json.WriteNumber("exitCode", (int)exitCode); numbers?.WriteTo(json); });
            }

            if (host.OutLoss is { } loss)
            {
                WriteText(host.Error, $"warning: not all that was to be said could be written to standard output: {loss}");
            }
        }
    }

    /// <summary>A failure: two lines on standard error, or one event.</summary>
    public void Error(ExitCode exitCode, string message, string hint)
    {
        lock (gate)
        {
            if (IsJson)
            {
                WriteJson("error", json =>
                {
                    json.WriteNumber("exitCode", (int)exitCode);
                    json.WriteString("message", message);
                    json.WriteString("hint", hint);
                });
                return;
            }

            WriteText(host.Error, $"error: {message}", "error: ".Length);
            if (hint.Length > 0)
            {
                WriteText(host.Error, $"hint: {hint}", "hint: ".Length);
            }
        }
    }

    public void Dispose() => progress?.Clear();

    private int? Window => host.IsOutTerminal ? host.Columns() : null;

    // What grows while it is worked through, such as an instance in use, is never more than whole.
    private static ProgressEvent InTotal(ProgressEvent state) => state with
    {
        Total = state.Total is { } total ? Math.Max(total, state.Done) : null,
        TotalBytes = state.TotalBytes is { } bytes ? Math.Max(bytes, state.DoneBytes) : null,
    };

    private void WriteProgress(ProgressEvent state)
    {
        Debug.Assert(gate.IsHeldByCurrentThread, "The caller has the gate, so that lines do not mix.");
        if (progress is not null)
        {
            progress.Show(state);
            return;
        }

        WriteJson("progress", json =>
        {
            json.WriteString("step", state.Step);
            json.WriteNumber("done", state.Done);
            if (state.Total is { } total)
            {
                json.WriteNumber("total", total);
            }

            json.WriteNumber("doneBytes", state.DoneBytes);
            if (state.TotalBytes is { } totalBytes)
            {
                json.WriteNumber("totalBytes", totalBytes);
            }
        });
    }

    private void WriteFinding(Finding finding)
    {
        Debug.Assert(gate.IsHeldByCurrentThread, "The caller has the gate: a hint follows its finding.");
        if ((IsQuiet && finding.Severity < Severity.Warning) || (IsBrief && !IsJson && finding.Severity == Severity.Ok))
        {
            return;
        }

        var severity = finding.Severity.ToString().ToLowerInvariant();
        if (IsJson)
        {
            WriteJson("finding", json =>
            {
                json.WriteString("code", finding.Code);
                json.WriteString("severity", severity);
                json.WriteString("subject", finding.Subject);
                json.WriteString("message", finding.Message);
                json.WriteString("hint", finding.Hint);
            });
            return;
        }

        WriteText(host.Out, $"{severity,-8} {finding.Subject}: {finding.Message}", FindingIndent);
        if (finding.Hint.Length > 0)
        {
            WriteText(host.Out, $"{"",-8} hint: {finding.Hint}", FindingIndent + "hint: ".Length);
        }
    }

    /// <param name="indent">Where lines after the first begin, when the window is too narrow for one.</param>
    private void WriteText(TextWriter writer, string text, int indent = 2)
    {
        Debug.Assert(gate.IsHeldByCurrentThread, "The caller has the gate, so that lines do not mix.");
        progress?.Clear();
        var isWindow = ReferenceEquals(writer, host.Out) ? host.IsOutTerminal : host.IsTerminal;
        writer.WriteLine(TextFit.Wrap(SafeText.OnOneLine(text), isWindow ? host.Columns() : null, indent));
    }

    private void WriteJson(string name, Action<Utf8JsonWriter> write)
    {
        Debug.Assert(gate.IsHeldByCurrentThread, "The caller has the gate, so that lines do not mix.");
        JsonLine.Write(host.Out, name, write);
    }
}
