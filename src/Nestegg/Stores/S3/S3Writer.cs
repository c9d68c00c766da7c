using System.Buffers;

namespace Nestegg.Stores.S3;

/// <summary>
/// Content that waits for its key: in memory up to <see cref="MemoryBytes"/>, else in a private temporary file, which has no name
/// once it is open and so goes away with the process.
/// </summary>
internal sealed class S3Writer(S3Store store, long expectedBytes) : StoreWriter
{
    public const int MemoryBytes = 16 * 1024 * 1024;

    private const int FirstBytes = 64 * 1024;

    private byte[]? memory = expectedBytes > MemoryBytes ? null : ArrayPool<byte>.Shared.Rent((int)Math.Max(FirstBytes, expectedBytes));
    private FileStream? file = expectedBytes > MemoryBytes ? OpenFile() : null;
    private long written;
    private bool committed;
    private bool disposed;

    public override async Task CommitAsync(string key, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (committed) throw new InvalidOperationException("already committed");
        if (file is not null)
        {
            Guard(() => file.Seek(0, SeekOrigin.Begin));
            await store.UploadAsync(key, file, written, cancellationToken);
        }
        else
        {
            using var content = new MemoryStream(memory!, 0, (int)written, writable: false);
            await store.UploadAsync(key, content, written, cancellationToken);
        }

        committed = true;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (TryMakeRoom(buffer.Length))
        {
            buffer.CopyTo(memory.AsSpan((int)written));
        }
        else
        {
            try
            {
                file!.Write(buffer);
            }
            catch (IOException failure)
            {
                throw Explain(failure);
            }
        }

        written += buffer.Length;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryMakeRoom(buffer.Length))
        {
            buffer.CopyTo(memory.AsMemory((int)written));
        }
        else
        {
            try
            {
                await file!.WriteAsync(buffer, cancellationToken);
            }
            catch (IOException failure)
            {
                throw Explain(failure);
            }
        }

        written += buffer.Length;
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override void Dispose(bool disposing)
    {
        if (disposing && !disposed)
        {
            disposed = true;
            ReleaseMemory();
            file?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static FileStream OpenFile()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            var path = Path.Combine(Path.GetTempPath(), "nestegg-" + Guid.NewGuid().ToString("n"));
            var file = new FileStream(path, options);
            if (!OperatingSystem.IsWindows()) File.Delete(path);
            return file;
        }
        catch (Exception failure) when (Local.LocalFailure.IsOfFileSystem(failure))
        {
            throw Explain(failure);
        }
    }

    private static NesteggException Explain(Exception failure)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetTempPath());
        return Local.LocalFailure.Explain("write", Path.Combine(folder, "(content that waits for its upload; TMPDIR names another folder)"), folder, failure);
    }

    private static void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (IOException failure)
        {
            throw Explain(failure);
        }
    }

    // True when the bytes fit into memory; else everything is in the file from now on.
    private bool TryMakeRoom(int count)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (memory is null) return false;
        var needed = written + count;
        if (needed > MemoryBytes)
        {
            file = OpenFile();
            Guard(() => file.Write(memory, 0, (int)written));
            ReleaseMemory();
            return false;
        }

        if (needed > memory.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(needed, Math.Min(MemoryBytes, 2L * memory.Length)));
            memory.AsSpan(0, (int)written).CopyTo(larger);
            ReleaseMemory();
            memory = larger;
        }

        return true;
    }

    private void ReleaseMemory()
    {
        if (memory is not null) ArrayPool<byte>.Shared.Return(memory);
        memory = null;
    }
}
