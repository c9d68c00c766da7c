using Nestegg.Audit;
using Nestegg.Cli.Terminal;

namespace Nestegg.Cli.Commands;

/// <summary>
/// Prints an audit: for people a table of the first findings of each code, for programs every finding as an event, and every finding as CSV
/// where that is asked for. Keeps no more than it prints.
/// </summary>
internal sealed class AuditReport : IProgress<RunEvent>, IDisposable
{
    private const int ShownPerCode = 50;

    private readonly Output output;
    private readonly OutputFile? csv;
    private readonly SortedDictionary<string, List<Finding>> shown = new(StringComparer.Ordinal);

    public AuditReport(Output output, string? csvPath)
    {
        this.output = output;
        if (csvPath is not null)
        {
            csv = OutputFile.Open(csvPath, "the table");
            csv.Write("severity,code,subject,message,hint\n");
        }
    }

    public void Report(RunEvent value)
    {
        if (value is not FindingEvent { Finding: var finding })
        {
            output.Report(value);
            return;
        }

        string[] cells = [SeverityName(finding), finding.Code, finding.Subject, finding.Message, finding.Hint];
        csv?.Write(string.Join(',', cells.Select(Quoted)) + "\n");
        var first = shown.GetValueOrDefault(finding.Code) ?? (shown[finding.Code] = []);
        var isShown = first.Count < ShownPerCode;
        if (isShown)
        {
            first.Add(finding);
        }

        if (output.IsJson || (output.IsQuiet && isShown))
        {
            output.Report(value);
        }
    }

    public ExitCode Finish(AuditResult result, bool isLive)
    {
        ShowFindings(result);
        ShowUsers(result);
        if (csv?.Loss is { } loss)
        {
            output.Report(new FindingEvent(new Finding(
                "table-not-written", Severity.Warning, csv.Path, $"not all findings are in {csv.Path}, which could not be written: {loss}",
                "make room and audit again; --json has all findings too")));
        }

        return output.Finish(Summary(result, isLive), ExitCodes.Of(result.IsComplete && csv?.Loss is null));
    }

    public void Dispose() => csv?.Dispose();

    // One table a code, the errors first: a table of all would repeat itself in every line.
    private void ShowFindings(AuditResult result)
    {
        if (output.IsJson || output.IsQuiet)
        {
            return;
        }

        foreach (var (code, findings) in shown.OrderByDescending(entry => entry.Value[0].Severity))
        {
            output.Line($"{SeverityName(findings[0])}: {code}, {result.Findings[code]:N0} found");
            output.Table("finding", ["about", "what"], findings.Select(finding => (Cell[])[finding.Subject, finding.Message]));
            if (result.Findings[code] > findings.Count)
            {
                output.Line($"  and {result.Findings[code] - findings.Count:N0} more; --csv FILE and --json have all");
            }

            foreach (var hint in findings.Select(finding => finding.Hint).Distinct())
            {
                output.Line($"  hint: {hint}");
            }

            output.Line("");
        }
    }

    private void ShowUsers(AuditResult result)
    {
        output.Table("user", ["user", "files", "size", "albums", "shared", "in trash"], result.Users.Select(user => (Cell[])
            [Cell.Id(user.UserId), user.Files, Cell.Bytes(user.Bytes), user.Albums, user.Shared, user.InTrash]));
    }

    private static Summary Summary(AuditResult result, bool isLive)
    {
        var counts = result.Counts;
        var summary = new Summary()
            .Add("audited", isLive ? "live" : "snapshot", "audited")
            .Add("errors", result.Errors, "errors")
            .Add("warnings", result.Warnings, "warnings")
            .Add("users", result.Users.Count, "users")
            .Add("files", counts.Files, "files")
            .Add("objects", counts.Objects, "objects named")
            .AddBytes("objectBytes", counts.Bytes, "their size")
            .Add("deletedKept", counts.DeletedKept, "of deleted files, still there")
            .Add("deletedGone", counts.DeletedGone, "of deleted files, gone")
            .Add("changedSince", counts.ChangedSince, "changed since");
        return isLive
            ? summary
                .Add("listed", counts.Listed, "objects in the buckets")
                .Add("orphans", counts.Orphans, "orphans")
                .AddBytes("orphanBytes", counts.OrphanBytes, "their size")
                .Add("expectedOrphans", counts.ExpectedOrphans, "orphans to be expected")
                .Add("uploads", counts.Uploads, "  uploads under way")
                .Add("waitingForDeletion", counts.WaitingForDeletion, "  waiting for deletion")
                .Add("staleDerived", counts.StaleDerived, "  stale previews and ML data")
                .Add("young", counts.Young, "  stored meanwhile")
            : summary;
    }

    private static string SeverityName(Finding finding) => finding.Severity.ToString().ToLowerInvariant();

    // A cell that begins with one of these would be a formula to a spreadsheet.
    private static string Quoted(string text)
    {
        var safe = text is ['=' or '+' or '-' or '@', ..] ? "'" + text : text;
        return $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
