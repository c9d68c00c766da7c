using System.CommandLine;
using Nestegg.Cli.Terminal;
using Nestegg.Jobs;
using Nestegg.Opening;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg audit</c>: does everything exist that the database names, and does the database fit together.</summary>
internal sealed class AuditCommand
{
    private readonly IdentityOptions identities = new();
    private readonly Option<bool> live = new("--live") { Description = "Audit the running instance (the default where one is configured)" };
    private readonly Option<string?> snapshot = new("--snapshot")
    {
        Description = "Audit a snapshot: its id, the beginning of it, or latest", HelpName = "ID",
    };
    private readonly Option<string?> csv = new("--csv") { Description = "Write every finding into a CSV file", HelpName = "FILE" };

    public Command Create(CommonOptions common)
    {
        var command = new Command("audit", "Compares the database with the objects that it names, and with itself") { live, snapshot, csv };
        foreach (var option in identities.All)
        {
            command.Options.Add(option);
        }

        common.SetAction(command, (parse, context) => Read(common.Host, parse, context), RunAsync);
        return command.WithExamples(
            "nestegg audit", "nestegg audit --live --csv findings.csv",
            "nestegg audit --snapshot latest --identity identity.txt --repository /mnt/nas/nestegg");
    }

    /// <param name="Csv">Full path of the file that gets every finding.</param>
    private sealed record Asked(AuditRequest Request, string? Csv);

    private Asked Read(CommandHost host, ParseResult parse, JobContext context)
    {
        var name = parse.GetValue(snapshot);
        if (parse.GetValue(live) && name is not null)
        {
            throw new NesteggException(
                FailureKind.BadInput, "--live and --snapshot exclude each other", "audit the running instance or a snapshot");
        }

        var opening = identities.Source(host, parse);
        var isLive = parse.GetValue(live) || (name is null && context.Configuration.Instance is not null && opening.Files.Count == 0);
        return new Asked(
            new AuditRequest(isLive ? null : new SnapshotSource(name ?? SnapshotSource.Latest, opening)),
            parse.GetValue(csv) is { } path ? host.FullPath(path) : null);
    }

    private static async Task<ExitCode> RunAsync(CommandRun run, Asked asked, CancellationToken cancellationToken)
    {
        using var report = new AuditReport(run.Output, asked.Csv);
        var result = await AuditJob.RunAsync(run.Context, asked.Request, new RunLog(report), cancellationToken);
        return report.Finish(result, isLive: asked.Request.Snapshot is null);
    }
}
