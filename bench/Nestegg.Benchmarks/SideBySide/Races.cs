namespace Nestegg.Benchmarks.SideBySide;

/// <summary>The jobs that are measured, with the goals of docs/performance.md.</summary>
internal static class Races
{
    private const string Ours = "nestegg";
    private const string Bare = "bare download";
    private const string Hashed = "download, SHA-256 and MD5";
    private const string Rclone = "rclone copy";
    private const string RcloneSync = "rclone sync";
    private const string Restic = "restic";
    private const string NothingIsNew = "Backup with nothing new";

    public static IEnumerable<Race> On(BenchStand stand) => stand.Data.Name switch
    {
        "ente-like" => [StartUp(stand), FirstBackup(stand, (Bare, 1.15), (Rclone, 0.9), ($"{Rclone} + {Restic}", 0.5)), NothingNew(
            stand), ReadBack(stand), ToFolder(stand), ToBuckets(stand)],
        "small" => [FirstBackup(stand, (Rclone, 0.5)), NothingNew(stand), ReadBack(stand), ToFolder(stand)],
        "million" =>
            [FirstBackupOnce(stand), NothingNewInDatabase(stand, seconds: 5, megabytes: 150), NothingNewOnce(stand), FirstPhoto(stand)],
        "encrypted" => [Prove(stand), ReadBackAlone(stand)],
        _ => OnDatabase(stand),
    };

    /// <summary>What can be measured where only database and index are of that size: the sample's own objects are real.</summary>
    public static Race[] OnDatabase(BenchStand stand) =>
        stand.Data.Objects > 1_000_000 ? [NothingNewInDatabase(stand, seconds: 60, megabytes: 400)]
        : [NothingNewInDatabase(stand, seconds: 5, megabytes: 150), FirstPhoto(stand)];

    /// <summary>Makes a new repository.</summary>
    public static string Init(BenchStand stand) =>
        $"{Aside("repository")}; rm -f nestegg.yaml nestegg.key identity.txt; {stand.Nestegg} init --quiet --instance my-ente "
        + $"--repository {stand.Folder}/repository --new-identity identity.txt --identity-beside-repository --config nestegg.yaml";

    public static string Backup(BenchStand stand) =>
        $"{stand.Nestegg} backup --quiet --config nestegg.yaml --parallel {BenchStand.Parallel}";

    private static string Transfers => $"--transfers {BenchStand.Parallel} --checkers {BenchStand.Parallel}";

    /// <summary>As people do it today, for what rclone does not copy.</summary>
    private static string Dump(BenchStand stand) => $"pg_dump --format=custom --file=database.dump '{stand.Database()}'";

    private static Contender BackupContender(BenchStand stand) => new(Ours, Backup(stand), Init(stand));

    private static Contender RcloneContender(BenchStand stand) =>
        new(Rclone, $"rclone copy {Transfers} ceph:{stand.Bucket} fetched && {Dump(stand)}", $"{Aside("fetched")}; rm -f database.dump");

    private static Contender RcloneSyncContender(BenchStand stand) =>
        new(RcloneSync, $"rclone sync {Transfers} ceph:{stand.Bucket} fetched && {Dump(stand)}");

    private static Race StartUp(BenchStand stand) => new("Start-up", new Contender(Ours, $"{stand.Nestegg} --help")) { GoalSeconds = 0.15 };

    private static Race FirstBackup(BenchStand stand, params IReadOnlyList<(string, double)> goals) => new(
        "First backup",
        BackupContender(stand),
        new Contender(Bare, $"{stand.Self} download {stand.Endpoint} {stand.Bucket} {BenchStand.Parallel}"),
        new Contender(Hashed, $"{stand.Self} hash-download {stand.Endpoint} {stand.Bucket} {BenchStand.Parallel}"),
        RcloneContender(stand),
        new Contender(Restic, "restic -q backup fetched database.dump my-ente", $"{Aside("restic")}; restic -q init"),
        new Contender("borg", "borg create borg::a fetched database.dump my-ente", $"{Aside("borg")}; borg init -e none borg"))
    {
        Goals = goals,
    };

    private static Race FirstBackupOnce(BenchStand stand) =>
        new("First backup", BackupContender(stand), RcloneContender(stand)) { IsLong = true, GoalMegabytes = 200 };

    private static Race NothingNew(BenchStand stand) => new(
        NothingIsNew,
        new Contender(Ours, Backup(stand)),
        RcloneSyncContender(stand),
        new Contender(Restic, "restic -q backup fetched database.dump my-ente"));

    private static Race NothingNewInDatabase(BenchStand stand, double seconds, double megabytes) => new(
        NothingIsNew,
        new Contender(Ours, Backup(stand)),
        new Contender("pg_dump alone, not compressed", $"pg_dump --format=custom --compress=0 '{stand.Database()}' >/dev/null"))
    {
        GoalSeconds = seconds, GoalMegabytes = megabytes,
    };

