using System.CommandLine;
using System.Text.Json;
using Nestegg.Cli.Terminal;
using Nestegg.Ente;
using Nestegg.Jobs;
using Nestegg.Opening;
using Nestegg.Repositories.Files;
using Nestegg.Retention;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg forget</c>: marks the snapshots that no rule keeps.</summary>
internal sealed class ForgetCommand
{
    private readonly IReadOnlyList<(KeepOption Rule, Option<string?> Option)> rules =
    [
        .. KeepRule.Options.Select(rule => (rule, new Option<string?>($"--{rule.Name}")
        {
            Description = DescriptionOf(rule), HelpName = rule.IsWithin ? "DURATION" : "N",
        })),
    ];
    private readonly Option<string[]> acceptShrunk = new("--accept-shrunk")
    {
        Description = "A snapshot that rightly has less than half of the people or files of those before it; may be given several times",
        HelpName = "ID",
    };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Show what would be kept and forgotten, and write nothing" };

    public static Command Create(CommonOptions common)
    {
        var forget = new ForgetCommand();
        var command = new Command(
            "forget", "Marks the snapshots that no rule keeps: options, or else `retention` of the configuration")
        {
            forget.dryRun, forget.acceptShrunk,
        };
        foreach (var (_, option) in forget.rules)
        {
            command.Add(option);
        }

        common.SetAction(command, forget.Read, RunAsync);
        return command.WithExamples(
            "nestegg forget --dry-run", "nestegg forget --keep-last 10 --keep-daily 30 --keep-monthly 24 --keep-yearly unlimited",
            "nestegg forget --keep-within 14d --keep-within-weekly 6m --quiet");
    }

    private static string DescriptionOf(KeepOption rule)
    {
        var what = rule.Kind switch
        {
            SlotKind.Last => rule.IsWithin ? "all snapshots" : "the last N snapshots",
            SlotKind.Hourly => "the last of each hour",
            SlotKind.Daily => "the last of each day",
            SlotKind.Weekly => "the last of each week",
            SlotKind.Monthly => "the last of each month",
            SlotKind.Yearly => "the last of each year",
            _ => throw new ArgumentOutOfRangeException(nameof(rule)),
        };
        return rule.IsWithin ? $"Keep {what} of the time before the newest, such as 2y5m7d3h"
            : rule.Kind == SlotKind.Last ? $"Keep {what} (or unlimited)"
            : $"Keep {what}, for the last N that have one (or unlimited)";
    }

    private ForgetRequest Read(ParseResult parse, JobContext context)
    {
        var configured = context.Configuration.Retention;
        var typed = rules.Where(rule => parse.GetValue(rule.Option) is not null).ToList();
        return new ForgetRequest(
            configured with
            {
                Rules = typed.Count == 0
                    ? configured.Rules
                    : [.. typed.Select(rule => Parse(rule.Rule, parse.GetValue(rule.Option)!)).OfType<KeepRule>()],
                AcceptShrunk = [.. configured.AcceptShrunk, .. (parse.GetValue(acceptShrunk) ?? []).Select(ParseId)],
            },
            parse.GetValue(dryRun));
    }

    private static KeepRule? Parse(KeepOption rule, string text)
    {
        try
        {
            return KeepRule.Parse(rule, text);
        }
        catch (FormatException wrong)
        {
            throw new NesteggException(FailureKind.BadInput, $"--{rule.Name}: {wrong.Message}", "nestegg forget --help");
        }
    }

    private static SnapshotId ParseId(string text) => SnapshotId.TryParse(text, out var id) ? id : throw new NesteggException(
        FailureKind.BadInput, $"--accept-shrunk: `{text}` is no snapshot's id", "nestegg snapshots lists them");

    private static async Task<ExitCode> RunAsync(CommandRun run, ForgetRequest request, CancellationToken cancellationToken)
    {
        var result = await ForgetJob.RunAsync(run.Context, request, run.Log, cancellationToken);
        var (output, zone) = (run.Output, request.Retention.TimeZone);
        foreach (var group in result.Groups)
        {
            Show(output, group, isOneOfSeveral: result.Groups.Count > 1, zone);
        }

        var code = output.Finish(
            new Summary()
                .Add("snapshots", result.Kept + result.Forgotten, "snapshots")
                .Add("kept", result.Kept, "kept")
                .Add("forgotten", result.Forgotten, request.IsDryRun ? "would be forgotten" : "forgotten")
                .Add("timeZone", zone.Id, "time zone")
                .Add("dryRun", request.IsDryRun, "dry run"),
            ExitCodes.Of(isComplete: run.Log.Errors == 0));
        if (result.Forgotten > 0 && !request.IsDryRun)
        {
            output.Line($"nothing is removed yet: {run.Typed("unforget --all")} takes it back");
        }

        return code;
    }

    private static void Show(Output output, GroupPlan group, bool isOneOfSeveral, TimeZoneInfo zone)
    {
        var kept = group.Snapshots.Count(snapshot => snapshot.IsKept);
        if (isOneOfSeveral)
        {
            output.Line(
                $"{group.Name}: {Counted.Of(group.Snapshots.Count, "snapshot")}, {kept:N0} kept, {group.Snapshots.Count - kept:N0} forgotten");
        }

        if (!output.IsJson)
        {
            output.List("plan", ["id", "time", "kept for"], group.Snapshots.Select(snapshot => (Cell[])
            [
                snapshot.Facts.Id.ToString(), MomentText.Of(snapshot.Facts.CreatedAt, zone),
                snapshot.IsKept ? $"kept: {string.Join(", ", snapshot.KeptFor)}" : "forgotten",
            ]));
            return;
        }

        output.Event("group", json =>
        {
            json.WriteString("instance", group.Name);
            json.WriteNumber("snapshots", group.Snapshots.Count);
            json.WriteNumber("kept", kept);
            json.WriteNumber("forgotten", group.Snapshots.Count - kept);
        });
        foreach (var snapshot in group.Snapshots)
        {
            output.Event("plan", json => WriteTo(json, snapshot, zone));
        }
    }

    private static void WriteTo(Utf8JsonWriter json, PlannedSnapshot snapshot, TimeZoneInfo zone)
    {
        json.WriteString("id", snapshot.Facts.Id.ToString());
        json.WriteString("time", TimeZoneInfo.ConvertTime(snapshot.Facts.CreatedAt, zone));
        json.WriteString("instance", snapshot.Facts.Group);
        json.WriteBoolean("kept", snapshot.IsKept);
        json.WriteStartArray("keptFor");
        foreach (var reason in snapshot.KeptFor)
        {
            json.WriteStringValue(reason);
        }

        json.WriteEndArray();
    }
}
