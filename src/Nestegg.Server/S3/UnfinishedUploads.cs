namespace Nestegg.Server.S3;

/// <summary>
/// How much the multipart uploads hold that were begun and neither completed nor aborted: nobody has to end one, so they would fill the
/// disk. Used by many requests at once.
/// </summary>
internal sealed class UnfinishedUploads(ServerLimits limits)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (DateTimeOffset StartedAt, long Bytes)> uploads = [];
    private long bytes;
    private long arriving;

    /// <summary>Counts an upload that begins.</summary>
    /// <exception cref="S3Exception">There are too many.</exception>
    public void Begin(string id, DateTimeOffset startedAt)
    {
        lock (gate)
        {
            if (uploads.Count >= limits.MaxUploads)
            {
                throw S3Exception.QuotaExceeded(
                    $"There are {limits.MaxUploads} multipart uploads already that were not completed; complete or abort one.");
            }

            uploads.Add(id, (startedAt, 0));
        }
    }

    /// <summary>Counts what an earlier process has left, also where it is too much.</summary>
    public void Found(string id, DateTimeOffset startedAt, long length)
    {
        lock (gate)
        {
            uploads.Add(id, (startedAt, length));
            bytes += length;
        }
    }

    /// <summary>Keeps room for a part that arrives, until that is disposed.</summary>
    /// <exception cref="S3Exception">There is none.</exception>
    public IDisposable Reserve(long length)
    {
        lock (gate)
        {
            if (length > limits.MaxUploadBytes - bytes - arriving)
            {
                throw S3Exception.QuotaExceeded(
                    $"The parts of multipart uploads that were not completed would have more than {limits.MaxUploadBytes} bytes; complete "
                    + "or abort one.");
            }

            arriving += length;
        }

        return new Room(this, length);
    }

    /// <summary>A part has arrived, or one has gone.</summary>
    public void Add(string id, long length)
    {
        lock (gate)
        {
            if (uploads.TryGetValue(id, out var upload))
            {
                uploads[id] = upload with { Bytes = upload.Bytes + length };
                bytes += length;
            }
        }
    }

    public void End(string id)
    {
        lock (gate)
        {
            if (uploads.Remove(id, out var upload))
            {
                bytes -= upload.Bytes;
            }
        }
    }

    public IReadOnlyList<string> StartedBefore(DateTimeOffset time)
    {
        lock (gate)
        {
            return [.. uploads.Where(upload => upload.Value.StartedAt < time).Select(upload => upload.Key)];
        }
    }

    private sealed class Room(UnfinishedUploads all, long length) : IDisposable
    {
        public void Dispose()
        {
            lock (all.gate)
            {
                all.arriving -= length;
            }
        }
    }
}
