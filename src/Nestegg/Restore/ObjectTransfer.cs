using System.Threading.Channels;
using Nestegg.Repositories;

namespace Nestegg.Restore;

/// <summary>How much a transfer did.</summary>
public sealed record TransferCounts(long Objects, long Bytes, long Written, long AlreadyThere, long Failed);

/// <summary>
/// Carries the objects of a snapshot from the repository to a target. Packs are read front to back by a few readers, objects are put
/// by many workers. Memory: one small object (under 1 MiB) for each worker and as many waiting, however many objects there are.
/// </summary>
internal sealed class ObjectTransfer(Repository repository, IObjectTarget target, int workers, RunLog log)
{
    private const int PackReaders = 2;
    private const int FindingLimit = 1000;
    private const string UnreadableInARow = "reads of objects in a row failed";

    private readonly FailureStreak unreadable = new();
    private long objects;
    private long bytes;
    private long written;
    private long alreadyThere;
    private long failed;

    public async Task<TransferCounts> RunAsync(IAsyncEnumerable<IndexRow> rows, ManifestCounts expected, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = Channel.CreateBounded<WaitingObject>(workers);
        var reading = StopOnFailureAsync(ReadAsync(rows, waiting.Writer, stop.Token), stop);
        var putting = Enumerable.Range(0, workers).Select(_ => StopOnFailureAsync(PutAllAsync(waiting.Reader, expected, stop.Token), stop)).ToList();
        try
        {
            await Task.WhenAll([reading, .. putting]);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // One task failed and the others were stopped for it: what failed is what a person must see.
            await putting.Append(reading).First(task => task.IsFaulted);
        }

        Progress(expected);
        return new TransferCounts(objects, bytes, written, alreadyThere, failed);
    }

    private static async Task StopOnFailureAsync(Task work, CancellationTokenSource stop)
    {
        try
        {
            await work;
        }
        finally
        {
            if (!work.IsCompletedSuccessfully)
                await stop.CancelAsync();
        }
    }

    private async Task ReadAsync(IAsyncEnumerable<IndexRow> rows, ChannelWriter<WaitingObject> waiting, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = PackReaders, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(LiveObjects.GroupAsync(rows, cancellationToken), options, async (group, token) =>
        {
            var places = await target.PlacesOfAsync(group.Rows, token);
            if (group.IsPack)
                await ReadPackAsync(group, places, waiting, token);
            else
                foreach (var row in group.Rows)
                    await waiting.WriteAsync(new WaitingObject(row, places.GetValueOrDefault(row.Key, ""), null), token);
        });
        waiting.Complete();
    }

    private async Task ReadPackAsync(
        StoredTogether group, IReadOnlyDictionary<string, string> places, ChannelWriter<WaitingObject> waiting, CancellationToken cancellationToken)
    {
        var left = new Queue<IndexRow>(group.Rows);
        try
        {
            await ReadPackAsync(group, left, places, waiting, cancellationToken);
            unreadable.End();
        }
        catch (NesteggException failure) when (failure.Kind == FailureKind.OutOfReach)
        {
            foreach (var row in left)
                Fail(Unreadable(row, failure));

            // One failure, however many objects the pack holds.
            unreadable.Add(UnreadableInARow, failure.Message, failure.Hint);
        }
    }

    /// <param name="left">The objects of the pack that are neither on their way nor known to be damaged yet.</param>
    private async Task ReadPackAsync(
        StoredTogether group, Queue<IndexRow> left, IReadOnlyDictionary<string, string> places, ChannelWriter<WaitingObject> waiting, CancellationToken cancellationToken)
    {
        var start = group.Rows[0].Offset;
        var end = group.Rows.Max(row => row.Offset + row.SizeBytes);
        await using var pack = await repository.Store.TryOpenAsync(group.StoredAs, start, end - start, cancellationToken);
        var position = start;
        WaitingObject? previous = null;
        for (; left.TryPeek(out var row); left.Dequeue())
        {
            // Two keys may have the same content, which is kept once: its bytes have then just gone by.
            var isRepeated = previous is { } last && last.Row.Offset == row.Offset && last.Row.SizeBytes == row.SizeBytes;
            var content = isRepeated ? previous!.Value.Content : pack is null ? null : await TakeAsync(pack, row, position, cancellationToken);
            position = isRepeated ? position : row.Offset + row.SizeBytes;
            if (content is null)
            {
                Fail(row, pack is null ? $"{group.StoredAs} is not in the repository" : $"{group.StoredAs} is shorter than the index says");
                continue;
            }

            previous = new WaitingObject(row, places.GetValueOrDefault(row.Key, ""), content);
            if (ObjectHash.Of(content.Bytes.Span) == row.Hash)
                await waiting.WriteAsync(previous.Value, cancellationToken);
            else
                Fail(row, $"its bytes in {group.StoredAs} at {row.Offset} are not those that were stored");
        }
    }

