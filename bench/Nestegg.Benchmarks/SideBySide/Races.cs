namespace Nestegg.Benchmarks.SideBySide;

/// <summary>The jobs that are measured, with the goals of docs/performance.md.</summary>
internal static class Races
{
    private const string Ours = "nestegg";
    private const string Bare = "bare download";
    private const string Rclone = "rclone copy";
    private const string RcloneSync = "rclone sync";
    private const string Restic = "restic";

    public static IEnumerable<Race> On(BenchStand stand) => stand.Data.Name switch
    {
        "ente-like" => [FirstBackup(stand, withGoalsOf: [(Bare, 1.15), (Rclone, 0.9), ($"{Rclone} + {Restic}", 0.5)]), NothingNew(stand), ReadBack(stand), ToFolder(stand)],
        "small" => [FirstBackup(stand, withGoalsOf: [(Rclone, 0.5)]), NothingNew(stand), ReadBack(stand), ToFolder(stand)],
        _ => [],
    };

    /// <summary>Makes a new repository.</summary>
    public static string Init(BenchStand stand) =>
        $"rm -rf repository nestegg.yaml nestegg.key identity.txt; {stand.Nestegg} init --quiet --instance my-ente --repository {stand.Folder}/repository --new-identity identity.txt --config nestegg.yaml";

    private static string Backup(BenchStand stand) => $"{stand.Nestegg} backup --quiet --config nestegg.yaml --parallel {BenchStand.Parallel}";

    /// <summary>As people do it today, for what rclone does not copy.</summary>
    private static string Dump(BenchStand stand) => $"pg_dump --format=custom --file=database.dump '{stand.Database}'";

    private static Race FirstBackup(BenchStand stand, IReadOnlyList<(string, double)> withGoalsOf) => new(
        "First backup",
        [
            new Contender(Ours, Backup(stand), Init(stand)),
            new Contender(Bare, $"{stand.Self} download {stand.Endpoint} {stand.Bucket} {BenchStand.Parallel}"),
            new Contender(Rclone, $"rclone copy --transfers {BenchStand.Parallel} --checkers {BenchStand.Parallel} ceph:{stand.Bucket} fetched && {Dump(stand)}", "rm -rf fetched database.dump"),
            new Contender(Restic, "restic -q backup fetched database.dump my-ente", "rm -rf restic; restic -q init"),
            new Contender("borg", "borg create borg::a fetched database.dump my-ente", "rm -rf borg; borg init -e none borg"),
        ],
        withGoalsOf);

    private static Race NothingNew(BenchStand stand) => new(
        "Backup with nothing new",
        [
            new Contender(Ours, Backup(stand)),
            new Contender(RcloneSync, $"rclone sync --transfers {BenchStand.Parallel} --checkers {BenchStand.Parallel} ceph:{stand.Bucket} fetched && {Dump(stand)}"),
            new Contender(Restic, "restic -q backup fetched database.dump my-ente"),
        ],
        []);

    private static Race ReadBack(BenchStand stand) => new(
        "Reading everything back",
        [
            new Contender(Ours, $"{stand.Nestegg} check --read --quiet --config nestegg.yaml"),
            new Contender("restic check --read-data", "restic -q check --read-data"),
            new Contender("sha256sum", "find repository -type f -print0 | xargs -0 -P 2 -n 50 sha256sum"),
        ],
        [("restic check --read-data", 0.5), ("sha256sum", 1 / 0.85)]);

    private static Race ToFolder(BenchStand stand) => new(
        "Objects to a folder",
        [
            new Contender(Ours, $"{stand.Nestegg} restore --quiet --repository repository --objects-to out-nestegg", "rm -rf out-nestegg"),
            new Contender("restic restore", "restic -q restore latest --target out-restic", "rm -rf out-restic"),
        ],
        [("restic restore", 0.5)]);
}
