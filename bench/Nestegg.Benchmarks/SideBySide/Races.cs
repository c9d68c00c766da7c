namespace Nestegg.Benchmarks.SideBySide;

/// <summary>Where everything is that a command line needs.</summary>
internal sealed record BenchPlace(string Nestegg, string Self, string Folder, Uri Endpoint, string Bucket, string Database, int Parallel)
{
    /// <summary>Makes a new repository, without a clock.</summary>
    public string Init => $"rm -rf repository nestegg.yaml nestegg.key identity.txt; {Nestegg} init --quiet --instance my-ente --repository {Folder}/repository --new-identity identity.txt --config nestegg.yaml";

    public string Backup => $"{Nestegg} backup --quiet --config nestegg.yaml --parallel {Parallel}";

    /// <summary>As people do it today, for what rclone does not copy.</summary>
    public string Dump => $"pg_dump --format=custom --file=database.dump '{Libpq}'";

    private string Libpq => string.Join(' ', Database.Split(';', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .Select(pair => (Name: pair[0].ToLowerInvariant() switch { "host" => "host", "port" => "port", "database" => "dbname", "username" => "user", "password" => "password", _ => "" }, Value: pair[1]))
        .Where(pair => pair.Name.Length > 0)
        .Select(pair => $"{pair.Name}={pair.Value}"));
}

/// <summary>The jobs that are measured, with the goals of docs/performance.md.</summary>
internal static class Races
{
    private const string Ours = "nestegg";
    private const string Rclone = "rclone copy";
    private const string Restic = "restic";

    public static IEnumerable<Race> OnObjects(BenchPlace place)
    {
        var fetch = $"rclone copy --transfers {place.Parallel} --checkers {place.Parallel} ceph:{place.Bucket} fetched && {place.Dump}";
        yield return new Race(
            "First backup",
            [
                new Contender(Ours, place.Backup, place.Init),
                new Contender("bare download", $"{place.Self} download {place.Endpoint} {place.Bucket} {place.Parallel}"),
                new Contender(Rclone, fetch, "rm -rf fetched database.dump"),
                new Contender(Restic, "restic -q backup fetched database.dump my-ente", "rm -rf restic; restic -q init --repo restic"),
                new Contender("borg", "borg create borg::a fetched database.dump my-ente", "rm -rf borg; borg init -e none borg"),
            ],
            [("bare download", 1.15), (Rclone, 0.9), ($"{Rclone} + {Restic}", 0.5)]);
        yield return new Race(
            "Backup with nothing new",
            [
                new Contender(Ours, place.Backup),
                new Contender("rclone sync", $"rclone sync --transfers {place.Parallel} --checkers {place.Parallel} ceph:{place.Bucket} fetched && {place.Dump}"),
                new Contender(Restic, "restic -q backup fetched database.dump my-ente"),
            ],
            []);
        yield return new Race(
            "Reading everything back",
            [
                new Contender(Ours, $"{place.Nestegg} check --read --quiet --config nestegg.yaml"),
                new Contender("restic check --read-data", "restic -q check --read-data"),
                new Contender("sha256sum", "find repository -type f -print0 | xargs -0 -P 2 -n 50 sha256sum"),
            ],
            [("restic check --read-data", 0.5), ("sha256sum", 1 / 0.85)]);
        yield return new Race(
            "Objects to a folder",
            [
                new Contender(Ours, $"{place.Nestegg} restore --quiet --repository repository --objects-to out-nestegg", "rm -rf out-nestegg"),
                new Contender("restic restore", "restic -q restore latest --target out-restic", "rm -rf out-restic"),
            ],
            [("restic restore", 0.5)]);
    }

    public static IEnumerable<Race> OnDatabase(BenchPlace place)
    {
        yield return new Race(
            "Backup with nothing new",
            [
                new Contender(Ours, place.Backup),
                new Contender("pg_dump alone", place.Dump),
            ],
            []);
    }
}
