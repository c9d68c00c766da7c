using System.Diagnostics;
using System.Security.Cryptography;

namespace Nestegg.Ente.Scratch;

/// <summary>
/// A folder of this process alone under the system's temporary folder, for files that nobody else may read. A lock file beside it, made
/// before it and removed after it, is held open for as long as the process lives, so that the next run can tell at every moment what a
/// crash left behind, and remove it.
/// </summary>
public sealed class ScratchFolder : IDisposable
{
    /// <summary>What the names of all scratch folders begin with, so that one look finds them all.</summary>
    internal const string Prefix = "nestegg-scratch-";

    /// <summary>What the name of a folder's lock file ends in.</summary>
    internal const string LockSuffix = ".lock";

    private const int MostAttempts = 10;

    private readonly FileStream held;

    private ScratchFolder(string parent, string path, FileStream held) => (Parent, Path, this.held) = (parent, path, held);

    /// <summary>Where temporary files go unless a caller says otherwise.</summary>
#pragma warning disable RS0030 // This is the one place that knows it.
    internal static string SystemFolder => System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetTempPath());
#pragma warning restore RS0030

    internal string Parent { get; }

    internal string Path { get; }

    /// <summary>Makes the folder (mode 0700), and removes what dead processes left beside it.</summary>
    /// <param name="parent">Must exist; <see langword="null"/> for <see cref="SystemFolder"/>.</param>
    /// <exception cref="ScratchException">It is not there, is full, or may not be written.</exception>
    internal static ScratchFolder Create(string? parent = null)
    {
        parent ??= SystemFolder;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var folder = Make(parent);
                RemoveLeftovers(parent);
                return folder;
            }
            catch (Exception failure) when (SystemWords.IsOfFiles(failure))
            {
                // Another process may have taken its lock file for a leftover's, and removed it.
                if (attempt == MostAttempts)
                {
                    throw new ScratchException(parent, failure);
                }
            }
        }
    }

    /// <summary>
    /// Removes what dead processes left in the system's temporary folder; what cannot be removed stays. Whoever makes a temporary file does
    /// so anyway; this is for the beginning of a program that may need none this time.
    /// </summary>
    public static void RemoveLeftovers() => RemoveLeftovers(SystemFolder);

    /// <summary>Makes an empty file that only this user may read, and gives its path. It goes away with the folder.</summary>
    /// <exception cref="ScratchException">The folder is full, or has been taken away.</exception>
    internal string CreateFile(string name)
    {
        Debug.Assert(System.IO.Path.GetFileName(name) == name, "The file is in the folder, and goes away with it.");
        var path = System.IO.Path.Combine(Path, name);
        try
        {
            using var file = new FileStream(path, WithMode(new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write }));
            return path;
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            throw new ScratchException(Parent, failure);
        }
    }

    /// <summary>Removes the files and the folder; what cannot be removed is left to the next run.</summary>
    public void Dispose() => Remove(Path, held);

    private static ScratchFolder Make(string parent)
    {
        // Making a folder would make its parents as well.
        if (!Directory.Exists(parent))
        {
            throw new DirectoryNotFoundException("the folder does not exist");
        }

        var path = System.IO.Path.Combine(parent, Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        var held = OpenLock(path + LockSuffix, FileMode.CreateNew);
        var isMade = false;
        try
        {
            // Between its making and its locking another process may have taken it for a leftover.
            if (!File.Exists(held.Name))
            {
                throw new IOException("another process removed it");
            }

            CreateDirectory(path);
            isMade = true;
            return new ScratchFolder(parent, path, held);
        }
        finally
        {
            if (!isMade)
            {
                Remove(path, held);
            }
        }
    }

    private static void RemoveLeftovers(string parent)
    {
        try
        {
            foreach (var lockPath in Directory.EnumerateFiles(parent, $"{Prefix}*{LockSuffix}"))
            {
                var folder = lockPath[..^LockSuffix.Length];
                if (!IsLink(lockPath) && !IsLink(folder) && TryLock(lockPath) is { } held)
                {
                    Remove(folder, held);
                }
            }
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            // It is not there or may not be listed. Who has to write there will say so; others can do without.
        }
    }

    // Nothing of ours is one; in a folder that all may write, somebody else may have put one there.
    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    /// <summary>Null when another process holds the lock, or when the folder is another user's.</summary>
    private static FileStream? TryLock(string lockPath)
    {
        try
        {
            return OpenLock(lockPath, FileMode.Open);
        }
        catch (Exception exception) when (SystemWords.IsOfFiles(exception))
        {
            return null;
        }
    }

    private static FileStream OpenLock(string lockPath, FileMode mode) =>
        new(lockPath, WithMode(new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None }));

    /// <summary>
    /// Removes the files of the folder, the folder and last its lock file, which is held until then; not recursively, because nothing here
    /// makes folders in it. Were it a link by now, which somebody else can put there, it would not be followed. What is another user's
    /// stays, and so does its lock file.
    /// </summary>
    private static void Remove(string folder, FileStream held)
    {
        try
        {
            using var opened = HeldFolder.TryOpen(System.IO.Path.GetDirectoryName(folder)!, System.IO.Path.GetFileName(folder));
            if (opened is not null)
            {
                foreach (var file in Directory.EnumerateFiles(opened.Path))
                {
                    File.Delete(file);
                }

                Directory.Delete(folder);
            }

            // Windows removes no file that is open.
            if (OperatingSystem.IsWindows())
            {
                held.Dispose();
            }

            File.Delete(held.Name);
        }
        catch (Exception exception) when (SystemWords.IsOfFiles(exception))
        {
            // The next run tries again.
        }

        held.Dispose();
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
