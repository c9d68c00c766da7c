using System.Text;
using Nestegg.Ente;

namespace Nestegg;

/// <summary>
/// A file that a person named for what a command makes beside its result, such as a report. It is opened and tried before the work, so that
/// a wrong place is known at once; what goes wrong with it later is kept in <see cref="Loss"/> and never costs the result. What lies there
/// stays until the first text is written, and a file that got none is not left behind. One writer at a time.
/// </summary>
public sealed class OutputFile : IDisposable
{
    // More than a file system may still hold back for small files when it is full.
    private const int TrialBytes = 64 * 1024;

    private readonly string what;
    private readonly FileStream file;
    private readonly bool isNew;
    private bool isBegun;

    private OutputFile(string what, FileStream file, bool isNew) => (this.what, this.file, this.isNew) = (what, file, isNew);

    /// <summary>Its full path.</summary>
    public string Path => file.Name;

    /// <summary>Why it is not whole; <see langword="null"/> as long as it is.</summary>
    public string? Loss { get; private set; }

    /// <summary>Opens a file that may be there already.</summary>
    /// <param name="path">Full path; its folder must exist.</param>
    /// <param name="what">What it is, as it stands before its path in a sentence: <c>the report</c>.</param>
    /// <exception cref="NesteggException">It cannot be written.</exception>
    public static OutputFile Open(string path, string what) => Open(path, what, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0,
    });

    /// <summary>Makes a file for its owner's eyes only, and its folder; nothing may be there.</summary>
    /// <inheritdoc cref="Open(string, string)"/>
    public static OutputFile CreateSecret(string path, string what)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            throw CannotWrite(path, what, failure);
        }

        return Open(path, what, options);
    }

    /// <summary>Writes behind what was written before; after a failure nothing more.</summary>
    public void Write(string text) => Try(() => WriteBytes(Encoding.UTF8.GetBytes(text)));

    /// <summary>Writes all of it and waits for the disk.</summary>
    /// <exception cref="NesteggException">It could not be written whole.</exception>
    public void WriteSecret(ReadOnlySpan<byte> content)
    {
        try
        {
            WriteBytes(content);
            file.Flush(flushToDisk: true);
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            throw CannotWrite(Path, what, failure);
        }
    }

    public void Dispose()
    {
        file.Dispose();
        if (isNew && !isBegun)
        {
            Try(() => File.Delete(Path));
        }
    }

    private static OutputFile Open(string path, string what, FileStreamOptions options)
    {
        OutputFile? output = null;
        try
        {
            var isNew = !File.Exists(path);
            output = new OutputFile(what, new FileStream(path, options), isNew);
            output.TryRoom();
            return output;
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            output?.Dispose();
            throw CannotWrite(path, what, failure);
        }
    }

    // Of an empty file there is nothing to lose; a full device such as /dev/full says so only when it is written to.
    private void TryRoom()
    {
        if (!isNew && !(file.CanSeek && file.Length == 0))
        {
            return;
        }

        file.Write(isNew ? new byte[TrialBytes] : "\n"u8);
        Empty();
    }

    private void WriteBytes(ReadOnlySpan<byte> content)
    {
        if (!isBegun)
        {
            isBegun = true;
            Empty();
        }

        file.Write(content);
    }

    // A pipe or a terminal cannot be emptied, and a device only says that it was.
    private void Empty()
    {
        if (!file.CanSeek || (!isNew && file.Length == 0))
        {
            return;
        }

        file.SetLength(0);
        file.Position = 0;
    }

    private void Try(Action work)
    {
        try
        {
            if (Loss is null)
            {
                work();
            }
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            Loss = SystemWords.Of(failure);
        }
    }

    private static NesteggException CannotWrite(string path, string what, Exception failure)
    {
        var (cause, hint) = failure switch
        {
            _ when Directory.Exists(path) => ("it is a folder", "name a file in it"),
            _ when System.IO.Path.GetDirectoryName(path) is { } folder && !Directory.Exists(folder) =>
                ($"the folder {folder} does not exist", "make the folder, or name another place"),
            _ when SystemWords.IsDiskFull(failure) => (SystemWords.Of(failure), "make room, or name a place on another disk"),
            _ => (SystemWords.Of(failure), "name a place that you may write to"),
        };
        return new NesteggException(FailureKind.BadInput, $"{what} {path} cannot be written: {cause}", hint, failure);
    }
}
