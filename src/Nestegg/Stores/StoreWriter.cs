namespace Nestegg.Stores;

/// <summary>
/// A write-only stream for one new item. Disposing it without a commit leaves nothing behind.
/// </summary>
public abstract class StoreWriter : Stream
{
    /// <summary>
    /// Makes what was written visible under the key, whole and durable, in one step. An item that is there already is
    /// replaced in one step too.
    /// </summary>
    public abstract Task CommitAsync(string key, CancellationToken cancellationToken);

    public sealed override bool CanRead => false;

    public sealed override bool CanSeek => false;

    public sealed override bool CanWrite => true;

    public sealed override long Length => throw new NotSupportedException();

    public sealed override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public sealed override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public sealed override void SetLength(long value) => throw new NotSupportedException();
}
