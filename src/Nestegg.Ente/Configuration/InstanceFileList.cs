namespace Nestegg.Ente.Configuration;

/// <summary>
/// Collects the files of a configuration; leaves out what belongs to other services, is not a small file, or cannot be read.
/// </summary>
internal sealed class InstanceFileList(string folder, IReadOnlyList<string> foreignFolders)
{
    // Settings, certificates and price lists are kilobytes. What is larger got there by accident.
    private const long LargestFileBytes = 16 << 20;

    private readonly SortedDictionary<string, InstanceFile> files = new(StringComparer.Ordinal);
    private readonly List<SkippedFile> skipped = [];

    public (IReadOnlyList<InstanceFile> Files, IReadOnlyList<SkippedFile> Skipped) Collect(
        IEnumerable<(string Name, string? Path)> single, IEnumerable<(string Name, string Path)> folders)
    {
        foreach (var (name, path) in single)
        {
            if (File.Exists(path))
            {
                Add(RelativePath(path, name), new FileInfo(path));
            }
        }

        foreach (var (name, path) in folders)
        {
            if (Directory.Exists(path))
            {
                Walk(RelativePath(path, name), new DirectoryInfo(path));
            }
        }

        return ([.. files.Values], skipped);
    }

    private void Walk(string relativePath, DirectoryInfo directory)
    {
        if (foreignFolders.Any(foreign => foreign.TrimEnd('/') == directory.FullName.TrimEnd('/')))
        {
            skipped.Add(new SkippedFile(relativePath, "it belongs to another service of the compose file"));
            return;
        }

        try
        {
            foreach (var item in directory.EnumerateFileSystemInfos())
            {
                var path = $"{relativePath}/{item.Name}";
                if (item is DirectoryInfo { LinkTarget: null } child)
                {
                    Walk(path, child);
                }
                else if (File.Exists(item.FullName))
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

    private void Add(string relativePath, FileInfo file)
    {
        var size = (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length;
        if (relativePath.Any(c => c == '\\' || char.IsControl(c)))
        {
            // Readers of tars differ in what they make of such a name, or read no further.
            skipped.Add(new SkippedFile(relativePath, "its name holds a backslash, a line end or another control character"));
        }
        else if (size > LargestFileBytes)
        {
            skipped.Add(new SkippedFile(relativePath, $"{size:N0} bytes are too many for a file of a configuration"));
        }
        else
        {
            files.TryAdd(relativePath, new InstanceFile(relativePath, file.FullName, size));
        }
    }

    private string RelativePath(string path, string nameElsewhere)
    {
        var relative = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
        return relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? nameElsewhere : relative;
    }
}
