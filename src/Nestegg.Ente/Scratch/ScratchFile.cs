namespace Nestegg.Ente.Scratch;

/// <summary>
/// A temporary file of this process alone. On Unix it has no name once it is open, so nothing is left of it even when the process is
/// killed; on Windows it is removed when it is closed, or by the next run. Not for several tasks at once.
/// </summary>
internal sealed class ScratchFile : Stream
{
    private readonly string parent;
    private readonly ScratchFolder? folder;
    private readonly FileStream file;

    private ScratchFile(string parent, ScratchFolder? folder, FileStream file) =>
        (this.parent, this.folder, this.file) = (parent, folder, file);

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => file.Length;

    public override long Position
    {
        get => file.Position;
        set => Seek(value, SeekOrigin.Begin);
    }

    /// <param name="bufferBytes">How much is collected before it is written; 0 when what comes is large anyway.</param>
    /// <param name="parent">Where it is made; <see langword="null"/> for <see cref="ScratchFolder.SystemFolder"/>.</param>
    /// <exception cref="ScratchException">The folder cannot be used, now or when the file is written.</exception>
    public static ScratchFile Create(int bufferBytes, string? parent = null)
    {
        var folder = ScratchFolder.Create(parent);
        try
        {
            var options = FileOptions.Asynchronous | FileOptions.DeleteOnClose;
            var file = new FileStream(folder.CreateFile("file"), FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferBytes, options);
            if (OperatingSystem.IsWindows())
            {
                return new ScratchFile(folder.Parent, folder, file);
            }

            folder.Dispose();
            return new ScratchFile(folder.Parent, null, file);
        }
        catch (Exception failure)
        {
            folder.Dispose();
            throw IsOfDisk(failure) ? new ScratchException(folder.Parent, failure) : failure;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return file.Read(buffer);
        }
        catch (Exception failure) when (IsOfDisk(failure))
        {
            throw new ScratchException(parent, failure);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await file.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception failure) when (IsOfDisk(failure))
        {
            throw new ScratchException(parent, failure);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            file.Write(buffer);
        }
        catch (Exception failure) when (IsOfDisk(failure))
        {
            throw new ScratchException(parent, failure);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await file.WriteAsync(buffer, cancellationToken);
        }
        catch (Exception failure) when (IsOfDisk(failure))
        {
            throw new ScratchException(parent, failure);
        }
    }

    public override void Flush() => Guard(() => file.Flush());

    public override long Seek(long offset, SeekOrigin origin)
    {
        Guard(() => file.Seek(offset, origin));
        return file.Position;
    }

    public override void SetLength(long value) => Guard(() => file.SetLength(value));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            try
            {
                file.Dispose();
            }
            catch (Exception failure) when (IsOfDisk(failure))
            {
                // Closing writes what is buffered, which fails on a full disk; nobody reads it any more.
            }

            folder?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static bool IsOfDisk(Exception failure) => SystemWords.IsOfFiles(failure);

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure) when (IsOfDisk(failure))
        {
            throw new ScratchException(parent, failure);
        }
    }
}
