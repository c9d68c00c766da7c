using System.Globalization;
using System.Text;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Snapshots;

namespace Nestegg.Restore;

/// <summary>
/// The folder that <c>--into</c> names: what is there, what the restore will write, and where the instance's database and buckets are. Owns
/// the saved configuration.
/// </summary>
internal sealed class TargetFolder : IDisposable
{
    private readonly SavedConfiguration saved;
    private readonly IReadOnlyList<SavedFile> files;
    private readonly string museumYaml;

    private TargetFolder(
        string folder, SavedConfiguration saved, MuseumConfiguration old, IReadOnlyList<SavedFile> files, string museumYaml)
    {
        Folder = folder;
        Old = old;
        this.saved = saved;
        this.files = files;
        this.museumYaml = museumYaml;
    }

    /// <summary>The folder as a full path.</summary>
    public string Folder { get; }

    /// <summary>The folder is absent or empty, and gets the old configuration as it was.</summary>
    public bool IsNew => Merge is null;

    /// <summary>What museum saw when the snapshot was taken.</summary>
    public MuseumConfiguration Old { get; }

    /// <summary>Where the restored instance's database and buckets are.</summary>
    public required MuseumConfiguration Configuration { get; init; }

    /// <summary>The old secrets and settings put into the new museum.yaml; <see langword="null"/> for a new folder.</summary>
    public ConfigurationMerge? Merge { get; private init; }

    /// <summary>The museum of the new instance, where its compose file names one.</summary>
    public string? MuseumImage { get; private init; }

    /// <summary>The paths of the files that the restore adds, relative to the folder.</summary>
    public IEnumerable<string> NewFiles => files.Select(file => file.RelativePath);

    /// <summary>What a plan says of it.</summary>
    public PlannedFolder Planned => new(Folder, IsNew, [.. NewFiles], [.. Merge?.Changes ?? []]) { Moves = Moves };

    /// <summary>What the configuration looks for outside of the folder, and is kept in it: sorted, so that each finds its folder.</summary>
    public IReadOnlyList<PlannedMove> Moves { get; private init; } = [];

    /// <summary>Whether museum.yaml changes; the old one is kept aside.</summary>
    public bool ChangesMuseumYaml => Merge is { Changes.Count: > 0 };

    public IReadOnlyList<Finding> Findings => Merge?.Findings ?? [];

    /// <summary>Reads the folder and decides; writes nothing.</summary>
    /// <param name="saved">Disposed with the result, or at once when there is none.</param>
    /// <exception cref="NesteggException">The folder holds something else than an instance.</exception>
    public static TargetFolder Inspect(string folder, SavedConfiguration saved, bool isBesideProduction)
    {
        try
        {
            var full = Path.GetFullPath(folder);
            return Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()
                ? OfInstance(full, saved, isBesideProduction)
                : OfEmpty(full, saved, isBesideProduction);
        }
        catch
        {
            saved.Dispose();
            throw;
        }
    }

    /// <summary>Zeroes the saved configuration.</summary>
    public void Dispose() => saved.Dispose();

    /// <summary>Writes the configuration. Each file appears whole; a second time changes nothing.</summary>
    /// <returns>What was done, a sentence for each.</returns>
    public async Task<IReadOnlyList<string>> WriteAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var done = new List<string>();
        Directory.CreateDirectory(Folder);
        foreach (var file in files)
        {
            await WholeFile.WriteAsync(
                Folder, Path.Join(Folder, file.RelativePath), file.Content, WholeFile.Private, cancellationToken);
        }

        if (files.Count > 0)
        {
            done.Add($"{Counted.Of(files.Count, "file")} written to {Folder}");
        }

        if (IsNew)
        {
            done.AddRange(await CompleteAsync(cancellationToken));
        }
        else if (ChangesMuseumYaml)
        {
            done.AddRange(await ReplaceMuseumYamlAsync(now, cancellationToken));
        }