    private static Race NothingNewOnce(BenchStand stand) =>
        new($"{NothingIsNew}, beside rclone", new Contender(Ours, Backup(stand)), RcloneSyncContender(stand))
        {
            IsLong = true, Goals = [(RcloneSync, 0.05)],
        };

    /// <summary>From a machine that has seen nothing of the repository before.</summary>
    private static Race FirstPhoto(BenchStand stand) => new(
        "First photo out of a cold repository",
        new Contender(
            Ours,
            $"{stand.Nestegg} export --quiet --repository repository --identity identity.txt --user {stand.Reader.Email} --password-file "
            + $"password --album \"{stand.ReaderAlbum}\" --to photo && ls photo/*/*.jpg",
            "rm -rf photo; sync; echo 3 > /proc/sys/vm/drop_caches || true"))
    {
        GoalSeconds = 10,
    };

    private static Race ReadBack(BenchStand stand) => new(
        "Reading everything back",
        Check(stand),
        new Contender("restic check --read-data", "restic -q check --read-data"),
        Sha256)
    {
        Goals = [("restic check --read-data", 0.5), (Sha256.Name, 1 / 0.85)],
    };

    /// <summary>The same where nobody else has read anything.</summary>
    private static Race ReadBackAlone(BenchStand stand) =>
        new("Reading everything back", Check(stand), Sha256) { Goals = [(Sha256.Name, 1 / 0.85)] };

    private static Contender Check(BenchStand stand) => new(Ours, $"{stand.Nestegg} check --read --quiet --config nestegg.yaml");

    private static Contender Sha256 { get; } =
        new("openssl sha256", $"find repository -type f -print0 | xargs -0 -P {Environment.ProcessorCount} -n 50 openssl dgst -sha256");

    private static Race ToFolder(BenchStand stand) => new(
        "Objects to a folder",
        new Contender(Ours, $"{stand.Nestegg} restore --quiet --repository repository --objects-to out-nestegg", Aside("out-nestegg")),
        new Contender("restic restore", "restic -q restore latest --target out-restic", Aside("out-restic")),
        new Contender(
            "so many bytes onto the disk", $"dd if=/dev/zero of=out-disk bs=1M count={stand.Data.Bytes >> 20} oflag=direct",
            "rm -f out-disk"))
    {
        Goals = [("restic restore", 0.5)],
    };

    /// <summary>Into an empty database and empty buckets. Ours also compares everything and audits the result.</summary>
    private static Race ToBuckets(BenchStand stand) => new(
        "Database and objects to new servers",
        new Contender(
            Ours,
            $"{stand.Nestegg} restore --quiet --repository repository --identity identity.txt --into my-ente-new --parallel "
            + $"{BenchStand.Parallel}",
            $"""
            rm -rf my-ente-new; cp -r my-ente my-ente-new
            sed -i 's/name: ente_db/name: ente_new/; s/bucket: .*/&-new/' my-ente-new/museum.yaml
            {NewDatabase(stand, "ente_new")}
            {NewBuckets}
            """),
        new Contender(
            Rclone,
            $"rclone copy {Transfers} fetched ceph:plain-new && pg_restore --no-owner "
            + $"--dbname='{stand.Database("ente_plain")}' database.dump",
            $"{NewDatabase(stand, "ente_plain")}\n{NewBuckets}"))
    {
        Goals = [(Rclone, 1)],
    };

    private static Race Prove(BenchStand stand) => new(
        "Proving",
        new Contender(
            Ours,
            $"{stand.Nestegg} prove --quiet --repository repository --identity identity.txt --user "
            + $"{stand.Owner.Email} --password-file password"),
        new Contender("libsodium on all cores", $"{stand.Self} decrypt {stand.Data.Bytes} {stand.Data.FileBytes.Count}"))
    {
        Goals = [("libsodium on all cores", 1 / 0.8)],
    };

    // Not removed before the stand is: for minutes after, ext4 looks at each inode that was freed before it makes a file, which took up to
    // half of a program's time.
    private static string Aside(string folder) => $"mkdir -p aside; [ ! -e {folder} ] || mv {folder} aside/{folder}-$(date +%s%N)";

    // The store keeps its objects in memory, so what another program has restored goes first.
    private static string NewBuckets =>
        "for bucket in plain-new $(sed -n 's/.*bucket: //p' my-ente-new/museum.yaml); do rclone purge ceph:$bucket 2>/dev/null || true; "
        + "rclone mkdir ceph:$bucket; done; sleep 25";

    private static string NewDatabase(BenchStand stand, string name) =>
        $"psql '{stand.ServerDatabase}' -q -c 'DROP DATABASE IF EXISTS {name}' -c 'CREATE DATABASE {name} OWNER pguser'";
}
