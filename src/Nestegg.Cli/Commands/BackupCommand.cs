using System.CommandLine;
using Nestegg.Backup;
using Nestegg.Cli.Terminal;
using Nestegg.Instance;
using Nestegg.Minisign;
using Nestegg.Repositories;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg backup</c>: makes one snapshot of the instance.</summary>
internal static class BackupCommand
{
    public static Command Create(CommonOptions common)
    {
        var parallel = new Option<int?>("--parallel") { Description = "Objects in transfer at once (else `parallel` of the configuration, else 8)", HelpName = "N" };
        var command = new Command("backup", "Captures configuration, database and objects as one snapshot") { parallel };
        command.SetAction(async (parse, cancellationToken) => (int)await RunAsync(common, parse, parse.GetValue(parallel), cancellationToken));
        return command.WithExamples("nestegg backup", "nestegg backup --config /etc/nestegg/nestegg.yaml --json", "nestegg backup --quiet --parallel 16");
    }

    private static async Task<ExitCode> RunAsync(CommonOptions common, ParseResult parse, int? parallel, CancellationToken cancellationToken)
    {
        var configuration = common.Configuration(parse);
        if (parallel is < 1 or > 256)
        {
            throw new NesteggException(FailureKind.BadInput, $"--parallel {parallel} is not between 1 and 256", "8 suits most machines");
        }

        await using var store = configuration.RequireRepository().OpenStore(create: false, common.Host.Time);
        var repository = await Repository.OpenAsync(store, cancellationToken);
        RequireOwnRecipients(configuration, repository);
        using var signingKey = ReadSigningKey(configuration);
        await using var instance = EnteInstance.Open(configuration);
        var run = new BackupRun(instance, repository, signingKey, parallel ?? configuration.Parallel, new RunLog(common.Output), common.Host.Time);
        var result = await run.RunAsync(cancellationToken);
        return common.Output.Finish(Summary(result), ExitCodes.Of(result.IsComplete));
    }

    /// <summary>Whoever can write to the repository could add a recipient of their own to nestegg.json and read the next backup.</summary>
    private static void RequireOwnRecipients(NesteggConfiguration configuration, Repository repository)
    {
        var known = configuration.Recipients.Order(StringComparer.Ordinal).ToArray();
        var found = repository.Description.Recipients.Order(StringComparer.Ordinal).ToArray();
        if (known.Length > 0 && !known.SequenceEqual(found))
        {
            throw new NesteggException(
                FailureKind.Damaged,
                $"nestegg.json at {repository.Store.Location} names the recipients {string.Join(", ", found)}; {configuration.Path} names {string.Join(", ", known)}",
                "if you changed one of them, make both alike; if you did not, somebody else has written to the repository");
        }
    }

    private static MinisignSecretKey ReadSigningKey(NesteggConfiguration configuration)
    {
        var path = configuration.SigningKeyPath
            ?? throw new NesteggException(FailureKind.BadInput, "no signing key is configured", "name the file that nestegg init wrote as signing-key in nestegg.yaml");
        return File.Exists(path)
            ? MinisignSecretKey.Parse(File.ReadAllBytes(path), path)
            : throw new NesteggException(FailureKind.BadInput, $"the signing key {path} does not exist", "put back the file that nestegg init wrote; without it no snapshot can be signed");
    }

    private static Summary Summary(BackupResult result)
    {
        var (manifest, counts) = (result.Manifest, result.Counts);
        return new Summary()
            .Add("snapshot", manifest.Id.ToString(), "snapshot")
            .Add("complete", manifest.Complete, "complete")
            .Add("users", manifest.Counts.Users, "users")
            .Add("files", manifest.Counts.Files, "files")
            .Add("objects", manifest.Counts.Objects, "objects")
            .AddBytes("objectBytes", manifest.Counts.ObjectBytes, "their size")
            .Add("newObjects", manifest.Counts.NewObjects, "fetched now")
            .AddBytes("newBytes", manifest.Counts.NewBytes, "their size")
            .Add("missing", counts.Missing, "missing or of another length")
            .Add("missingDerived", counts.MissingDerived, "previews and ML data missing")
            .Add("changedSince", counts.ChangedSince, "changed while the run went on")
            .Add("seconds", Math.Round(result.Duration.TotalSeconds, 1), "seconds");
    }
}
