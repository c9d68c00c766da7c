using System.Diagnostics;
using System.Globalization;
using Nestegg.Ente;

namespace Nestegg.Export;

/// <summary>
/// The folder that an export fills. Every path is made here, of the root and of segments that <see cref="ExportName"/> mended, and no link
/// below the root is followed, so nothing is written outside. Files appear under their names in one step; nothing is ever deleted or
/// overwritten but our own sidecars and temporary files.
/// </summary>
internal sealed class ExportFolder : IDisposable
{
    internal const string OwnFolder = ".nestegg";
    internal const string RemovedFolder = "Removed";

    private readonly FileStream held;
    private readonly string temporary;
    private readonly string removedDate;
    private int files;

    private ExportFolder(string root, FileStream held, ExportName names, DateTimeOffset now)
    {
        Root = root;
        Names = names;
        this.held = held;
        temporary = TemporaryIn(root);
        removedDate = now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    internal string Root { get; }

    /// <summary>Makes the names that this folder's file system holds.</summary>
    internal ExportName Names { get; }

    internal string StatePath => StateIn(Root);

    /// <summary>Takes the folder for this process alone, and removes temporary files that an interrupted run left.</summary>
    internal static ExportFolder Open(string root, ExportOptions options, TimeProvider time)
    {
        var full = Path.GetFullPath(root);
        var lockPath = Path.Combine(full, OwnFolder, "lock");
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(full);
            MakeFolder(full, OwnFolder, "tmp");
            RefuseLink(lockPath);
            held = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            RefuseLink(StateIn(full));
            RemoveTemporaryFiles(TemporaryIn(full));
            return new ExportFolder(full, held, NamesHeldBy(TemporaryIn(full), options.WindowsNames), time.GetUtcNow());
        }
        catch (NesteggException)
        {
            held?.Dispose();
            throw;
        }
        catch (Exception exception) when (SystemWords.IsOfFiles(exception))
        {
            held?.Dispose();
            throw held is null && IsHeld(exception)
                ? new NesteggException(FailureKind.Locked, $"another export is writing into {full}", "wait for it to end", exception)
                : CannotWrite(exception);
        }
    }

    /// <summary>A full disk, a folder that is read-only or was taken away: nothing that the next file would not meet too.</summary>
    internal static NesteggException CannotWrite(Exception exception) => new(
        FailureKind.OutOfReach,
        $"the export folder cannot be written: {SystemWords.WithPath(exception)}",
        "make room, mount it or make it writable, or give another with --to; run again, the export goes on where it is", exception);

    /// <summary>The path of a new temporary file. May be called by several tasks at once.</summary>
    internal string NewFile() => Path.Combine(temporary, $"{Interlocked.Increment(ref files)}.part");

    /// <param name="folder">An album's folder, relative; it may have one <c>/</c>.</param>
    /// <param name="names">Segments below it.</param>
    /// <exception cref="NesteggException">One of them is no name.</exception>
    internal string PathOf(string folder, params ReadOnlySpan<string> names)
    {
        string[] segments = [.. folder.Split('/'), .. names];

        // Ours are mended; whoever can write into the folder can write into its record.
        return segments.All(IsSegment)
            ? Path.Combine([Root, .. segments])
            : throw new NesteggException(
                FailureKind.Damaged, $"the record {StatePath} leads out of the export: '{string.Join('/', segments)}' is no path in it",
                $"remove {StatePath}: the next run makes it again from the files in {Sidecar.FolderName}");
    }

    /// <summary>Something has this name, be it a link that leads nowhere.</summary>
    internal static bool Exists(string path) => File.Exists(path) || Directory.Exists(path) || IsLink(path);

    /// <summary>A link, which somebody else made: what is written through it would be elsewhere.</summary>
    internal static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    /// <summary>Makes the folder at a path below the root.</summary>
    /// <exception cref="NesteggException">A link is in its way.</exception>
    internal void MakeFolder(string path)
    {
        // Making a folder makes its parents as well, and so the root of a disk that is gone, or a folder upon its empty mount point.
        if (!Directory.Exists(temporary))
        {
            throw new DirectoryNotFoundException($"{temporary} has vanished");
        }

        MakeFolder(Root, Path.GetRelativePath(Root, path).Split(Path.DirectorySeparatorChar));
    }

    /// <summary>Gives a finished temporary file its name and time.</summary>
    internal static void Place(string temporary, string path, DateTime? modified)
    {
        SetTime(temporary, modified);
        File.Move(temporary, path, overwrite: false);
    }

