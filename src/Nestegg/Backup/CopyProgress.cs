namespace Nestegg.Backup;

/// <summary>Counts what is done and says so at most twice a second. May be added to by many tasks at once.</summary>
internal sealed class CopyProgress(IProgress<RunEvent> events, TimeProvider time, string step, long total, long totalBytes)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();
    private long done;
    private long doneBytes;
    private long saidAt = time.GetTimestamp();

    public void Add(long sizeBytes)
    {
        lock (gate)
        {
            done++;
            doneBytes += sizeBytes;
            if (done < total && time.GetElapsedTime(saidAt) < Interval)
            {
                return;
            }

            saidAt = time.GetTimestamp();
            events.Report(new ProgressEvent(step, done, total, doneBytes, totalBytes));
        }
    }
}
