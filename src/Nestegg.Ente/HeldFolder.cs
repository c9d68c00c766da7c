using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace Nestegg.Ente;

/// <summary>
/// A folder at or below a root, reached without following a link: the root itself may be one, nothing below it. On Linux it is held open,
/// and what is done under <see cref="Path"/> is done in this very folder, wherever its name leads to by then. Elsewhere, and without
/// <c>/proc</c>, links are looked for when it is opened.
/// </summary>
internal sealed partial class HeldFolder : IDisposable
{
    private static readonly bool CanHold = OperatingSystem.IsLinux() && Directory.Exists("/proc/self/fd");

    private readonly string root;
    private readonly SafeFileHandle? handle;

    private HeldFolder(string root, string name, SafeFileHandle? handle)
    {
        this.root = root;
        this.handle = handle;
        Name = name;
        Path = handle is null ? name : $"/proc/self/fd/{handle.DangerousGetHandle()}";
    }

    /// <summary>What a person calls it.</summary>
    public string Name { get; }

    /// <summary>What the system's functions for files and folders are given. Valid until this is disposed.</summary>
    public string Path { get; }

    /// <summary>When something in it was last made, renamed or removed.</summary>
    public DateTime ModifiedAt => handle is null ? Directory.GetLastWriteTimeUtc(Name) : File.GetLastWriteTimeUtc(handle);

    /// <param name="root">Must exist.</param>
    /// <param name="below">Relative to the root, with <c>/</c> between names; empty or <c>.</c> for the root.</param>
    /// <returns><see langword="null"/> when it is not there.</returns>
    /// <exception cref="StrangeEntryException">It or a folder on the way is a link.</exception>
    /// <exception cref="DirectoryNotFoundException">The root is not there.</exception>
    public static HeldFolder? TryOpen(string root, string below) => Walk(root, below, static (_, _) => false);

