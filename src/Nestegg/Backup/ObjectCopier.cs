using System.Diagnostics;

namespace Nestegg.Backup;

/// <summary>
/// Copies the objects of a queue into the repository, many at a time, in two passes: what could not be read in the first has another turn
/// in the last: a store may be away for longer than a request is patient.
/// </summary>
internal sealed class ObjectCopier(SlotCopier copier, SlotReach reach, CopyProgress progress, int parallel)
{
    /// <param name="problems">Gets what was not found, has another length or could not be read, with the reason.</param>
    /// <exception cref="NesteggException">The buckets or the repository are out of reach.</exception>
    public async Task CopyAsync(ObjectQueue queue, ObjectQueue problems, CancellationToken cancellationToken)
    {
        using var unread = ObjectQueue.Create();
        await RunPassAsync(queue, unread, problems, cancellationToken);
        if (unread.Count > 0)
        {
            await reach.ConfirmAsync(cancellationToken);
            await RunPassAsync(unread, again: null, problems, cancellationToken);
            await reach.ConfirmAsync(cancellationToken);
        }
    }

    /// <param name="again">
    /// Gets what could not be read and comes again; <see langword="null"/> in the last pass, when that is a problem too.
    /// </param>
    private Task RunPassAsync(ObjectQueue queue, ObjectQueue? again, ObjectQueue problems, CancellationToken cancellationToken)
    {
        Debug.Assert(queue != again && queue != problems, "A queue takes nothing while it is read.");
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(queue.Read(), options, async (queued, token) =>
        {
            var item = queued.Object;
            if (await copier.TryCopyAsync(item, token) is { } failure)
            {
                if (failure.IsUnread && again is not null)
                {
                    again.Add(item, failure.Reason);
                    return;
                }

                problems.Add(item, failure.Reason);
            }

            progress.Add(item.CountedBytes);
        });
    }
}
