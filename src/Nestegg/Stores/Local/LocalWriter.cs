using System.Diagnostics;

namespace Nestegg.Stores.Local;

/// <summary>A file under <c>tmp/</c> that a commit moves to its key.</summary>
internal sealed class LocalWriter(LocalStore store, string name, BlockFile file) : StoreWriter
{
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
        if (committed)
        {
            throw new InvalidOperationException("already committed");
        }

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
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            var rest = buffer;
            buffer = buffer[(file.IsFull ? await Task.Run(() => Take(rest.Span), cancellationToken) : Take(rest.Span))..];
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
            file.Dispose();
            if (!committed)
            {
                store.Discard(name);
            }
        }

        base.Dispose(disposing);
    }

    /// <returns>How many of the bytes were taken.</returns>
    private int Take(ReadOnlySpan<byte> bytes)
    {
        var room = LocalFailure.Guard("write", store.WaitingPath(name), store.Location, file.MakeRoom);
        var count = Math.Min(bytes.Length, room.Length);
        Debug.Assert(count > 0, "Room that is made is never empty, so a write comes to its end.");
        bytes[..count].CopyTo(room.Span);
        file.Advance(count);
        return count;
    }

    private void Commit(string key)
    {
        file.Finish();
        file.FlushToDisk();
        store.Place(name, key);
    }
}
