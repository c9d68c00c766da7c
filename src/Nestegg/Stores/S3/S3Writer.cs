using System.Buffers;
using System.Diagnostics;
using Nestegg.Ente.Scratch;

namespace Nestegg.Stores.S3;

/// <summary>
/// Content that waits for its key: in memory up to <see cref="MemoryBytes"/>, else in a private temporary file.
/// </summary>
internal sealed class S3Writer(S3Store store, long expectedBytes) : StoreWriter
{
    public const int MemoryBytes = 16 * 1024 * 1024;

    private const int FirstBytes = 64 * 1024;
    private const int BufferBytes = 4096;

    private byte[]? memory = expectedBytes > MemoryBytes ? null : ArrayPool<byte>.Shared.Rent((int)Math.Max(FirstBytes, expectedBytes));
    private ScratchFile? file = expectedBytes > MemoryBytes ? ScratchFile.Create(BufferBytes) : null;
    private long written;
    private bool committed;
    private bool disposed;

    public override async Task CommitAsync(string key, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (committed)
        {
            throw new InvalidOperationException("already committed");
        }

        if (file is not null)
        {
            file.Position = 0;
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
            file!.Write(buffer);
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
            await file!.WriteAsync(buffer, cancellationToken);
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

    // True when the bytes fit into memory; else everything is in the file from now on.
    private bool TryMakeRoom(int count)
    {
        Debug.Assert(!committed, "What is written after the commit is nowhere.");
        Debug.Assert(memory is null != file is null, "Content waits in one place.");
        Debug.Assert(memory is null || written <= memory.Length, "What waits in memory has room there.");
        ObjectDisposedException.ThrowIf(disposed, this);
        if (memory is null)
        {
            return false;
        }

        var needed = written + count;
        if (needed > MemoryBytes)
        {
            file = ScratchFile.Create(BufferBytes);
            file.Write(memory, 0, (int)written);
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
        if (memory is not null)
        {
            ArrayPool<byte>.Shared.Return(memory);
        }

        memory = null;
    }
}
