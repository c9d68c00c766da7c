using System.Security.Cryptography;

namespace Nestegg.Ente.Database;

/// <summary>
/// A folder of this process alone under the system's temporary folder, for a file that nobody else may read. Its lock
/// file is held open for as long as the process lives, so that the next run can tell what a crash left behind.
/// </summary>
internal sealed class PrivateFolder : IDisposable
{
    private const string Prefix = "nestegg-library-";
    private const string LockName = "lock";

    // A folder without a lock file is one that is being made just now, or one whose maker died right then.
    private static readonly TimeSpan MakingTakesAtMost = TimeSpan.FromHours(1);

    private readonly FileStream _lock;

    private PrivateFolder(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    public string Path { get; }

    /// <summary>Makes the folder (mode 0700) under <paramref name="parent"/>, after removing what dead processes left there.</summary>
    public static PrivateFolder Create(string parent)
    {
        RemoveLeftovers(parent);
        while (true)
        {
            var path = System.IO.Path.Combine(parent, Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
            CreateDirectory(path);
            if (TryLock(System.IO.Path.Combine(path, LockName), FileMode.CreateNew) is { } held)
            {
                // Between its making and its locking another process may have taken it for a leftover, and removed it.
                if (File.Exists(held.Name))
                {
                    return new PrivateFolder(path, held);
                }

                held.Dispose();
            }
        }
    }

    /// <summary>Makes an empty file that only this user may read, and gives its path.</summary>
    public string CreateFile(string name)
    {
        var path = System.IO.Path.Combine(Path, name);
        using var file = new FileStream(path, WithMode(new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write }));
        return path;
    }

    public void Dispose()
    {
        _lock.Dispose();
        Remove(Path);
    }

    private static void RemoveLeftovers(string parent)
    {
        foreach (var folder in Directory.EnumerateDirectories(parent, Prefix + "*"))
        {
            var lockPath = System.IO.Path.Combine(folder, LockName);
            if (!File.Exists(lockPath))
            {
                if (DateTime.UtcNow - Directory.GetLastWriteTimeUtc(folder) > MakingTakesAtMost)
                {
                    Remove(folder);
                }

                continue;
            }

            if (TryLock(lockPath, FileMode.Open) is { } held)
            {
                // Held until the folder is gone, so that its maker cannot lock it meanwhile. Windows makes and locks in one step, and removes no file that is open.
                if (OperatingSystem.IsWindows())
                {
                    held.Dispose();
                }

                Remove(folder);
                held.Dispose();
            }
        }
    }

    /// <summary>Null when another process holds the lock, or when the folder is another user's.</summary>
    private static FileStream? TryLock(string path, FileMode mode)
    {
        try
        {
            return new FileStream(path, WithMode(new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None }));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Removes the files of the folder and then the folder; not recursively, because nothing here makes folders in it and
    /// a walk could be led elsewhere. What another process is removing at the same moment, or is another user's, stays.
    /// </summary>
    private static void Remove(string folder)
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder))
            {
                File.Delete(file);
            }

            Directory.Delete(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next run tries again.
        }
    }

    private static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static FileStreamOptions WithMode(FileStreamOptions options)
    {
        if (!OperatingSystem.IsWindows() && options.Mode != FileMode.Open)
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
