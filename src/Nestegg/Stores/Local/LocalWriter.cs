namespace Nestegg.Stores.Local;

/// <summary>A file under <c>tmp/</c> that a commit moves to its key.</summary>
internal sealed class LocalWriter(LocalStore store, string path) : StoreWriter
{
    // Each write that leaves the buffer is a trip through the thread pool, so it should be worth it.
    private const int BufferBytes = 256 * 1024;

    private readonly FileStream file = new(path, Options());
    private bool committed;
    private bool disposed;

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
            await file.FlushAsync(cancellationToken);
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
        try
        {
            file.Write(buffer);
        }
        catch (Exception failure) when (LocalFailure.IsOfFileSystem(failure))
        {
            throw LocalFailure.Explain("write", path, store.Location, failure);
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
        catch (Exception failure) when (LocalFailure.IsOfFileSystem(failure))
        {
            throw LocalFailure.Explain("write", path, store.Location, failure);
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
            Discard();
        }

        base.Dispose(disposing);
    }

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = BufferBytes,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private void Commit(string key)
    {
        file.Flush(flushToDisk: true);
        store.Place(path, key);
    }

    private void Discard()
    {
        try
        {
            file.Dispose();
        }
        catch (Exception failure) when (!committed && LocalFailure.IsOfFileSystem(failure))
        {
            // Closing writes what is buffered, which fails on a full disk; this content is given up, and its writer has been told.
        }

        if (!committed) LocalFailure.Guard("delete", path, store.Location, () => File.Delete(path));
    }
}
