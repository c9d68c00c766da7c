using System.Diagnostics;
using Nestegg.Repositories.Files;
using Nestegg.Stores;

namespace Nestegg.Repositories.Index;

/// <summary>
/// The index of one run: rows for what is durable, in files that are written while the run goes on. What has a row in a written file
/// survives an interrupted run. May be used by many tasks at once.
/// </summary>
internal sealed class RunIndex : IDisposable
{
    private const int CheckpointRows = 50_000;

    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(5);

    private readonly IStore store;
    private readonly KnownObjects known;
    private readonly IndexSigner signer;
    private readonly string run;
    private readonly TimeProvider time;
    private readonly long startedAt;
    private readonly SemaphoreSlim gate = new(1);
    private readonly IndexWriter file = new();
    private int files;
    private long checkpointAt;
    private long addedObjects;
    private long addedBytes;

    /// <param name="run">The run's part of index file names: <c>&lt;time&gt;-&lt;run&gt;</c>.</param>
    public RunIndex(IStore store, KnownObjects known, IndexSigner signer, string run, TimeProvider time)
    {
        (this.store, this.known, this.signer, this.run, this.time) = (store, known, signer, run, time);
        startedAt = checkpointAt = time.GetTimestamp();
    }

    /// <summary>Objects that are durable and have a row.</summary>
    public long AddedObjects => Interlocked.Read(ref addedObjects);

    public long AddedBytes => Interlocked.Read(ref addedBytes);

    /// <summary>Adds rows for objects that are durable; all or, when it throws, none.</summary>
    public async Task AppendAsync(IEnumerable<IndexRow> rows, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            // A file that is complete and could not be written takes no more rows.
            if (file.IsFinished)
            {
                await WriteAsync(cancellationToken);
            }

            foreach (var row in rows)
            {
                Debug.Assert(row.Pack is not null || row.Offset == 0, "Only what is in a pack has an offset.");
                Debug.Assert(!file.IsFinished, "A file that is complete has been written.");
                file.Append(row);
                known.Add(row);
                Interlocked.Increment(ref addedObjects);
                Interlocked.Add(ref addedBytes, row.SizeBytes);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>
    /// Writes an index file if it is time for one. The longer a run goes on, the rarer they are: an interruption costs a twentieth of the
    /// time, and a long run leaves few files.
    /// </summary>
    public Task CheckpointAsync(CancellationToken cancellationToken) => WriteAsync(isDueOnly: true, cancellationToken);

    /// <summary>Writes an index file for the rows that have none yet.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => WriteAsync(isDueOnly: false, cancellationToken);

    public void Dispose()
    {
        gate.Dispose();
        file.Dispose();
    }

    private async Task WriteAsync(bool isDueOnly, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            var waited = time.GetElapsedTime(checkpointAt);
            var isDue = file.Rows >= CheckpointRows || (waited >= CheckpointInterval && waited >= time.GetElapsedTime(startedAt) / 20);
            if (isDue || !isDueOnly)
            {
                await WriteAsync(cancellationToken);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Writes the file that is open, if it has rows. The caller has the gate.</summary>
    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        Debug.Assert(gate.CurrentCount == 0, "The caller has the gate.");
        checkpointAt = time.GetTimestamp();
        if (file.Rows == 0)
        {
            return;
        }

        var numbered = $"{run}-{files + 1}";
        var content = file.Finish(signer, numbered);
        var hash = ObjectHash.Of(content.Span);
        var name = IndexName.Of(numbered, hash);
        await store.PutAsync(RepositoryKeys.IndexFile(name), content, cancellationToken);
        known.EndFile(name, content.Length, hash);
        file.Restart();
        files++;
    }
}
