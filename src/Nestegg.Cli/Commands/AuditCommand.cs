using System.CommandLine;
using Nestegg.Audit;
using Nestegg.Cli.Terminal;
using Nestegg.Instance;
using Nestegg.Repositories;
using Nestegg.Snapshots;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg audit</c>: does everything exist that the database names, and does the database fit together.</summary>
internal sealed class AuditCommand
{
    private readonly CommonOptions common;
    private readonly IdentityOptions identities = new();
    private readonly Option<bool> live = new("--live") { Description = "Audit the running instance (the default where one is configured)" };
    private readonly Option<string?> snapshot = new("--snapshot") { Description = "Audit a snapshot: its id, the beginning of it, or latest", HelpName = "ID" };
    private readonly Option<string?> csv = new("--csv") { Description = "Write every finding into a CSV file", HelpName = "FILE" };

    private AuditCommand(CommonOptions common) => this.common = common;

    public static Command Create(CommonOptions common)
    {
        var audit = new AuditCommand(common);
        var command = new Command("audit", "Compares the database with the objects that it names, and with itself") { audit.live, audit.snapshot, audit.csv };
        foreach (var option in audit.identities.All)
        {
            command.Options.Add(option);
        }

        command.SetAction(async (parse, cancellationToken) => (int)await audit.RunAsync(parse, cancellationToken));
        return command.WithExamples(
            "nestegg audit", "nestegg audit --live --csv findings.csv", "nestegg audit --snapshot latest --identity identity.txt --repository /mnt/nas/nestegg");
    }

    private async Task<ExitCode> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var configuration = common.Configuration(parse);
        var name = parse.GetValue(snapshot);
        if (parse.GetValue(live) && name is not null)
        {
            throw new NesteggException(FailureKind.BadInput, "--live and --snapshot exclude each other", "audit the running instance or a snapshot");
        }

        var isLive = parse.GetValue(live) || (name is null && configuration.Instance is not null && !identities.IsGiven(parse));
        using var report = new AuditReport(common.Output, CsvPath(parse));
        var run = new AuditRun(new RunLog(report), common.Host.Time);
        var result = isLive
            ? await OfInstanceAsync(run, configuration, cancellationToken)
            : await OfSnapshotAsync(run, parse, configuration, name ?? "latest", cancellationToken);
        return report.Finish(result, isLive);
    }

    private static async Task<AuditResult> OfInstanceAsync(AuditRun run, NesteggConfiguration configuration, CancellationToken cancellationToken)
    {
        await using var instance = EnteInstance.Open(configuration);
        return await run.OfInstanceAsync(instance, cancellationToken);
    }

    private async Task<AuditResult> OfSnapshotAsync(
        AuditRun run, ParseResult parse, NesteggConfiguration configuration, string name, CancellationToken cancellationToken)
    {
        await using var store = configuration.RequireRepository().OpenStore(create: false, common.Host.Time);
        var repository = await Repository.OpenAsync(store, cancellationToken);
        using var opened = await identities.OpenAsync(common, parse, repository, cancellationToken);
        var manifest = await repository.ReadManifestAsync(name, cancellationToken);
        common.Output.Report(new StepEvent("open", $"Opening the database of snapshot {manifest.Id}"));
        await using var database = await OpenedSnapshot.OpenAsync(repository, manifest, opened.Identities, cancellationToken);
        return await run.OfSnapshotAsync(repository, database, cancellationToken);
    }

    private string? CsvPath(ParseResult parse) => parse.GetValue(csv) is { } path ? Path.GetFullPath(path, common.Host.WorkingFolder) : null;
}
