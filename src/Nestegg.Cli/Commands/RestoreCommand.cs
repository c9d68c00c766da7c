using System.CommandLine;
using Nestegg.Cli.Terminal;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Revival;
using Nestegg.Jobs;
using Nestegg.Opening;
using Nestegg.Restore;
using Nestegg.Settings;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg restore</c>: brings an instance back from a repository and an identity alone.</summary>
internal sealed class RestoreCommand
{
    private readonly CommonOptions common;
    private readonly IdentityOptions identity = new();
    private readonly Option<string> snapshot = new("--snapshot")
    {
        Description = "Which snapshot: its id, the beginning of it, or latest",
        HelpName = "ID",
        DefaultValueFactory = _ => SnapshotSource.Latest,
    };
    private readonly Option<string?> into = new("--into")
    {
        Description = "The folder of the new instance, as Ente's quickstart made it; an empty or absent one gets the old configuration",
        HelpName = "FOLDER",
    };
    private readonly Option<string[]> map = new("--map")
    {
        Description = "Address to use for a host of the new instance's own network; may be given several times",
        HelpName = "HOST:PORT=HOST:PORT",
    };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Show the plan and change nothing" };
    private readonly Option<bool> besideProduction = new("--beside-production")
    {
        Description = "Make a harmless copy: jobs, mail and everything that reaches out switched off",
    };
    private readonly Option<string[]> keep = new("--keep")
    {
        Description = $"Leave a neutralising step out: {string.Join(", ", RestoreOptions.StepNames)}",
        HelpName = "STEP",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string?> overwriteDatabase = new("--overwrite-database")
    {
        Description = "The database of this name may lose what it holds", HelpName = "NAME",
    };
    private readonly Option<string[]> overwriteBucket = new("--overwrite-bucket")
    {
        Description = "In the bucket of this name objects may be replaced, and others may stay",
        HelpName = "NAME",
    };
    private readonly Option<bool> noCreateBuckets = new("--no-create-buckets")
    {
        Description = "Make no bucket: one that is absent is a reason not to begin",
    };
    private readonly Option<string?> objectsTo = new("--objects-to")
    {
        Description = "Only write the objects, each under its key, into this folder", HelpName = "FOLDER",
    };
    private readonly Option<string?> pgRestore = new("--pg-restore")
    {
        Description = "The command to use for pg_restore", HelpName = "COMMAND",
    };
    private readonly Option<int?> parallel = new("--parallel")
    {
        Description = "Objects in transfer at once (else `parallel` of the configuration, else 8)", HelpName = "N",
    };

    private RestoreCommand(CommonOptions common) => this.common = common;

    public static Command Create(CommonOptions common)
    {
        var restore = new RestoreCommand(common);
        var command = new Command("restore", "Brings an instance back: configuration, database, objects");
        foreach (var option in (Option[])
        [
            restore.snapshot, .. restore.identity.All, restore.into, restore.map, restore.dryRun, restore.besideProduction, restore.keep,
            restore.overwriteDatabase, restore.overwriteBucket, restore.noCreateBuckets, restore.objectsTo, restore.pgRestore,
            restore.parallel,
        ])
        {
            command.Options.Add(option);
        }

        common.SetAction(command, restore.Read, RunAsync);
        return command.WithExamples(
            "nestegg restore --repository /mnt/nas/nestegg --identity identity.txt --into ~/my-ente --dry-run",
            "nestegg restore --repository /mnt/nas/nestegg --identity identity.txt --into ~/my-ente --map postgres:5432=172.18.0.2:5432",
            "nestegg restore --snapshot 20261123T19 --identity identity.txt --into ~/ente-copy --beside-production",
            "nestegg restore --identity identity.txt --into ~/my-ente --pg-restore \"docker exec -i my-ente-postgres-1 pg_restore\"",
            "nestegg restore --repository /mnt/nas/nestegg --objects-to /mnt/disk/objects");
    }

    /// <param name="Objects">What is written when only objects are wanted.</param>
    /// <param name="Options">What is restored otherwise.</param>
    private sealed record Asked(
        SnapshotSource Snapshot, RestoreObjectsRequest? Objects, RestoreOptions? Options, int? Parallel, bool IsDryRun);

    private Asked Read(ParseResult parse, JobContext context)
    {
        var source = new SnapshotSource(parse.GetValue(snapshot)!, identity.Source(common.Host, parse));
        return parse.GetValue(objectsTo) is { } folder
            ? new Asked(
                source, new RestoreObjectsRequest(source.Name, common.Host.FullPath(folder), parse.GetValue(parallel)), null, null, false)
            : new Asked(source, null, Options(parse, context.Configuration), parse.GetValue(parallel), parse.GetValue(dryRun));
    }

    private RestoreOptions Options(ParseResult parse, NesteggConfiguration configuration)
    {
        var folder = parse.GetValue(into)
            ?? throw new NesteggException(
                FailureKind.BadInput, "restore needs a folder",
                "name the new instance's folder with --into, or a folder for the objects alone with --objects-to");
        var command = parse.GetValue(pgRestore)?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new RestoreOptions
        {
            Into = common.Host.FullPath(folder),
            Map = EndpointMap.Parse([.. configuration.Map.Entries, .. parse.GetValue(map) ?? []]),
            IsBesideProduction = parse.GetValue(besideProduction),
            Keep = (parse.GetValue(keep) ?? []).SelectMany(names => names.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToHashSet(),
            OverwriteDatabase = parse.GetValue(overwriteDatabase),
            OverwriteBuckets = (parse.GetValue(overwriteBucket) ?? []).ToHashSet(),
            CreatesBuckets = !parse.GetValue(noCreateBuckets),
            Postgres = command is { Length: > 0 } ? configuration.Postgres with { PgRestore = command } : configuration.Postgres,
        };
    }

    private static async Task<ExitCode> RunAsync(CommandRun run, Asked asked, CancellationToken cancellationToken)
    {
        if (asked.Objects is { } objects)
        {
            var written = await RestoreJob.WriteObjectsAsync(run.Context, objects, run.Log, cancellationToken);
            var summary = RestoreReport.AddCounts(new Summary().Add("snapshot", written.Snapshot, "snapshot"), written.Counts);
            return run.Output.Finish(summary, ExitCodes.Of(written.Counts.Failed == 0));
        }

        var report = new RestoreReport(run.Output);
        RestorePlan? shown = null;
        var result = await RestoreJob.RunAsync(
            run.Context, new RestoreRequest(asked.Snapshot, asked.Options!, asked.Parallel, Begin), run.Log, cancellationToken);
        return result is null ? report.FinishDryRun(shown!) : report.Finish(result, asked.Options!);

        bool Begin(RestorePlan plan)
        {
            report.Write(shown = plan);
            return !asked.IsDryRun;
        }
    }
}
