namespace Nestegg.Backup;

/// <summary>Counts what is done. May be added to by many tasks at once.</summary>
internal sealed class CopyProgress(RunLog log, string step, long total, long totalBytes)
{
    private long done;
    private long doneBytes;

    public void Add(long sizeBytes) => log.Progress(
        step, Interlocked.Increment(ref done), total, Interlocked.Add(ref doneBytes, sizeBytes), totalBytes);
}
