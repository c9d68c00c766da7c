namespace Nestegg.Server.S3;

/// <summary>
/// Walks a bucket's folder in the order of its keys. Memory: the names of the folders on the way to the current file, so a
/// folder of a million files costs about a hundred bytes for each while the walk is in it.
/// </summary>
internal sealed class KeyWalk
{
    private readonly string prefix;
    private readonly string after;
    private readonly Stack<Level> levels = new();
    private string? skipped;

    /// <param name="folder">The bucket's folder.</param>
    /// <param name="prefix">Only keys that start with this byte string.</param>
    /// <param name="after">Only keys that come after this byte string.</param>
    public KeyWalk(string folder, string prefix, string after)
    {
        this.prefix = prefix;
        this.after = after;
        Enter(folder, "");
    }

    /// <summary>The current key, as a byte string.</summary>
    public string Key { get; private set; } = "";

    /// <summary>The current key's file.</summary>
    public string Path { get; private set; } = "";

    public bool MoveNext()
    {
        while (levels.TryPeek(out var level))
        {
            if (level.Next == level.Entries.Length || (skipped is not null && level.Key.StartsWith(skipped, StringComparison.Ordinal)))
            {
                levels.Pop();
                continue;
            }

            var entry = level.Entries[level.Next++];
            if (skipped is not null && entry.Key.StartsWith(skipped, StringComparison.Ordinal))
            {
                continue;
            }

            var path = System.IO.Path.Combine(level.Folder, entry.Name);
            if (!entry.IsFolder)
            {
                (Key, Path) = (entry.Key, path);
                return true;
            }

            Enter(path, entry.Key);
        }

        return false;
    }

    /// <summary>Leaves out all further keys that start with this byte string, without looking at them.</summary>
    public void Skip(string skippedPrefix) => skipped = skippedPrefix;

    private void Enter(string folder, string key)
    {
        var entries = new List<Entry>();
        try
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                var isFolder = file is DirectoryInfo;
                if (KeyPath.TryReadName(file.Name, isFolder, out var name) && MayMatch(key + name, isFolder))
                {
                    entries.Add(new Entry(key + name, file.Name, isFolder));
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            // The folder's last object was deleted after its parent was read.
        }

        var sorted = entries.ToArray();
        Array.Sort(
            sorted, static (a, b) => string.CompareOrdinal(a.Key, b.Key) is not 0 and var order ? order : a.IsFolder.CompareTo(b.IsFolder));
        levels.Push(new Level(folder, key, sorted));
    }

    private bool MayMatch(string key, bool isFolder)
    {
        if (!isFolder)
        {
            return key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(key, after) > 0;
        }

        var holdsPrefix = key.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(key, StringComparison.Ordinal);
        return holdsPrefix && (string.CompareOrdinal(key, after) > 0 || after.StartsWith(key, StringComparison.Ordinal));
    }

    private readonly record struct Entry(string Key, string Name, bool IsFolder);

    private sealed class Level(string folder, string key, Entry[] entries)
    {
        public string Folder { get; } = folder;

        public string Key { get; } = key;

        public Entry[] Entries { get; } = entries;

        public int Next { get; set; }
    }
}
