using Nestegg.Ente.Api;

namespace Nestegg.Stores.S3;

/// <summary>
/// The body of an object. When the connection breaks or falls silent, it asks for the rest and goes on, as long as every
/// few attempts bring at least one byte.
/// </summary>
internal sealed class ResumingReader : ReadOnlyStream
{
    private readonly BucketClient bucket;
    private readonly string key;
    private readonly long end;
    private readonly SilenceLimit silence;
    private ObjectAnswer answer;
    private long position;
    private int failures;

    /// <param name="length">Bytes that the reader may give; <see langword="null"/> for up to the object's end.</param>
    public ResumingReader(BucketClient bucket, string key, ObjectAnswer answer, long offset, long? length)
    {
        this.bucket = bucket;
        this.key = key;
        this.answer = answer;
        silence = new SilenceLimit(bucket.Connection.Settings.AnswerLimit);
        position = offset;
        end = length is { } bytes && bytes < answer.ObjectBytes - offset ? offset + bytes : Math.Max(offset, answer.ObjectBytes);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var room = buffer[..(int)Math.Min(buffer.Length, end - position)];
        if (room.IsEmpty) return 0;
        while (true)
        {
            try
            {
                var count = await ReadOnceAsync(room, cancellationToken);
                position += count;
                failures = 0;
                return count;
            }
            catch (Exception failure) when (S3Failure.IsOfStore(failure) && !cancellationToken.IsCancellationRequested)
            {
                if (!Transient.Is(failure) || ++failures >= Transient.Attempts) throw bucket.Explain("read", key, failure);
                await bucket.Retries.PauseAsync(failures - 1, cancellationToken);
            }

            await ReopenAsync(cancellationToken);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            answer.Dispose();
            silence.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadOnceAsync(Memory<byte> room, CancellationToken cancellationToken)
    {
        var count = await silence.ReadAsync(answer.Body, room, cancellationToken);
        return count > 0 ? count : throw new EndOfStreamException($"the body ended at byte {position} of {end}");
    }

    private async Task ReopenAsync(CancellationToken cancellationToken)
    {
        var eTag = answer.ETag.Length == 0 ? null : answer.ETag;
        answer.Dispose();
        answer = await bucket.CallAsync("read", key, 0, token => bucket.GetAsync(key, position, end - position, eTag, token), cancellationToken)
            ?? throw new NesteggException(FailureKind.OutOfReach, $"cannot read {bucket.Location}/{key}: it was deleted while it was being read", "run the command again");
    }
}
