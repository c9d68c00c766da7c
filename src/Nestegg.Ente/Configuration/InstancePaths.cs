namespace Nestegg.Ente.Configuration;

/// <summary>
/// The paths of the host that a configuration names. How each was written tells where the same words lead on another machine: a relative
/// path goes along with the folder, an absolute one stays what it is.
/// </summary>
internal sealed class InstancePaths(InstanceLocation location)
{
    private readonly HashSet<string> absolute = new(StringComparer.Ordinal);
    private readonly SortedSet<string> usedStandIns = new(StringComparer.Ordinal);
    private readonly (string Place, string StandIn)[] standIns =
        [.. location.StandIns.Select(entry => (entry.Key, entry.Value)).OrderByDescending(entry => entry.Key.Length)];

    /// <summary>The instance's folder as a full path.</summary>
    public string Folder => location.Folder;

    /// <summary>The places of stand-ins that were read.</summary>
    public IReadOnlyCollection<string> UsedStandIns => usedStandIns;

    /// <summary>The full path of what is written in a file whose relative paths start from <paramref name="from"/>.</summary>
    public string FullPath(string written, string from)
    {
        var isHome = written.StartsWith('~');
        var path = isHome
            ? Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), written[1..])
            : Path.GetFullPath(written, from);
        if (isHome || Path.IsPathRooted(written) || IsAbsolute(from))
        {
            absolute.Add(path);
        }

        return path;
    }

    /// <summary>A path that leads into the folder without the links that the folder's own path has, as a path below the folder.</summary>
    public string WithinFolder(string path) =>
        IsOutside(path) && LinkedPath.Resolve(Folder) is { } real && real != Folder && LinkedPath.IsWithin(path, real)
            ? Path.Join(Folder, path[real.Length..])
            : path;

    /// <summary>The full path of a file that the location, or a variable, names.</summary>
    /// <exception cref="EnteException">It is not there.</exception>
    public string Existing(string written)
    {
        var path = location.Existing(written);
        return IsOutside(path) ? FullPath(written, Folder) : path;
    }

    /// <inheritdoc cref="InstanceLocation.Named"/>
    public string Named(string path) => location.Named(path);

    /// <summary>What the relative paths in a compose file start from.</summary>
    public string FolderOf(string composeFile)
    {
        var folder = Path.GetDirectoryName(composeFile)!;
        if (IsOutside(folder) && IsAbsolute(composeFile))
        {
            absolute.Add(folder);
        }

        return folder;
    }

    /// <summary>Where a file is now: there, or, when it is not in its place yet, where its stand-in is.</summary>
    public string Present(string path)
    {
        foreach (var (place, standIn) in standIns.Where(entry => LinkedPath.IsWithin(path, entry.Place)))
        {
            if (standIn + path[place.Length..] is var present && Path.Exists(present))
            {
                usedStandIns.Add(place);
                return present;
            }
        }

        return path;
    }

    /// <summary>
    /// Where the configuration looks for a file, with <c>/</c> between parts: absolute where it was written so, else relative to the
    /// folder.
    /// </summary>
    public string PlaceOf(string path) => (IsAbsolute(path) ? path : Path.GetRelativePath(Folder, path)).Replace('\\', '/');

    public bool IsOutside(string path) =>
        Path.GetRelativePath(Folder, path) is var relative
        && (relative == ".." || relative.StartsWith($"..{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            || Path.IsPathRooted(relative));

    // The root of the disk, mounted for whatever reason, says nothing of what is in the folder.
    private bool IsAbsolute(string path) =>
        absolute.Any(written => LinkedPath.IsWithin(path, written) && !LinkedPath.IsWithin(Folder, written));
}