    /// <summary>
    /// Gives a file one more name, or makes a copy of it, where that is asked for or the file system has no second names.
    /// </summary>
    internal void Link(string existing, string path, bool copy)
    {
        if (!copy && FileLink.TryCreate(existing, path))
        {
            return;
        }

        var temporary = NewFile();
        File.Copy(existing, temporary);
        Place(temporary, path, File.GetLastWriteTimeUtc(existing));
    }

    /// <summary>What is on disk now, for the record.</summary>
    internal static ExportedName Recorded(string path, FilePart part)
    {
        var file = new FileInfo(path);
        return new ExportedName(file.Name, part, new WrittenState(file.Length, file.LastWriteTimeUtc));
    }

    internal static void SetTime(string path, DateTime? modified)
    {
        if (modified is { } time)
        {
            File.SetLastWriteTimeUtc(path, time);
        }
    }

    /// <summary>Writes one of our own small files when it is not the same already.</summary>
    internal async Task WriteOwnAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        MakeFolder(Path.GetDirectoryName(path)!);
        var file = new FileInfo(path);
        if (file.Exists
            && file.Length == content.Length
            && (await File.ReadAllBytesAsync(path, cancellationToken)).AsSpan().SequenceEqual(content.Span))
        {
            return;
        }

        var temporary = NewFile();
        await File.WriteAllBytesAsync(temporary, content, cancellationToken);
        if (Directory.Exists(path) && !IsLink(path))
        {
            MoveAside(path);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Moves a file or folder into <c>Removed/date/</c>, or <c>Removed/date_1/</c>, under the path that it had.</summary>
    internal void MoveAside(string path)
    {
        Debug.Assert(path.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal), "What is moved is in the export.");
        string target;
        var number = 0;
        do
        {
            var date = number == 0 ? removedDate : string.Create(CultureInfo.InvariantCulture, $"{removedDate}_{number}");
            target = Path.Combine(Root, RemovedFolder, date, Path.GetRelativePath(Root, path));
            number++;
        }
        while (Exists(target));

        MakeFolder(Path.GetDirectoryName(target)!);
        if (Directory.Exists(path))
        {
            Directory.Move(path, target);
        }
        else
        {
            File.Move(path, target);
        }
    }

    /// <summary>Removes every temporary file: what is still there is plaintext that got no name, however the export ended.</summary>
    public void Dispose()
    {
        try
        {
            RemoveTemporaryFiles(temporary);
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            // The folder is gone or cannot be written, which ended the export and is told.
        }

        held.Dispose();
    }

    // The runtime's own lock of a file has no exception of its own, only the system's number: EWOULDBLOCK of Linux and of macOS, a sharing
    // violation of Windows.
    private static bool IsHeld(Exception exception) => exception is IOException { HResult: 11 or 35 or unchecked((int)0x80070020) };

    private static void RemoveTemporaryFiles(string temporary)
    {
        foreach (var left in Directory.EnumerateFiles(temporary))
        {
            File.Delete(left);
        }
    }

    private static bool IsSegment(string name) => name is not ("" or "." or "..") && name.AsSpan().IndexOfAny('/', '\0') < 0;

    private static void MakeFolder(string root, params ReadOnlySpan<string> segments)
    {
        var path = root;
        foreach (var segment in segments)
        {
            path = Path.Combine(path, segment);
            RefuseLink(path);
            Directory.CreateDirectory(path);
        }
    }

    private static void RefuseLink(string path)
    {
        if (IsLink(path))
        {
            throw new NesteggException(
                FailureKind.BadInput, $"{path} is a link, which an export does not follow",
                "look who made it; remove it, or give another folder with --to");
        }
    }

    private static string TemporaryIn(string root) => Path.Combine(root, OwnFolder, "tmp");

    private static string StateIn(string root) => Path.Combine(root, OwnFolder, "export.db");

    // What a file system refuses is tried, not looked up.
    private static ExportName NamesHeldBy(string folder, bool forWindows)
    {
        const string onlyElsewhere = ".:?*|<>\"";
        int[] lengths = [ExportName.MostBytes, ExportName.FewestBytes];
        return new ExportName(forWindows || !Holds(folder, onlyElsewhere))
        {
            MaxBytes = lengths.FirstOrDefault(length => Holds(folder, new string('n', length)), ExportName.FewestBytes),
        };
    }

    private static bool Holds(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        try
        {
            File.Create(path).Dispose();
            var isThere = Directory.EnumerateFiles(folder, name[..1] + "*").Any(found => Path.GetFileName(found) == name);
            File.Delete(path);
            return isThere;
        }
        catch (Exception exception) when (exception is IOException or ArgumentException)
        {
            return false;
        }
    }
}
