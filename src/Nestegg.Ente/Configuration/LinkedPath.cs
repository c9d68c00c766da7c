namespace Nestegg.Ente.Configuration;

/// <summary>Where a path leads when every link on its way is followed.</summary>
internal static class LinkedPath
{
    // As many as Linux follows.
    private const int MostLinks = 40;

    /// <returns>The full path without links; <see langword="null"/> when nothing is there, or the links go in a circle.</returns>
    public static string? Resolve(string path)
    {
        var links = 0;
        var left = new Stack<string>(Parts(Path.GetFullPath(path)));
        var reached = Path.GetPathRoot(Path.GetFullPath(path))!;
        while (left.TryPop(out var part))
        {
            var next = Path.GetFullPath(part, reached);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                reached = next;
                continue;
            }

            if (++links > MostLinks)
            {
                return null;
            }

            // Part by part, because `..` after a link goes up from where the link leads.
            reached = Path.IsPathRooted(target) ? Path.GetPathRoot(target)! : reached;
            foreach (var step in Parts(target))
            {
                left.Push(step);
            }
        }

        return Path.Exists(reached) ? reached : null;
    }

    /// <summary>Whether a path is a folder or is in it; both without links.</summary>
    public static bool IsWithin(string path, string folder) =>
        path == folder
        || path.StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // The last first, as a stack is filled.
    private static IEnumerable<string> Parts(string path) =>
        path[Path.GetPathRoot(path)!.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse();
}
