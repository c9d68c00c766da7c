namespace Nestegg.Ente.Configuration;

/// <summary>
/// Collects the files of a configuration; leaves out what belongs to other services, is not a small file, cannot be read, or is a link to
/// what is no part of the configuration.
/// </summary>
/// <param name="paths">Those of the instance.</param>
/// <param name="foreignFolders">Those that belong to other services.</param>
/// <param name="mounted">What compose gives museum, wherever it is: links may lead there, and within the folder.</param>
/// <param name="cancellationToken">A folder can be large, or on a disk that is slow.</param>
internal sealed class InstanceFileList(
    InstancePaths paths, IReadOnlyList<string> foreignFolders, IEnumerable<string> mounted, CancellationToken cancellationToken)
{
    // A folder of certificates and price lists is small too; a larger one is a store of something else.
    private const long LargestFolderBytes = 32 << 20;

    private readonly SortedDictionary<string, InstanceFile> files = new(StringComparer.Ordinal);
    private readonly List<(string Name, string Path)> outsideFolders = [];
    private readonly List<SkippedFile> skipped = [];
    private readonly List<string> places = [.. mounted.Prepend(paths.Folder).Select(LinkedPath.Resolve).OfType<string>()];
    private readonly HashSet<string> walked = new(StringComparer.Ordinal);

    /// <param name="single">Files, some with the name that they have in a copy of the folder wherever they are.</param>
    /// <param name="folders">Folders, with that name.</param>
    public (IReadOnlyList<InstanceFile> Files, IReadOnlyList<SkippedFile> Skipped) Collect(
        IReadOnlyCollection<(string? Name, string Path)> single, IEnumerable<(string Name, string Path)> folders)
    {
        var there = single.Where(file => File.Exists(file.Path)).ToList();

        // What is in the folder keeps its name, whatever else would be called so; and what is in a folder is told of with it.
        there.FindAll(file => !paths.IsOutside(file.Path)).ForEach(AddSingle);
        foreach (var (name, path) in folders.Where(folder => Directory.Exists(folder.Path)))
        {
            var relative = NameOf(path, name);
            AddFolder(relative, path, PlaceOf(relative, path));
            if (paths.IsOutside(path))
            {
                outsideFolders.Add((relative, path));
            }
        }

        there.FindAll(file => paths.IsOutside(file.Path) && !IsInOutsideFolder(file.Path)).ForEach(AddSingle);
        return ([.. files.Values], skipped);
    }

    private bool IsInOutsideFolder(string path) =>
        outsideFolders.Any(
            folder => LinkedPath.IsWithin(path, folder.Path) && files.ContainsKey(folder.Name + path[folder.Path.TrimEnd('/').Length..]));

    private void AddSingle((string? Name, string Path) file)
    {
        var relative = NameOf(file.Path, file.Name);
        Add(relative, new FileInfo(file.Path), PlaceOf(relative, file.Path));
    }

    private void AddFolder(string relativePath, string path, InstancePlace? place)
    {
        var before = files.Keys.ToHashSet();
        if (LeadsOut(new DirectoryInfo(path)) is { } reason)
        {
            skipped.Add(new SkippedFile(relativePath, reason));
            return;
        }

        Walk(relativePath, new DirectoryInfo(path), place);
        var added = files.Where(file => !before.Contains(file.Key)).ToList();
        var size = added.Sum(file => file.Value.SizeBytes);
        if (size > LargestFolderBytes)
        {
            added.ForEach(file => files.Remove(file.Key));
            skipped.Add(new SkippedFile(
                relativePath, $"{Counted.Of(size, "byte is", "bytes are")} too many for a folder of a configuration"));
        }
    }

    private void Walk(string relativePath, DirectoryInfo directory, InstancePlace? place)
    {
        if (foreignFolders.Any(foreign => foreign.TrimEnd('/') == directory.FullName.TrimEnd('/')))
        {
            skipped.Add(new SkippedFile(relativePath, "it belongs to another service of the compose file"));
            return;
        }

        if (!walked.Add(Resolved(directory.FullName)))
        {
            skipped.Add(new SkippedFile(relativePath, "its files are taken under the folder's other name"));
            return;
        }

        try
        {
            if (IsStore(directory.FullName))
            {
                skipped.Add(new SkippedFile(relativePath, "it holds the files of a database or of an object store"));
                return;
            }

            foreach (var item in directory.EnumerateFileSystemInfos())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var path = relativePath == "." ? item.Name : $"{relativePath}/{item.Name}";
                if (LeadsOut(item) is { } reason)
                {
                    skipped.Add(new SkippedFile(path, reason));
                }
                else if (Directory.Exists(item.FullName))
                {
                    Walk(path, new DirectoryInfo(Resolved(item.FullName)), place);
                }
                else
                {
                    Add(path, new FileInfo(item.FullName), place);
                }
            }
        }
        catch (UnauthorizedAccessException)
        {
            skipped.Add(new SkippedFile(relativePath, "it may not be read"));
        }
    }

    // A file of another program, or of the system, does not become a part of the configuration by a link to it.
    private string? LeadsOut(FileSystemInfo item) =>
        item.LinkTarget is not { } target
            ? null
            : LinkedPath.Resolve(item.FullName) is not { } reached
                ? $"it is a link to {target}, where nothing is"
                : places.Exists(place => LinkedPath.IsWithin(reached, place))
                    ? null
                    : $"it is a link to {reached}, which is outside of the instance's folder, and compose does not mount it for museum";

    // PostgreSQL's data folder, and MinIO's.
    private static bool IsStore(string folder) =>
        File.Exists(Path.Join(folder, "PG_VERSION")) || Directory.Exists(Path.Join(folder, ".minio.sys"));

    private void Add(string relativePath, FileInfo file, InstancePlace? place)
    {
        var fullPath = Resolved(file.FullName);
        if (relativePath.Any(c => c == '\\' || char.IsControl(c)))
        {
            // Readers of tars differ in what they make of such a name, or read no further.
            skipped.Add(new SkippedFile(relativePath, "its name holds a backslash, a line end or another control character"));
            return;
        }

        if (files.TryGetValue(relativePath, out var other))
        {
            if (other.FullPath != fullPath)
            {
                var free = FreeName(file.FullName);
                Add(free, file, PlaceOf(free, file.FullName));
            }

            return;
        }

        using var handle = ConfigurationText.TryOpen(file.FullName, out var reason);
        if (handle is null)
        {
            skipped.Add(new SkippedFile(relativePath, reason));
        }
        else
        {
            files.Add(relativePath, new InstanceFile(relativePath, fullPath, RandomAccess.GetLength(handle)) { Place = place });
        }
    }

    private static string Resolved(string path) => LinkedPath.Resolve(path) ?? path;

    private string NameOf(string path, string? elsewhere) =>
        !paths.IsOutside(path) ? Path.GetRelativePath(paths.Folder, path).Replace(Path.DirectorySeparatorChar, '/')
        : elsewhere is not null && !IsTaken(elsewhere) ? elsewhere
        : FreeName(path);

    // `elsewhere/srv/secrets/.env`, or `elsewhere/up/secrets/.env` for `../secrets/.env`.
    private string FreeName(string path)
    {
        var place = paths.PlaceOf(path);
        var steps = place.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(step => step == ".." ? "up" : step);
        var rest = string.Join('/', steps);
        var name = $"elsewhere/{rest}";
        for (var number = 2; IsTaken(name); number++)
        {
            name = $"elsewhere-{number}/{rest}";
        }

        return name;
    }

    private bool IsTaken(string name) =>
        files.Keys.Any(
            other => other == name
                || other.StartsWith(name + "/", StringComparison.Ordinal) || name.StartsWith(other + "/", StringComparison.Ordinal));

    private InstancePlace? PlaceOf(string relativePath, string path) =>
        paths.PlaceOf(path) is var place && place != relativePath ? new InstancePlace(relativePath, place) : null;
}