        return done;
    }

    private static TargetFolder OfEmpty(string folder, SavedConfiguration saved, bool isBesideProduction)
    {
        if (isBesideProduction)
        {
            throw new NesteggException(
                FailureKind.BadInput,
                $"{folder} is empty, so it would get production's own configuration, with production's database and buckets, "
                + "and --beside-production forbids that",
                "run Ente's quickstart there first (it makes a museum.yaml with a database and buckets of its own), or leave "
                + "--beside-production out");
        }

        const string name = "museum.yaml";
        var old = saved.Effective;
        IReadOnlyList<SavedFile> files = saved.Files.Any(file => file.RelativePath == name)
            ? saved.Files
            : [.. saved.Files, new SavedFile(name, Encoding.UTF8.GetBytes(saved.EffectiveYaml))];
        return new TargetFolder(folder, saved, old, files, Path.Join(folder, name))
        {
            Configuration = old,
            Moves = MovesOf(folder, saved.Places, saved.Files),
        };
    }

    private static IReadOnlyList<PlannedMove> MovesOf(
        string folder, IEnumerable<InstancePlace> places, IReadOnlyCollection<SavedFile> files) =>
        [
            .. places.Select(place => PlannedMove.Of(folder, place, files)).OfType<PlannedMove>()
                .OrderBy(move => move.To, StringComparer.Ordinal),
        ];

    private static Dictionary<string, string> StandIns(string folder, IEnumerable<InstancePlace> places) =>
        places.DistinctBy(place => place.Place)
            .ToDictionary(place => Path.GetFullPath(place.Place, folder), place => Path.GetFullPath(place.RelativePath, folder));

    private static TargetFolder OfInstance(string folder, SavedConfiguration saved, bool isBesideProduction)
    {
        // What an earlier run has put into the folder and nobody has moved yet.
        var kept = saved.Places.Where(place => !Path.Exists(Path.GetFullPath(place.Place, folder))).ToList();
        var present = ReadInstance(new InstanceLocation(folder) { StandIns = StandIns(folder, kept) });
        var old = saved.Effective;
        var museumYaml = present.MuseumYaml ?? Path.Join(folder, "museum.yaml");
        if (new FileInfo(museumYaml).LinkTarget is not null)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"{museumYaml} is a link, and a restore writes through none",
                "put the file itself there, or have the compose file mount it from where it lies");
        }

        var text = present.MuseumYaml is null ? "" : File.ReadAllText(museumYaml);
        var merge = ConfigurationMerge.Of(text, present.Configuration, old, isBesideProduction);
        if (isBesideProduction)
        {
            RefuseProduction(museumYaml, present.Configuration, old);
        }

        var (missing, places) = Missing(present, saved, isBesideProduction);
        var used = kept.Where(place => present.UsedStandIns.Contains(Path.GetFullPath(place.Place, folder)));
        return new TargetFolder(folder, saved, old, missing, museumYaml)
        {
            Configuration = present.Configuration,
            Merge = merge,
            MuseumImage = present.MuseumImage,
            Moves = MovesOf(folder, places.Concat(used).DistinctBy(place => place.RelativePath), saved.Files),
        };
    }

    // What the old instance had besides settings: certificates, service accounts, price lists. Only what the new one lacks, and where its
    // own compose file has them mounted from.
    private static (IReadOnlyList<SavedFile> Files, IReadOnlyList<InstancePlace> Places) Missing(
        InstanceFolder present, SavedConfiguration saved, bool isBesideProduction)
    {
        var files = new List<SavedFile>();
        var places = new List<InstancePlace>();
        foreach (var (name, path) in present.Folders)
        {
            var inside = Path.GetRelativePath(present.Folder, path);
            var isOutside = !LinkedPath.IsWithin(path, present.Folder);
            var below = saved.Files.Where(file => file.RelativePath.StartsWith(name + "/", StringComparison.Ordinal)
                && !(isBesideProduction && Path.GetFileName(file.RelativePath) == "fcm-service-account.json")
                && !File.Exists(path + file.RelativePath[name.Length..])).ToList();
            files.AddRange(below.Select(file => isOutside ? file : file with { RelativePath = inside + file.RelativePath[name.Length..] })
                .Where(file => !File.Exists(Path.Join(present.Folder, file.RelativePath))));
            places.AddRange(isOutside && below.Count > 0 ? [new InstancePlace(name, path)] : []);
        }

        return (files, places);
    }

    private static void RefuseProduction(string museumYaml, MuseumConfiguration present, MuseumConfiguration old)
    {
        if (ProductionCredentials.SharedBy(present, old) is { } shared)
        {
            throw new NesteggException(
                FailureKind.BadInput,
                $"{museumYaml} names {shared}, which production uses with the same credentials, and --beside-production forbids that",
                "give the copy a database, buckets and credentials of its own");
        }
    }

    private static InstanceFolder ReadInstance(InstanceLocation location)
    {
        var (folder, present) = (location.Folder, InstanceFolder.Read(location));
        if (present.IsMuseumYamlADirectory)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"museum.yaml in {folder} is a directory, which is what Docker makes of a missing file",
                "stop the containers, remove the directory and make the file: Ente's quickstart writes one");
        }

        if (present.MuseumYaml is null && present.CredentialsYaml is null && present.ComposeFiles.Count == 0)
        {
            throw new NesteggException(
                FailureKind.BadInput,
                $"{folder} holds files, but neither museum.yaml nor compose.yaml: it is no folder of an Ente instance",
                "name the folder that Ente's quickstart made on this machine, or one that is empty or absent");
        }

        return present;
    }

    // Settings that came from the environment of the old machine are in no file; museum.yaml takes them in.
    private async Task<IReadOnlyList<string>> CompleteAsync(CancellationToken cancellationToken)
    {
        var location = new InstanceLocation(Folder) { StandIns = StandIns(Folder, saved.Places) };
        var written = InstanceFolder.Read(location);
        var path = LinkedPath.IsWithin(written.MuseumYaml ?? "", Folder) ? written.MuseumYaml! : museumYaml;
        written = InstanceFolder.Read(location with { MuseumYaml = path });
        var text = await File.ReadAllTextAsync(path, cancellationToken);
        var added = new List<string>();
        foreach (var setting in Old.Settings().Where(setting => written.Configuration.Text(setting.Key) != setting.Text))
        {
            text = YamlEdit.Set(text, setting.Key, YamlEdit.Render(setting));
            added.Add(setting.Key);
        }

        if (added.Count > 0)
        {
            await WriteMuseumYamlAsync(path, Encoding.UTF8.GetBytes(text), ModeOf(path), cancellationToken);
        }

        // An older snapshot does not say where its files from outside the folder belong; the compose file does.
        return
        [
            .. added.Take(1).Select(_ => $"museum.yaml takes in what came from the old machine's environment: {string.Join(", ", added)}"),
            .. Moves.Select(move => $"move to its place before the first start: {move.From}, to {move.To}"),
            .. InstanceFolder.Read(location).Absent.Select(file => $"move to its place before the first start: {file}"),
        ];
    }

    private async Task<IReadOnlyList<string>> ReplaceMuseumYamlAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var done = new List<string>();
        var mode = WholeFile.Private;
        if (File.Exists(museumYaml))
        {
            mode = ModeOf(museumYaml);
            var aside = $"{museumYaml}.before-restore-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";
            await WriteMuseumYamlAsync(aside, await File.ReadAllBytesAsync(museumYaml, cancellationToken), mode, cancellationToken);
            done.Add($"the museum.yaml that was there is kept as {Path.GetFileName(aside)}");
        }

        await WriteMuseumYamlAsync(museumYaml, Encoding.UTF8.GetBytes(Merge!.Text), mode, cancellationToken);
        done.Add($"{Counted.Of(Merge.Changes.Count, "setting")} of the old instance put into {museumYaml}");
        return done;
    }

    private static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? WholeFile.Private : File.GetUnixFileMode(path);

    // It lies where the compose file mounts it from, which need not be in the folder.
    private static Task WriteMuseumYamlAsync(
        string path, ReadOnlyMemory<byte> content, UnixFileMode mode, CancellationToken cancellationToken) =>
        WholeFile.WriteAsync(Path.GetDirectoryName(path)!, path, content, mode, cancellationToken);
}
