namespace Nestegg.Server.S3;

/// <summary>
/// The body of an answer, which the client has to take: each piece within the store's patience, whatever it took before. The server's own
/// rate would credit a client with all that the buffers between swallowed at once, which is an hour's worth.
/// </summary>
internal sealed class PacedStream(Stream body, ServerLimits limits, TimeProvider clock, Action giveUp) : Stream
{
    private readonly int pieceBytes = (int)Math.Clamp(limits.Patience.TotalSeconds * limits.BytesPerSecond, 1, 128 * 1024);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            var piece = buffer[..Math.Min(pieceBytes, buffer.Length)];
            var taken = body.WriteAsync(piece, cancellationToken);
            if (!taken.IsCompletedSuccessfully)
            {
                await WaitAsync(taken.AsTask(), cancellationToken);
            }

            buffer = buffer[piece.Length..];
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => body.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async Task WaitAsync(Task taken, CancellationToken cancellationToken)
    {
        try
        {
            await taken.WaitAsync(limits.Patience, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The connection ends, and with it the write that is still waiting.
            giveUp();
            throw new OperationCanceledException("the client takes nothing", cancellationToken);
        }
    }
}
