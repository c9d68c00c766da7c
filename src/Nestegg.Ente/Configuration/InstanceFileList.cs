namespace Nestegg.Ente.Configuration;

/// <summary>
/// Collects the files of a configuration; leaves out what belongs to other services, is not a small file, cannot be read, or is a link to
/// what is no part of the configuration.
/// </summary>
/// <param name="folder">The instance's folder.</param>
/// <param name="foreignFolders">Those that belong to other services.</param>
/// <param name="mounted">What compose gives museum, wherever it is: links may lead there, and within the folder.</param>
/// <param name="cancellationToken">A folder can be large, or on a disk that is slow.</param>
internal sealed class InstanceFileList(
    string folder, IReadOnlyList<string> foreignFolders, IEnumerable<string> mounted, CancellationToken cancellationToken)
{
    // A folder of certificates and price lists is small too; a larger one is a store of something else.
    private const long LargestFolderBytes = 32 << 20;

    private readonly SortedDictionary<string, InstanceFile> files = new(StringComparer.Ordinal);
    private readonly List<SkippedFile> skipped = [];
    private readonly List<string> places = [.. mounted.Prepend(folder).Select(LinkedPath.Resolve).OfType<string>()];
    private readonly HashSet<string> walked = new(StringComparer.Ordinal);

    public (IReadOnlyList<InstanceFile> Files, IReadOnlyList<SkippedFile> Skipped) Collect(
        IEnumerable<(string Name, string? Path)> single, IEnumerable<(string Name, string Path)> folders)
    {
        foreach (var (name, path) in single)
        {
            if (File.Exists(path))
            {
                var relative = RelativePath(path, name);

                // Two files from elsewhere can have one name; neither takes the other's place.
                var isTaken = files.TryGetValue(relative, out var other) && other.FullPath != Resolved(path);
                Add(isTaken ? "elsewhere" + path.Replace(Path.DirectorySeparatorChar, '/') : relative, new FileInfo(path));
            }
        }

        foreach (var (name, path) in folders)
        {
            if (Directory.Exists(path))
            {
                AddFolder(RelativePath(path, name), path);
            }
        }

        return ([.. files.Values], skipped);
    }

    private void AddFolder(string relativePath, string path)
    {
        var before = files.Keys.ToHashSet();
        if (LeadsOut(new DirectoryInfo(path)) is { } reason)
        {
            skipped.Add(new SkippedFile(relativePath, reason));
            return;
        }

        Walk(relativePath, new DirectoryInfo(path));
        var added = files.Where(file => !before.Contains(file.Key)).ToList();
        var size = added.Sum(file => file.Value.SizeBytes);
        if (size > LargestFolderBytes)
        {
            added.ForEach(file => files.Remove(file.Key));
            skipped.Add(new SkippedFile(relativePath, $"{size:N0} bytes are too many for a folder of a configuration"));
        }
    }

    private void Walk(string relativePath, DirectoryInfo directory)
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
                var path = $"{relativePath}/{item.Name}";
                if (LeadsOut(item) is { } reason)
                {
                    skipped.Add(new SkippedFile(path, reason));
                }
                else if (Directory.Exists(item.FullName))
                {
                    Walk(path, new DirectoryInfo(Resolved(item.FullName)));
                }
                else
                {
                    Add(path, new FileInfo(item.FullName));
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

    private void Add(string relativePath, FileInfo file)
    {
        if (relativePath.Any(c => c == '\\' || char.IsControl(c)))
        {
            // Readers of tars differ in what they make of such a name, or read no further.
            skipped.Add(new SkippedFile(relativePath, "its name holds a backslash, a line end or another control character"));
            return;
        }

        using var handle = ConfigurationText.TryOpen(file.FullName, out var reason);
        if (handle is null)
        {
            skipped.Add(new SkippedFile(relativePath, reason));
        }
        else
        {
            files.TryAdd(relativePath, new InstanceFile(relativePath, Resolved(file.FullName), RandomAccess.GetLength(handle)));
        }
    }

    private static string Resolved(string path) => LinkedPath.Resolve(path) ?? path;

    private string RelativePath(string path, string nameElsewhere)
    {
        var relative = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
        return relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? nameElsewhere : relative;
    }
}
