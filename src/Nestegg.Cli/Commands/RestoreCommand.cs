using System.CommandLine;
using Nestegg.Age;
using Nestegg.Cli.Terminal;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Repositories;
using Nestegg.Restore;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg restore</c>: brings an instance back from a repository and an identity alone.</summary>
internal sealed class RestoreCommand
{
    private readonly CommonOptions common;
    private readonly IdentityOptions identity = new();
    private readonly Option<string> snapshot = new("--snapshot") { Description = "Which snapshot: its id, the beginning of it, or latest", HelpName = "ID", DefaultValueFactory = _ => "latest" };
    private readonly Option<string?> into = new("--into") { Description = "The folder of the new instance, as Ente's quickstart made it; an empty or absent one gets the old configuration", HelpName = "FOLDER" };
    private readonly Option<string[]> map = new("--map") { Description = "Address to use for a host of the new instance's own network; may be given several times", HelpName = "HOST:PORT=HOST:PORT" };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Show the plan and change nothing" };
    private readonly Option<bool> besideProduction = new("--beside-production") { Description = "Make a harmless copy: jobs, mail and everything that reaches out switched off" };
    private readonly Option<string[]> keep = new("--keep") { Description = $"Leave a neutralising step out: {string.Join(", ", Neutralisation.StepNames)}", HelpName = "STEP", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> overwriteDatabase = new("--overwrite-database") { Description = "The database of this name may lose what it holds", HelpName = "NAME" };
    private readonly Option<string[]> overwriteBucket = new("--overwrite-bucket") { Description = "In the bucket of this name objects may be replaced, and others may stay", HelpName = "NAME" };
    private readonly Option<string?> objectsTo = new("--objects-to") { Description = "Only write the objects, each under its key, into this folder", HelpName = "FOLDER" };
    private readonly Option<string?> pgRestore = new("--pg-restore") { Description = "The command to use for pg_restore", HelpName = "COMMAND" };
    private readonly Option<int?> parallel = new("--parallel") { Description = "Objects in transfer at once (else `parallel` of the configuration, else 8)", HelpName = "N" };

    private RestoreCommand(CommonOptions common) => this.common = common;

    public static Command Create(CommonOptions common)
    {
        var restore = new RestoreCommand(common);
        var command = new Command("restore", "Brings an instance back: configuration, database, objects");
        foreach (var option in (Option[])
        [
            restore.snapshot, .. restore.identity.All, restore.into, restore.map, restore.dryRun, restore.besideProduction, restore.keep,
            restore.overwriteDatabase, restore.overwriteBucket, restore.objectsTo, restore.pgRestore, restore.parallel,
        ])
        {
            command.Options.Add(option);
        }

        command.SetAction(async (parse, cancellationToken) => (int)await restore.RunAsync(parse, cancellationToken));
        return command.WithExamples(
            "nestegg restore --repository /mnt/nas/nestegg --identity identity.txt --into ~/my-ente --dry-run",
            "nestegg restore --repository /mnt/nas/nestegg --identity identity.txt --into ~/my-ente --map postgres:5432=172.18.0.2:5432",
            "nestegg restore --snapshot 20261123T19 --identity identity.txt --into ~/ente-copy --beside-production",
            "nestegg restore --identity identity.txt --into ~/my-ente --pg-restore \"docker compose exec -T postgres pg_restore\"",
            "nestegg restore --repository /mnt/nas/nestegg --objects-to /mnt/disk/objects");
    }

    private async Task<ExitCode> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var configuration = common.Configuration(parse);
        await using var store = configuration.RequireRepository().OpenStore(create: false, common.Host.Time);
        var repository = await Repository.OpenAsync(store, cancellationToken);
        if (parse.GetValue(objectsTo) is { } folder)
            return await WriteObjectsAsync(repository, parse, folder, configuration.Parallel, cancellationToken);

        var options = Options(parse, configuration);
        using var identities = await identity.OpenAsync(common, parse, repository, cancellationToken);
        var manifest = await repository.ReadManifestAsync(parse.GetValue(snapshot)!, cancellationToken);
        await using var run = await RestoreRun.OpenAsync(repository, manifest, identities.Identities, options, common.Host.Time, new RunLog(common.Output), cancellationToken);
        var plan = await run.PlanAsync(cancellationToken);
        var report = new RestoreReport(common.Output);
        report.Write(plan);
        if (parse.GetValue(dryRun))
            return report.FinishDryRun(plan);

        return report.Finish(await run.RunAsync(plan, cancellationToken), options);
    }

    private RestoreOptions Options(ParseResult parse, NesteggConfiguration configuration)
    {
        var folder = parse.GetValue(into)
            ?? throw new NesteggException(FailureKind.BadInput, "restore needs a folder", "name the new instance's folder with --into, or a folder for the objects alone with --objects-to");
        var command = parse.GetValue(pgRestore)?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new RestoreOptions
        {
            Into = Path.GetFullPath(folder, common.Host.WorkingFolder),
            Map = EndpointMap.Parse([.. configuration.Map.Entries, .. parse.GetValue(map) ?? []]),
            IsBesideProduction = parse.GetValue(besideProduction),
            Keep = (parse.GetValue(keep) ?? []).SelectMany(names => names.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToHashSet(),
            OverwriteDatabase = parse.GetValue(overwriteDatabase),
            OverwriteBuckets = (parse.GetValue(overwriteBucket) ?? []).ToHashSet(),
            Parallel = Parallel(parse, configuration.Parallel),
            Postgres = command is { Length: > 0 } ? configuration.Postgres with { PgRestore = command } : configuration.Postgres,
        };
    }

    private int Parallel(ParseResult parse, int configured) => parse.GetValue(parallel) is not { } count ? configured
        : count is >= 1 and <= 256 ? count
        : throw new NesteggException(FailureKind.BadInput, $"--parallel {count} is not between 1 and 256", "8 suits most machines");

    // Objects are stored as they were in the bucket, so no identity is needed for them.
    private async Task<ExitCode> WriteObjectsAsync(Repository repository, ParseResult parse, string folder, int configuredParallel, CancellationToken cancellationToken)
    {
        var manifest = await repository.ReadManifestAsync(parse.GetValue(snapshot)!, cancellationToken);
        var target = new FolderTarget(Path.GetFullPath(folder, common.Host.WorkingFolder));
        var transfer = new ObjectTransfer(repository, target, Parallel(parse, configuredParallel), new RunLog(common.Output));
        var counts = await transfer.RunAsync(repository.ReadLiveRowsAsync(manifest, cancellationToken), manifest.Counts, cancellationToken);
        var summary = RestoreReport.AddCounts(new Summary().Add("snapshot", manifest.Id.ToString(), "snapshot"), counts);
        return common.Output.Finish(summary, counts.Failed > 0 ? ExitCode.Incomplete : ExitCode.Done);
    }
}
