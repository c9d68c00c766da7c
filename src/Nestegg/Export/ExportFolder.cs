using System.Globalization;
using System.Runtime.CompilerServices;

namespace Nestegg.Export;

/// <summary>
/// The folder that an export fills. Every path is made here, of the root and of segments that <see cref="ExportName"/> mended, so nothing is
/// written outside. Files appear under their names in one step; nothing is ever deleted or overwritten but our own sidecars and temporary files.
/// </summary>
internal sealed class ExportFolder : IDisposable
{
    internal const string OwnFolder = ".nestegg";
    internal const string RemovedFolder = "Removed";

    private readonly FileStream _lock;
    private readonly string _temporary;
    private readonly string _removedDate;
    private int _files;

    private ExportFolder(string root, FileStream held, string removedDate)
    {
        Root = root;
        _lock = held;
        _temporary = Path.Combine(root, OwnFolder, "tmp");
        _removedDate = removedDate;
    }

    internal string Root { get; }

    internal string StatePath => Path.Combine(Root, OwnFolder, "export.db");

    /// <summary>Takes the folder for this process alone, and removes temporary files that an interrupted run left.</summary>
    internal static ExportFolder Open(string root, TimeProvider time)
    {
        var full = Path.GetFullPath(root);
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(Path.Combine(full, OwnFolder, "tmp"));
            held = new FileStream(Path.Combine(full, OwnFolder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var folder = new ExportFolder(full, held, time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            foreach (var left in Directory.EnumerateFiles(folder._temporary, "*.part"))
            {
                File.Delete(left);
            }

            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            throw held is null && File.Exists(Path.Combine(full, OwnFolder, "lock"))
                ? new NesteggException(ExitCode.Locked, $"another export is writing into {full}", "wait for it to end", exception)
                : new NesteggException(ExitCode.OutOfReach, $"{full} cannot be written: {exception.Message}", "give another folder with --to, or make this one writable", exception);
        }
    }

    /// <summary>The path of a new temporary file. May be called by several tasks at once.</summary>
    internal string NewFile() => Path.Combine(_temporary, $"{Interlocked.Increment(ref _files)}.part");

    /// <param name="folder">An album's folder, relative; it may have one <c>/</c>.</param>
    /// <param name="names">Segments below it.</param>
    internal string PathOf(string folder, params ReadOnlySpan<string> names) => Path.Combine([Root, .. folder.Split('/'), .. names]);

    internal static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    /// <summary>Whether a file is there as it was left.</summary>
    internal static bool IsAsWritten(string path, ExportedName name)
    {
        var file = new FileInfo(path);
        return file.Exists && file.Length == name.SizeBytes && file.LastWriteTimeUtc.Ticks == name.Modified;
    }

    /// <summary>Gives a finished temporary file its name and time.</summary>
    internal static void Place(string temporary, string path, DateTime? modified)
    {
        SetTime(temporary, modified);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Move(temporary, path, overwrite: false);
    }

    /// <summary>Gives a file one more name, or makes a copy of it.</summary>
    internal void Link(string existing, string path, bool copy)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!copy && FileLink.TryCreate(existing, path))
        {
            return;
        }

        var temporary = NewFile();
        File.Copy(existing, temporary);
        File.SetLastWriteTimeUtc(temporary, File.GetLastWriteTimeUtc(existing));
        File.Move(temporary, path, overwrite: false);
    }

    /// <summary>What is on disk now, for the record.</summary>
    internal static ExportedName Recorded(string path, int part)
    {
        var file = new FileInfo(path);
        return new ExportedName(file.Name, part, file.Length, file.LastWriteTimeUtc.Ticks);
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
        var file = new FileInfo(path);
        if (file.Exists && file.Length == content.Length && (await File.ReadAllBytesAsync(path, cancellationToken)).AsSpan().SequenceEqual(content.Span))
        {
            return;
        }

        Directory.CreateDirectory(file.DirectoryName!);
        var temporary = NewFile();
        await File.WriteAllBytesAsync(temporary, content, cancellationToken);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Moves a file or folder into <c>Removed/date/</c>, under the path that it had.</summary>
    internal void MoveAside(string path)
    {
        var relative = Path.GetRelativePath(Root, path);
        var target = Path.Combine(Root, RemovedFolder, _removedDate, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var free = target;
        for (var number = 1; Exists(free); number++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{target}_{number}");
        }

        if (Directory.Exists(path))
        {
            Directory.Move(path, free);
        }
        else
        {
            File.Move(path, free);
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>Compares two files byte by byte.</summary>
    internal static async Task<bool> HaveSameContentAsync(string first, string second, CancellationToken cancellationToken)
    {
        if (new FileInfo(first).Length != new FileInfo(second).Length)
        {
            return false;
        }

        await using var one = File.OpenRead(first);
        await using var other = File.OpenRead(second);
        var (a, b) = (new byte[128 * 1024], new byte[128 * 1024]);
        while (true)
        {
            var count = await one.ReadAtLeastAsync(a, a.Length, throwOnEndOfStream: false, cancellationToken);
            await other.ReadAtLeastAsync(b.AsMemory(0, count), count, throwOnEndOfStream: false, cancellationToken);
            if (!a.AsSpan(0, count).SequenceEqual(b.AsSpan(0, count)))
            {
                return false;
            }

            if (count < a.Length)
            {
                return true;
            }
        }
    }
}
