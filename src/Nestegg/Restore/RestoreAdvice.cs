using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Restore;

/// <summary>What people must know after a restore, and what the operator types next.</summary>
public static class RestoreAdvice
{
    public static IEnumerable<string> ForPeople(Manifest snapshot, RestoreOptions options)
    {
        var moment = snapshot.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'");
        yield return $"The library is as it was on {moment}. Passwords, recovery keys and two-factor settings are those of that moment: a "
            + $"password that was changed later is not valid, the one before is.";
        if (options.IsBesideProduction)
        {
            yield return "This is a copy beside production: what somebody uploads or changes in it is in the copy only.";
            yield break;
        }

        if (!options.Keep.Contains("tokens"))
        {
            yield return "Everybody signs in again on every device. Apps then upload what the server no longer has, if it is still on the "
                + "phone.";
        }

        yield return "Public links and shares that were ended after that moment are valid again, and photos that were deleted for good "
            + "after it are back: look them through.";
        if (!options.Keep.Contains("trash"))
        {
            yield return "What is in the trash stays for another 30 days.";
        }

        if (!options.Keep.Contains("queue"))
        {
            yield return "What had been deleted for good before that moment was waiting for its removal from the buckets; it stays there "
                + "now, without being in anybody's library.";
        }
    }

    /// <summary>Commands for the folder as it is after the restore, with the names of the files that are in it.</summary>
    /// <param name="moves">What is kept in the folder and belongs elsewhere.</param>
    public static IEnumerable<string> NextSteps(RestoreOptions options, IReadOnlyList<PlannedMove> moves)
    {
        var (files, service) = Compose(options.Into, moves);
        var compose = string.Concat(files.Select(path => $" -f {ShellWord.Of(Path.GetRelativePath(options.Into, path))}"));
        yield return $"cd {ShellWord.Of(options.Into)}";
        if (moves.Count > 0)
        {
            yield return "# what the configuration looks for outside of this folder, where a restore does not write:";
        }

        foreach (var move in moves)
        {
            if (move.IsTaken)
            {
                yield return "# something else is there; this asks before it replaces a file:";
            }

            yield return move.Command;
        }

        if (compose.Length == 0)
        {
            yield return "# no compose file that `docker compose` finds by itself is here: start museum as the old instance started it";
        }

        if (options.IsBesideProduction)
        {
            yield return "# jobs, mail and every outside effect are switched off in museum.yaml";
            yield return compose.Length > 0 ? "docker compose up -d" : "./museum";
            yield break;
        }

        if (compose.Length == 0)
        {
            yield return "# a first start without jobs:";
            yield return "ENTE_JOBS_CRON_SKIP=true ./museum";
            yield return "# sign in with an app and look at some pictures; then start it without that variable, with jobs";
        }
        else
        {
            // `docker compose run museum` would do without a file, but the relay to MinIO lives in the network of the service itself.
            yield return "# a first start without jobs:";
            yield return $"echo 'services: {{{service}: {{environment: {{ENTE_JOBS_CRON_SKIP: \"true\"}}}}}}' > first-start.yaml";
            yield return $"docker compose{compose} -f first-start.yaml up -d";
            yield return "# sign in with an app and look at some pictures; then, with jobs:";
            yield return "docker compose up -d && rm first-start.yaml";
        }

        yield return "# and make backups of the new machine: nestegg help operations, \"Backups after a restore\"";
    }

    // The files in force, which COMPOSE_FILE of .env may name, and what they call museum; as it is before anything is moved.
    private static (IReadOnlyList<string> Files, string Service) Compose(string folder, IReadOnlyList<PlannedMove> moves)
    {
        try
        {
            var standIns = moves.Where(move => !move.IsTaken).ToDictionary(move => move.To, move => Path.Join(folder, move.From));
            var instance = InstanceFolder.Read(new InstanceLocation(folder) { StandIns = standIns });
            return (instance.ComposeFiles, instance.MuseumServiceName ?? "museum");
        }
        catch (EnteException)
        {
            return (InstanceFolder.ComposeFilesIn(folder), "museum");
        }
    }

    /// <summary>Which museum fits the database.</summary>
    public static IEnumerable<Finding> AboutMuseum(Manifest snapshot, string? newImage)
    {
        var version = snapshot.Instance.SchemaVersion;
        yield return new Finding(
            "museum-version", Severity.Note, "museum",
            $"The database is of schema {version}. A museum that knows fewer migrations than {version} refuses to start on it; a newer "
            + $"one brings it up to date when it starts, and there is no way back."
            + (snapshot.Instance.MuseumImage is { } old
                ? $" The old instance ran {old}{(newImage is null || newImage == old ? "" : $", the new one runs {newImage}")}."
                : ""));
        if (snapshot.Instance.SchemaDirty)
        {
            yield return new Finding(
                "schema-dirty", Severity.Warning, "schema_migrations",
                $"Migration {version} had begun and not ended when the snapshot was taken; museum refuses to start on such a database.",
                "Find out what the migration left undone, then set schema_migrations.dirty to false; or restore an earlier snapshot.");
        }

        if (!snapshot.Complete)
        {
            yield return new Finding(
                "snapshot-incomplete", Severity.Warning, snapshot.Id.ToString(),
                $"The snapshot is not complete: {Counted.Of(snapshot.Counts.Missing, "object was", "objects were")} missing when it was "
                + $"taken; the apps can make {snapshot.Counts.MissingDerived:N0} of them again.",
                "The rest can be restored; nestegg snapshots shows whether another snapshot is complete.");
        }
    }
}
