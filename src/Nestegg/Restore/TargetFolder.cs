using System.Globalization;
using System.Text;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Scratch;
using Nestegg.Snapshots;

namespace Nestegg.Restore;

/// <summary>
/// The folder that <c>--into</c> names: what is there, what the restore will write, and where the instance's database and buckets are. Owns
/// the saved configuration.
/// </summary>
internal sealed class TargetFolder : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode FolderMode = Private | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

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
    public PlannedFolder Planned => new(Folder, IsNew, [.. NewFiles], [.. Merge?.Changes ?? []]);

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
            await WriteFileAsync(Folder, Path.Join(Folder, file.RelativePath), file.Content, Private, cancellationToken);
        }

        if (files.Count > 0)
        {
            done.Add($"{files.Count} files written to {Folder}");
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
        return new TargetFolder(folder, saved, old, files, Path.Join(folder, name)) { Configuration = old };
    }

    private static TargetFolder OfInstance(string folder, SavedConfiguration saved, bool isBesideProduction)
    {
        var present = ReadInstance(folder);
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

        return new TargetFolder(folder, saved, old, [.. Missing(folder, saved, isBesideProduction)], museumYaml)
        {
            Configuration = present.Configuration,
            Merge = merge,
            MuseumImage = present.MuseumImage,
        };
    }

    // What the old instance had besides settings: certificates, service accounts, price lists. Only what the new one lacks.
    private static IEnumerable<SavedFile> Missing(string folder, SavedConfiguration saved, bool isBesideProduction) =>
        saved.Files.Where(file =>
            (file.RelativePath.StartsWith("credentials/", StringComparison.Ordinal)
                || file.RelativePath.StartsWith("data/", StringComparison.Ordinal))
            && !(isBesideProduction && Path.GetFileName(file.RelativePath) == "fcm-service-account.json")
            && !File.Exists(Path.Join(folder, file.RelativePath)));

    // Two quickstarts have the same host names in networks of their own, but never the same password or key.
    private static void RefuseProduction(string museumYaml, MuseumConfiguration present, MuseumConfiguration old)
    {
        var (own, production) = (DatabaseSettings.From(present), DatabaseSettings.From(old));
        var shared = own.Endpoint == production.Endpoint && own.Name == production.Name && own.Password == production.Password
            ? "the database"
            : null;
        foreach (var slot in MuseumKeys.SlotNames)
        {
            string[] keys = [$"s3.{slot}.endpoint", $"s3.{slot}.bucket", $"s3.{slot}.key", $"s3.{slot}.secret"];
            if (present.Text($"s3.{slot}.bucket").Length > 0 && keys.All(key => present.Text(key) == old.Text(key)))
            {
                shared ??= $"the bucket in {slot}";
            }
        }

        if (shared is not null)
        {
            throw new NesteggException(
                FailureKind.BadInput,
                $"{museumYaml} names {shared} that production uses, with the same credentials, and --beside-production forbids that",
                "give the copy a database, buckets and credentials of its own");
        }
    }

    private static InstanceFolder ReadInstance(string folder)
    {
        var present = InstanceFolder.Read(folder);
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
        var written = InstanceFolder.Read(new InstanceLocation(Folder) { MuseumYaml = museumYaml });
        var text = await File.ReadAllTextAsync(museumYaml, cancellationToken);
        var added = new List<string>();
        foreach (var setting in Old.Settings().Where(setting => written.Configuration.Text(setting.Key) != setting.Text))
        {
            text = YamlEdit.Set(text, setting.Key, YamlEdit.Render(setting));
            added.Add(setting.Key);
        }

        if (added.Count > 0)
        {
            await WriteMuseumYamlAsync(museumYaml, Encoding.UTF8.GetBytes(text), ModeOf(museumYaml), cancellationToken);
        }

        // Above all what the compose file mounts from outside its folder: the restore writes nowhere else than where it was told to.
        return
        [
            .. added.Take(1).Select(_ => $"museum.yaml takes in what came from the old machine's environment: {string.Join(", ", added)}"),
            .. InstanceFolder.Read(Folder).Absent.Select(file => $"move to its place before the first start: {file}"),
        ];
    }

    private async Task<IReadOnlyList<string>> ReplaceMuseumYamlAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var done = new List<string>();
        var mode = Private;
        if (File.Exists(museumYaml))
        {
            mode = ModeOf(museumYaml);
            var aside = $"{museumYaml}.before-restore-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";
            await WriteMuseumYamlAsync(aside, await File.ReadAllBytesAsync(museumYaml, cancellationToken), mode, cancellationToken);
            done.Add($"the museum.yaml that was there is kept as {Path.GetFileName(aside)}");
        }

        await WriteMuseumYamlAsync(museumYaml, Encoding.UTF8.GetBytes(Merge!.Text), mode, cancellationToken);
        done.Add($"{Merge.Changes.Count} settings of the old instance put into {museumYaml}");
        return done;
    }

    private static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? Private : File.GetUnixFileMode(path);

    // It lies where the compose file mounts it from, which need not be in the folder.
    private static Task WriteMuseumYamlAsync(
        string path, ReadOnlyMemory<byte> content, UnixFileMode mode, CancellationToken cancellationToken) =>
        WriteFileAsync(Path.GetDirectoryName(path)!, path, content, mode, cancellationToken);

    /// <param name="root">Must exist; below it no link is followed.</param>
    private static async Task WriteFileAsync(
        string root, string path, ReadOnlyMemory<byte> content, UnixFileMode mode, CancellationToken cancellationToken)
    {
        using var parent = HeldFolder.Make(root, Path.GetRelativePath(root, Path.GetDirectoryName(path)!), FolderMode);
        var temporary = parent.PathOf($"{Path.GetFileName(path)}.nestegg-part");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Private;
        }

        try
        {
            // One that a killed run left; were it a link, what is written would be elsewhere.
            File.Delete(temporary);
            await using (var file = new FileStream(temporary, options))
            {
                await file.WriteAsync(content, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, mode);
            }

            File.Move(temporary, parent.PathOf(Path.GetFileName(path)), overwrite: true);
        }
        catch
        {
            // It may hold the instance's secrets.
            Leftover.Remove(temporary);
            throw;
        }
    }
}