    private static async Task<SharedContent?> TakeAsync(Stream pack, IndexRow row, long position, CancellationToken cancellationToken)
    {
        var content = new SharedContent((int)row.SizeBytes);
        for (var gap = row.Offset - position; gap > 0;)
        {
            var skipped = await pack.ReadAsync(content.Scratch[..(int)Math.Min(gap, content.Scratch.Length)], cancellationToken);
            if (skipped == 0)
                return null;

            gap -= skipped;
        }

        return await pack.ReadAtLeastAsync(content.Bytes, content.Bytes.Length, throwOnEndOfStream: false, cancellationToken) == content.Bytes.Length ? content : null;
    }

    private async Task PutAllAsync(ChannelReader<WaitingObject> waiting, ManifestCounts expected, CancellationToken cancellationToken)
    {
        await foreach (var (row, place, content) in waiting.ReadAllAsync(cancellationToken))
        {
            var source = new ObjectSource(repository, row);
            try
            {
                Func<CancellationToken, Task<Stream>> open = content is null ? source.OpenAsync : _ => Task.FromResult<Stream>(content.Open());
                var result = await target.PutAsync(row, place, open, cancellationToken);
                Count(row, result);
                if (content is null && result.Written > 0)
                    unreadable.End();
            }
            catch (NesteggException failure) when (failure.Kind == FailureKind.Damaged)
            {
                Fail(row, failure.Message);
            }
            catch (NesteggException failure) when (failure == source.Failure)
            {
                Fail(Unreadable(row, failure));
                unreadable.Add(UnreadableInARow, failure.Message, failure.Hint);
            }

            Progress(expected);
        }
    }

    private void Count(IndexRow row, PutResult result)
    {
        if (result.Finding is { } finding)
        {
            Fail(finding);
            return;
        }

        Interlocked.Increment(ref objects);
        Interlocked.Add(ref bytes, row.SizeBytes);
        Interlocked.Add(ref written, result.Written);
        if (result.Written == 0)
            Interlocked.Increment(ref alreadyThere);
    }

    private void Fail(IndexRow row, string why) =>
        Fail(new Finding("object-damaged", Severity.Error, row.Key, $"{row.Key} was not restored: {why}.", "nestegg check --read names all that is damaged; another snapshot or copy of the repository may have it."));

    private static Finding Unreadable(IndexRow row, NesteggException failure) =>
        new("object-unreadable", Severity.Error, row.Key, $"{row.Key} was not restored: {failure.Message}.", failure.Hint);

    private void Fail(Finding finding)
    {
        if (Interlocked.Increment(ref failed) <= FindingLimit)
            log.Find(finding);
    }

    private void Progress(ManifestCounts expected) =>
        log.Progress("objects", Interlocked.Read(ref objects), expected.Objects, Interlocked.Read(ref bytes), expected.ObjectBytes);

    private readonly record struct WaitingObject(IndexRow Row, string Place, SharedContent? Content);

    /// <summary>The bytes of a small object. Left to the garbage collector, because several rows may share them.</summary>
    private sealed class SharedContent(int sizeBytes)
    {
        private const int ScratchBytes = 4096;

        // Room for what lies between two objects (the header of the next one) even when the object itself is tiny.
        private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(Math.Max(sizeBytes, ScratchBytes));

        public Memory<byte> Bytes => buffer.AsMemory(0, sizeBytes);

        public Memory<byte> Scratch => buffer;

        public MemoryStream Open() => new MemoryStream(buffer, 0, sizeBytes, writable: false, publiclyVisible: true);
    }
}