    /// <summary>Opens it as <see cref="TryOpen"/> does, and makes what is not there of it; what was made is durable.</summary>
    public static HeldFolder Make(string root, string below, UnixFileMode mode) => Walk(root, below, (parent, name) =>
    {
        var path = System.IO.Path.Combine(parent.Path, name);
        if (File.Exists(path))
        {
            throw new IOException($"{System.IO.Path.Combine(parent.Name, name)} is a file, and a folder should be there");
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, mode);
        }

        parent.Flush();
        return true;
    })!;

    /// <summary>Opens what has its name now, which is another folder or none when it was moved away.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none.</exception>
    public HeldFolder OpenAgain() =>
        TryOpen(root, System.IO.Path.GetRelativePath(root, Name)) ?? throw new DirectoryNotFoundException($"{Name} has vanished");

    /// <summary>What the system says of a path in a held folder, without the number by which it is held: nobody else knows that.</summary>
    public static string InWords(string message) => HeldPath().Replace(message, "…");

    /// <summary>The path of something in it, for the system's functions.</summary>
    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Opens a file below a root for reading, from front to back. Never waits: a pipe or a device is refused.</summary>
    /// <param name="root">Must exist.</param>
    /// <param name="key">Relative to the root, with <c>/</c> between names.</param>
    /// <returns><see langword="null"/> when there is no such file.</returns>
    /// <exception cref="StrangeEntryException">It is a link, a folder on the way is, or it is no file.</exception>
    public static SafeFileHandle? TryOpenFile(string root, string key)
    {
        using (var top = OpenRoot(root))
        {
            if (top.TryOpenAtOnce(key, out var file))
            {
                return Checked(file, System.IO.Path.Combine(root, key));
            }
        }

        using var folder = TryOpen(root, key[..(key.LastIndexOf('/') + 1)]);
        return folder?.TryOpenFile(key[(key.LastIndexOf('/') + 1)..]);
    }

    /// <summary>Opens a file in it as <see cref="TryOpenFile(string, string)"/> does.</summary>
    public SafeFileHandle? TryOpenFile(string name) => Checked(
        handle is null ? OpenFile(name) : OpenAt(name, ReadOnly | NoFollow | NonBlocking), System.IO.Path.Combine(Name, name));

    /// <summary>Makes names in it durable. Does nothing where the file system knows no such thing, and on Windows.</summary>
    public void Flush()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var opened = new SafeFileHandle(Open(Path, CanHold ? CloseOnExec : ReadOnly), ownsHandle: true);
        if (opened.IsInvalid || (Synchronise(opened) != 0 && Marshal.GetLastPInvokeError() is not (Einval or Enotsup)))
        {
            throw Failure(Marshal.GetLastPInvokeError(), Name);
        }
    }

    public void Dispose() => handle?.Dispose();

    [GeneratedRegex("/proc/self/fd/[0-9]+")]
    private static partial Regex HeldPath();

    private static HeldFolder? Walk(string root, string below, Func<HeldFolder, string, bool> make)
    {
        var folder = OpenRoot(root);
        foreach (var name in below.Split(['/', System.IO.Path.DirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries))
        {
            if (name == ".")
            {
                continue;
            }

            ArgumentOutOfRangeException.ThrowIfEqual(name, "..", nameof(below));
            using var parent = folder;
            folder = parent.TryEnter(name);
            if (folder is null && make(parent, name))
            {
                folder = parent.TryEnter(name) ?? throw new DirectoryNotFoundException($"{parent.Name} has lost {name}");
            }

            if (folder is null)
            {
                return null;
            }
        }

        return folder;
    }

    private static HeldFolder OpenRoot(string root)
    {
        if (!CanHold)
        {
            return Directory.Exists(root) ? new HeldFolder(root, root, null) : throw Failure(Enoent, root);
        }

        var descriptor = Open(root, PathOnly | FolderOnly | CloseOnExec);
        return descriptor >= 0
            ? new HeldFolder(root, root, new SafeFileHandle(descriptor, ownsHandle: true))
            : throw Failure(Marshal.GetLastPInvokeError(), root);
    }

    private HeldFolder? TryEnter(string name)
    {
        var path = System.IO.Path.Combine(Name, name);
        if (handle is not null)
        {
            return OpenAt(name, PathOnly | FolderOnly | NoFollow) is { } opened ? new HeldFolder(root, path, opened) : null;
        }

        RefuseLink(path);
        return Directory.Exists(path) ? new HeldFolder(root, path, null) : null;
    }

    private SafeFileHandle? OpenAt(string name, int flags)
    {
        var descriptor = OpenAt(handle!, name, flags | CloseOnExec);
        if (descriptor >= 0)
        {
            return new SafeFileHandle(descriptor, ownsHandle: true);
        }

        var errno = Marshal.GetLastPInvokeError();
        if (errno is Eloop or Enotdir)
        {
            RefuseLink(System.IO.Path.Combine(Name, name));
        }

        return errno is Enoent or Enotdir ? null : throw Failure(errno, System.IO.Path.Combine(Name, name));
    }

    /// <summary>
    /// Has the kernel follow no link on the whole way, which takes a third of the time; <see langword="false"/> when it cannot (before
    /// Linux 5.6, or where a container forbids the call) or does not like what it finds: going step by step tells what.
    /// </summary>
    private bool TryOpenAtOnce(string key, out SafeFileHandle? file)
    {
        file = null;
        if (handle is null)
        {
            return false;
        }

        var how = new OpenHow(ReadOnly | NonBlocking | CloseOnExec, 0, ResolveNoLinks | ResolveBeneath);
        var descriptor = OpenAt2(OpenAt2Number, handle, key, how, Marshal.SizeOf<OpenHow>());
        file = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : null;
        return file is not null || Marshal.GetLastPInvokeError() is Enoent or Enotdir;
    }

    private SafeFileHandle? OpenFile(string name)
    {
        var path = System.IO.Path.Combine(Name, name);
        RefuseLink(path);
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static SafeFileHandle? Checked(SafeFileHandle? file, string name)
    {
        if (file is null)
        {
            return null;
        }

        var isFolder = File.GetAttributes(file).HasFlag(FileAttributes.Directory);
        if (isFolder || !HasLength(file))
        {
            file.Dispose();
            return isFolder ? null : throw new StrangeEntryException($"{name} is a pipe or a device");
        }

        if (OperatingSystem.IsLinux())
        {
            _ = Advise(file, 0, 0, AdviceSequential);
        }

        return file;
    }

    private static bool HasLength(SafeFileHandle file)
    {
        try
        {
            return RandomAccess.GetLength(file) >= 0;
        }
        catch (NotSupportedException)
        {
            return false;
        }
    }

    private void RefuseLink(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new StrangeEntryException($"{path} is a link, and no link below {root} is followed");
        }
    }
}

/// <summary>
/// A link where none is followed, because what is done through it would be done elsewhere; or a pipe or a device where a file should be.
/// </summary>
internal sealed class StrangeEntryException(string message) : IOException(message);
