using System.Buffers;
using System.Diagnostics;

namespace Nestegg.Ente.Retries;

/// <summary>
/// A body that a server sends. When the connection breaks or falls silent, it asks for the rest and goes on, as long as every few attempts
/// bring at least one byte. It ends where the server said that it would, and not where the connection did.
/// </summary>
internal sealed class ResumingStream : ReadOnlyStream
{
    private const int SkipBytes = 64 * 1024;

    private readonly IResumable source;
    private readonly RequestRetries retries;
    private readonly SilenceLimit silence;
    private readonly long? end;
    private OpenedBody? body;
    private bool isAtPosition;
    private long position;

    /// <summary>
    /// Owns the body that was opened first, and the limit. The body may begin before the offset that was asked for, and is refused when it
    /// begins behind it.
    /// </summary>
    public ResumingStream(IResumable source, OpenedBody first, long offset, RequestRetries retries, SilenceLimit silence)
    {
        (this.source, this.retries, this.silence) = (source, retries, silence);
        (body, position, end) = (first, offset, first.End);
        Debug.Assert(!(end < offset), "A range that begins behind the end is empty, and ends where it begins.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var room = end is { } last ? buffer[..(int)Math.Min(buffer.Length, last - position)] : buffer;
        if (room.IsEmpty)
        {
            return 0;
        }

        try
        {
            var count = await ReadOrAskAgainAsync(room, cancellationToken);
            position += count;
            return count;
        }
        catch (Exception failure) when (source.Explain(failure) is { } explained)
        {
            throw explained;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            CloseBody();
            silence.Dispose();
        }

        base.Dispose(disposing);
    }

    // The way through the retries costs several times what a read does: only one that has failed takes it.
    private async ValueTask<int> ReadOrAskAgainAsync(Memory<byte> room, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadOnceAsync(room, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return await retries.GoOnAsync(
                failure, static (it, token) => it.Stream.ReadOnceAsync(it.Room, token), (Stream: this, Room: room), cancellationToken);
        }
    }

    private async ValueTask<int> ReadOnceAsync(Memory<byte> room, CancellationToken cancellationToken)
    {
        try
        {
            if (body is null)
            {
                await ReopenAsync(cancellationToken);
            }

            if (!isAtPosition)
            {
                await SkipAsync(body!, cancellationToken);
                isAtPosition = true;
            }

            var count = await silence.ReadAsync(body!.Content, room, cancellationToken);
            return count > 0 || end is null ? count : throw new EndOfStreamException($"it ended at byte {position} of {end}");
        }
        catch
        {
            CloseBody();
            throw;
        }
    }

    private async Task ReopenAsync(CancellationToken cancellationToken)
    {
        Debug.Assert(body is null, "A body that failed was closed.");
        body = await silence.RunAsync(
            static (it, token) => new ValueTask<OpenedBody>(it.source.OpenAsync(it.position, token)), this, cancellationToken);
        if (body.End is { } now && end is not null && now != end)
        {
            throw new IOException($"it had {end} bytes when it was opened and has {now} now");
        }
    }

    /// <summary>Servers that know no ranges send what came already once more.</summary>
    private async Task SkipAsync(OpenedBody body, CancellationToken cancellationToken)
    {
        if (body.Offset > position)
        {
            throw new IOException($"byte {position} was asked for and byte {body.Offset} came");
        }

        var skipped = ArrayPool<byte>.Shared.Rent(SkipBytes);
        try
        {
            for (var at = body.Offset; at < position;)
            {
                var room = skipped.AsMemory(0, (int)Math.Min(skipped.Length, position - at));
                var count = await silence.ReadAsync(body.Content, room, cancellationToken);
                at += count > 0 ? count : throw new EndOfStreamException($"it ended at byte {at}, and {position} had come already");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(skipped);
        }
    }

    private void CloseBody()
    {
        body?.Dispose();
        (body, isAtPosition) = (null, false);
    }
}
