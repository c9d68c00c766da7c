using Nestegg.Cli.Terminal;
using Nestegg.Ente;
using Nestegg.Ente.Revival;
using Nestegg.Instance;
using Nestegg.Restore;

namespace Nestegg.Cli.Commands;

/// <summary>Says what a restore is about to do, and what it did.</summary>
internal sealed class RestoreReport(Output output)
{
    public void Write(RestorePlan plan)
    {
        List<Cell[]> rows =
        [
            ["snapshot", plan.Snapshot.Id.ToString(),
            $"{Counted.Of(plan.Snapshot.Counts.Users, "user")}, {Counted.Of(plan.Snapshot.Counts.Files, "file")}, "
            + $"{Counted.Of(plan.Snapshot.Counts.Objects, "object")}, {ByteText.Of(plan.Snapshot.Counts.ObjectBytes)}"],
            ["configuration", plan.Folder.Folder, DescribeFolder(plan.Folder)],
            ["database", plan.Database.Description, DescribeDatabase(plan.Database)],
        ];
        rows.AddRange(plan.Buckets.Select(
            bucket => (Cell[])["bucket", $"{bucket.Bucket} at {bucket.Location} ({bucket.Slot})", DescribeBucket(bucket)]));
        output.Line("What goes where:");
        output.List("plan", ["what", "where", "how"], rows);
        if (plan.Folder.Changes is { Count: > 0 } changes)
        {
            output.Line("");
            output.Line("What goes into the new museum.yaml, and why:");
            output.List("setting", ["setting", "why"], changes.Select(change => (Cell[])[change.Key, change.Reason]));
        }

        if (plan.Folder.Moves is { Count: > 0 } moves)
        {
            output.Line("");
            output.Line("What belongs outside of the folder: it is kept in it, and what to type is said at the end:");
            output.List("move", ["kept as", "belongs to", "there now"], moves.Select(
                move => (Cell[])[move.From, move.To, !move.IsTaken ? "nothing" : move.IsFolder ? "a folder" : "another file"]));
        }

        output.Line("");
        output.Line("What is changed in the restored database, and why (--keep STEP leaves a step out):");
        output.List("neutralise", ["step", "what", "why"], plan.Steps.Select(
            step => (Cell[])[step.Step, step.IsKept ? "left out (--keep)" : step.What, step.Reason]));
        foreach (var finding in plan.Findings)
        {
            output.Report(new FindingEvent(finding));
        }
    }

    public ExitCode FinishDryRun(RestorePlan plan)
    {
        foreach (var refusal in plan.Refusals)
        {
            output.Error(ExitCodes.Of(refusal.Kind), refusal.Message, refusal.Hint);
        }

        var summary = new Summary().Add("dryRun", true, "dry run").Add("refusals", plan.Refusals.Count, "reasons not to begin");
        return output.Finish(summary, plan.Refusals is [var first, ..] ? ExitCodes.Of(first.Kind) : ExitCode.Done);
    }

    public ExitCode Finish(RestoreResult result, RestoreOptions options)
    {
        if (result.Steps.Count > 0)
        {
            output.Line("");
            output.Line("What was changed in the restored database:");
            output.List("neutralised", ["step", "what", "rows", "why"], result.Steps.Where(IsShown).Select(step => (Cell[])
            [
                step.Step, step.IsKept ? "left out (--keep)" : step.What,
                step.IsKept ? "" : string.Join(", ", step.Rows.Where(row => row.Value > 0).Select(row => $"{row.Key}: {row.Value:N0}")
                    .DefaultIfEmpty("nothing to change")),
                output.IsJson ? step.Reason : "",
            ]));
            if (result.Steps.Where(step => !IsShown(step)).Select(step => step.Step).ToList() is { Count: > 0 } others)
            {
                output.Line($"  nothing to change: {string.Join(", ", others)}", indent: 4);
            }
        }

        bool IsShown(NeutralisingResult step) => output.IsJson || step.IsKept || step.RowCount > 0;

        foreach (var finding in result.Plan.Findings.Where(finding => finding.Severity == Severity.Error))
        {
            output.Report(new FindingEvent(finding));
        }

        output.Line("");
        output.Line("What people must know:");
        foreach (var sentence in RestoreAdvice.ForPeople(result.Plan.Snapshot, options))
        {
            output.Line($"- {sentence}");
            output.Event("advice", json => json.WriteString("text", sentence));
        }

        output.Line("");
        output.Line("What to type next:");
        foreach (var line in RestoreAdvice.NextSteps(options, result.Plan.Folder.Moves))
        {
            output.Typed(line);
            output.Event("next", json => json.WriteString("text", line));
        }

        output.Line("");
        var summary = AddCounts(new Summary().Add("snapshot", result.Plan.Snapshot.Id.ToString(), "snapshot")
            .Add("complete", result.IsComplete, "complete"), result.Objects)
            .Add("missing", result.Missing, "missing in the snapshot")
            .Add("auditErrors", result.Audit.Errors, "errors in the audit")
            .Add("auditWarnings", result.Audit.Warnings, "warnings in the audit")
            .Add("blockedBuckets", result.Blocked.Count, "buckets closed to web apps")
            .Add("neutralisedRows", result.Steps.Sum(step => step.RowCount), "rows neutralised");
        var exitCode = output.Finish(summary, result.IsComplete ? ExitCode.Done : ExitCode.Incomplete);

        // Last, because this is what a person still has to do.
        WriteBlocked(result.Blocked);
        return exitCode;
    }

