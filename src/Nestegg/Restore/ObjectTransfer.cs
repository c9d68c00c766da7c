using System.Diagnostics;
using System.Threading.Channels;
using Nestegg.Ente.Objects;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;

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

    public async Task<TransferCounts> RunAsync(
        IAsyncEnumerable<IndexRow> rows, ManifestCounts expected, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = Channel.CreateBounded<WaitingObject>(workers);
        var reading = StopOnFailureAsync(ReadAsync(rows, waiting.Writer, stop.Token), stop);
        var putting = Enumerable.Range(0, workers).Select(_ => StopOnFailureAsync(PutAllAsync(waiting.Reader, expected, stop.Token), stop))
            .ToList();
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
        repository.TellElsewhere(log);
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
            {
                await stop.CancelAsync();
            }
        }
    }

    private async Task ReadAsync(IAsyncEnumerable<IndexRow> rows, ChannelWriter<WaitingObject> waiting, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = PackReaders, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(LiveObjects.GroupAsync(rows, cancellationToken), options, async (group, token) =>
        {
            var places = await target.PlacesOfAsync(group.Rows, token);
            if (group.IsPack)
            {
                await ReadPackAsync(group, places, waiting, token);
            }
            else
            {
                foreach (var row in group.Rows)
                {
                    await waiting.WriteAsync(new WaitingObject(row, places.GetValueOrDefault(row.Key, SlotNames.None), null), token);
                }
            }
        });
        waiting.Complete();
    }

    private async Task ReadPackAsync(
        StoredTogether group, IReadOnlyDictionary<string, SlotNames> places, ChannelWriter<WaitingObject> waiting,
        CancellationToken cancellationToken)
    {
        Debug.Assert(group.IsPack && group.Rows.Count > 0, "Only what lies in a pack is read together.");
        // The objects of the pack that are neither on their way nor known to be damaged yet.
        var left = new Queue<IndexRow>(group.Rows);
        try
        {
            await foreach (var (row, content, damage) in repository.ReadPackAsync(group.Rows, cancellationToken))
            {
                if (damage is null)
                {
                    await waiting.WriteAsync(
                        new WaitingObject(row, places.GetValueOrDefault(row.Key, SlotNames.None), content), cancellationToken);
                }
                else
                {
                    Fail(row, damage);
                }

                var next = left.Dequeue();
                Debug.Assert(next == row, "Objects come in the order in which they were asked for, none left out.");
            }

            unreadable.End();
        }
        catch (NesteggException failure) when (failure.Kind == FailureKind.OutOfReach)
        {
            foreach (var row in left)
            {
                Fail(Unreadable(row, failure));
            }

            // One failure, however many objects the pack holds.
            Count(failure);
        }
    }

    private async Task PutAllAsync(ChannelReader<WaitingObject> waiting, ManifestCounts expected, CancellationToken cancellationToken)
    {
        await foreach (var (row, place, content) in waiting.ReadAllAsync(cancellationToken))
        {
            var source = new ObjectSource(repository, row);
            try
            {
                Func<CancellationToken, Task<Stream>> open = content is null
                    ? source.OpenAsync
                    : _ => Task.FromResult<Stream>(new MemoryStream(content, writable: false));
                var result = await target.PutAsync(row, place, open, cancellationToken);
                Count(row, result);
                if (content is null && result.Written > 0)
                {
                    unreadable.End();
                }
            }
            catch (NesteggException failure) when (failure.Kind == FailureKind.Damaged)
            {
                Fail(row, failure.Message);
            }
            catch (NesteggException failure) when (failure == source.Failure)
            {
                Fail(Unreadable(row, failure));
                Count(failure);
            }

            Progress(expected);
        }
    }

    // A disk or a network that is gone fails every object alike; a file that may not be read says nothing about the others.
    private void Count(NesteggException failure)
    {
        if (!failure.SparesOthers)
        {
            unreadable.Add(UnreadableInARow, failure.Message, failure.Hint);
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
        {
            Interlocked.Increment(ref alreadyThere);
        }
    }

    private void Fail(IndexRow row, string why) =>
        Fail(new Finding(
            "object-damaged", Severity.Error, row.Key, $"{row.Key} was not restored: {why}.",
            $"{Damage.ObjectCure}."));

    private static Finding Unreadable(IndexRow row, NesteggException failure) =>
        new("object-unreadable", Severity.Error, row.Key, $"{row.Key} was not restored: {failure.Message}.", failure.Hint);

    private void Fail(Finding finding)
    {
        if (Interlocked.Increment(ref failed) <= FindingLimit)
        {
            log.Find(finding);
        }
    }

    private void Progress(ManifestCounts expected) =>
        log.Progress("objects", Interlocked.Read(ref objects), expected.Objects, Interlocked.Read(ref bytes), expected.ObjectBytes);

    /// <param name="Content">
    /// The bytes of a small object, which other rows may share; <see langword="null"/> for one that is a file of its own.
    /// </param>
    private readonly record struct WaitingObject(IndexRow Row, SlotNames Place, byte[]? Content);
}
