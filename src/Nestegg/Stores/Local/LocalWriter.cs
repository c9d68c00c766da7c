namespace Nestegg.Stores.Local;

/// <summary>A file under <c>tmp/</c> that a commit moves to its key. What is large is written around the page cache, a block at a time.</summary>
internal sealed class LocalWriter : StoreWriter
{
    private readonly LocalStore store;
    private readonly string path;
    private readonly FileStream file;
    private readonly WriteBlock block = WriteBlock.Rent();
    private int filled;
    private long written;
    private bool isDirect;
    private bool committed;
    private bool disposed;

    public LocalWriter(LocalStore store, string path, long expectedBytes)
    {
        (this.store, this.path) = (store, path);
        file = new FileStream(path, Options());
        isDirect = expectedBytes >= WriteBlock.SizeBytes && DirectWriting.TryTurnOn(file.SafeFileHandle);
    }

    /// <summary>
    /// Durable means: the bytes are on the disk before the name is, and the name before this returns. Both calls block for as long
    /// as the disk takes, so they run on a thread of their own and not on one of the pool's few; commits that run at the
    /// same time share the file system's journal writes.
    /// </summary>
    public override async Task CommitAsync(string key, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (committed) throw new InvalidOperationException("already committed");
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await Task.Factory.StartNew(() => Commit(key), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            committed = true;
        }
        catch (Exception failure) when (LocalFailure.IsOfFileSystem(failure))
        {
            throw LocalFailure.Explain("write", Path.Combine(store.Location, key), store.Location, failure);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            buffer = buffer[Take(buffer)..];
            if (filled == WriteBlock.SizeBytes) LocalFailure.Guard("write", path, store.Location, WriteBlockOut);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            buffer = buffer[Take(buffer.Span)..];
            if (filled == WriteBlock.SizeBytes) await Task.Run(() => LocalFailure.Guard("write", path, store.Location, WriteBlockOut), cancellationToken);
        }
    }

    // Nobody may rely on what is not committed, so flushing can wait until then.
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override void Dispose(bool disposing)
    {
        if (disposing && !disposed)
        {
            disposed = true;
            block.Return();
            file.Dispose();
            if (!committed) LocalFailure.Guard("delete", path, store.Location, () => File.Delete(path));
        }

        base.Dispose(disposing);
    }

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private int Take(ReadOnlySpan<byte> bytes)
    {
        // The block may be another file's by then.
        ObjectDisposedException.ThrowIf(disposed, this);
        var count = Math.Min(bytes.Length, WriteBlock.SizeBytes - filled);
        bytes[..count].CopyTo(block.GetSpan()[filled..]);
        filled += count;
        return count;
    }

    private void WriteBlockOut()
    {
        var length = filled;
        if (isDirect)
        {
            // Only whole units go around the cache; what a file's last one has too much is cut off again.
            length = (filled + WriteBlock.AlignmentBytes - 1) / WriteBlock.AlignmentBytes * WriteBlock.AlignmentBytes;
            block.GetSpan()[filled..length].Clear();
        }

        try
        {
            RandomAccess.Write(file.SafeFileHandle, block.GetSpan()[..length], written);
        }
        catch (IOException failure) when (isDirect && DirectWriting.IsRefusal(failure))
        {
            DirectWriting.TurnOff(file.SafeFileHandle);
            isDirect = false;
            RandomAccess.Write(file.SafeFileHandle, block.GetSpan()[..filled], written);
        }

        written += filled;
        filled = 0;
    }

    private void Commit(string key)
    {
        if (filled > 0) WriteBlockOut();
        if (isDirect && written % WriteBlock.AlignmentBytes != 0) RandomAccess.SetLength(file.SafeFileHandle, written);
        RandomAccess.FlushToDisk(file.SafeFileHandle);
        store.Place(path, key);
    }
}