    public static Summary AddCounts(Summary summary, TransferCounts counts) => summary
        .Add("objects", counts.Objects, "objects in place")
        .AddBytes("objectBytes", counts.Bytes, "their size")
        .Add("written", counts.Written, "written now")
        .Add("alreadyThere", counts.AlreadyThere, "there already")
        .Add("failed", counts.Failed, "not restored");

    private static string DescribeFolder(PlannedFolder folder)
    {
        if (folder.IsNew)
        {
            return $"gets the old configuration as it was: {string.Join(", ", folder.NewFiles)}";
        }

        var files = folder.NewFiles.Count;
        return (folder.Changes.Count > 0
            ? $"{Counted.Of(folder.Changes.Count, "old setting goes", "old settings go")} into its museum.yaml, which is kept aside"
            : "its museum.yaml has the old settings already")
            + (files > 0 ? $"; {Counted.Of(files, "file is", "files are")} added" : "");
    }

    private static string DescribeDatabase(PlannedDatabase database) => database.Action switch
    {
        DatabaseAction.Create => "is absent and is made",
        DatabaseAction.Fill => "is empty and is filled",
        DatabaseAction.ReplaceUnused =>
            $"has {Counted.Of(database.State!.Tables, "table without rows, which is", "tables without rows, which are")} replaced",
        DatabaseAction.Overwrite =>
            $"IS OVERWRITTEN: {Counted.Of(database.State!.Tables, "table")}, {Counted.Of(database.State.Users, "user")}",
        DatabaseAction.Continue when database.State!.Marker!.Step == RestoreStep.Finished =>
            $"was restored from this snapshot by the run of {database.State.Marker.StartedAt:u}; what is missing is put and looked at again",
        DatabaseAction.Continue => $"an interrupted restore of {database.State!.Marker!.StartedAt:u} goes on",
        _ => database.Silence ?? "cannot be used as it is",
    };

    private void WriteBlocked(IReadOnlyList<BlockedBucket> blocked)
    {
        foreach (var bucket in blocked)
        {
            output.Line("");
            var isInLines = !output.IsJson && !output.IsQuiet;
            output.Report(new FindingEvent(isInLines ? bucket.AsFinding() with { Hint = "" } : bucket.AsFinding()));
            output.Line($"To let them in ({bucket.Advice.Note}), type:");
            foreach (var line in bucket.Advice.Lines)
            {
                output.Line($"  {line}");
            }
        }
    }

    private static string DescribeBucket(PlannedBucket bucket) =>
        DescribeContents(bucket) + (bucket.Cors is { } cors ? $"; gets {cors.What}" : "");

    private static string DescribeContents(PlannedBucket bucket) => bucket.IsAbsent ? "is absent and is made"
        : bucket.IsEmpty ? "is empty"
        : $"{Counted.Of(bucket.AlreadyThere, "object of the snapshot is", "objects of the snapshot are")} there, "
            + $"{Counted.Of(bucket.Conflicting, "differs", "differ")}, {Counted.Of(bucket.Foreign, "is another's", "are others'")}";
}
