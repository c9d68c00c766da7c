using Nestegg.Ente.Configuration;
using Nestegg.Ente.Objects;
using Nestegg.Instance;
using Nestegg.Repositories;

namespace Nestegg.Backup;

/// <summary>
/// Copies objects from the instance's buckets into the repository, many at a time. An object is looked for in the slots that its row
/// names, then wherever museum would look, then in all others; what is found is compared with the length that the database states and the MD5 that
/// the store states. What cannot be copied goes into <see cref="Problems"/> with the reason.
/// </summary>
internal sealed class ObjectCopier(
    BucketSlots slots, InstanceBuckets buckets, SnapshotWriter snapshot, BackupCounts counts, CopyProgress progress) : IDisposable
{
    // So many in a row is no longer the trouble of single objects.
    private const int FailuresInARowLimit = 20;

    private int failuresInARow;

    /// <summary>Objects that were not found, have another length, or could not be read.</summary>
    public ObjectQueue Problems { get; } = new();

    /// <exception cref="NesteggException">The buckets or the repository are out of reach.</exception>
    public Task CopyAsync(ObjectQueue queue, int parallel, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(queue.Read(), options, async (queued, token) =>
        {
            var reason = await TryCopyAsync(queued.Object, token);
            if (reason is not null)
            {
                Problems.Add(queued.Object, reason);
            }

            progress.Add(Math.Max(0, queued.Object.SizeBytes));
        });
    }

    /// <returns>Why it is not in the repository as the database states it; <see langword="null"/> when it is.</returns>
    public async Task<string?> TryCopyAsync(NamedObject item, CancellationToken cancellationToken)
    {
        var reasons = new List<string>();
        BucketSlot? wrongLength = null;
        foreach (var slot in slots.SearchOrder(item.Slots, item.Kind))
        {
            var (state, reason) = await TryCopyFromAsync(slot, item, isLengthBinding: item.Version == 0, cancellationToken);
            if (state == CopyState.Done)
            {
                return null;
            }

            reasons.Add($"{slot.Name}: {reason}");
            wrongLength ??= state == CopyState.WrongLength ? slot : null;
        }

        if (wrongLength is not null && item.Version == 0)
        {
            // The first chunks of a cut photo can still be decrypted, so what there is is kept.
            await TryCopyFromAsync(wrongLength, item, isLengthBinding: false, cancellationToken);
        }

        return reasons.Count > 0 ? string.Join("; ", reasons) : "no slot is configured that could hold it";
    }

    public void Dispose() => Problems.Dispose();

    private async Task<(CopyState State, string Reason)> TryCopyFromAsync(
        BucketSlot slot, NamedObject item, bool isLengthBinding, CancellationToken cancellationToken)
    {
        try
        {
            string? foundMd5 = null;
            for (var attempt = 1; ; attempt++)
            {
                await using var download = await buckets[slot].TryOpenAsync(item.Key, 0, null, cancellationToken);
                failuresInARow = 0;
                if (download is null)
                {
                    return (CopyState.Absent, "not there");
                }

                var isAsStated = item.SizeBytes < 0 || download.SizeBytes == item.SizeBytes;
                if (!isAsStated && isLengthBinding)
                {
                    return (CopyState.WrongLength, WrongLength(download.SizeBytes, item));
                }

                // Read twice with the same MD5, it is the store's label that is none: a store that encrypts makes such ones.
                await using var content = new CheckedDownload(download.Content, download.SizeBytes, foundMd5 ?? CheckedDownload.Md5Of(download.ETag));
                try
                {
                    await StoreAsync(item, content, download.SizeBytes, cancellationToken);
                    return isAsStated ? (CopyState.Done, "") : (CopyState.WrongLength, WrongLength(download.SizeBytes, item));
                }
                catch (DownloadException) when (attempt == 1)
                {
                    foundMd5 = content.FoundMd5;
                }
            }
        }
        catch (DownloadException failure)
        {
            return (CopyState.Unreadable, failure.Message);
        }
        catch (NesteggException failure) when (failure.ExitCode == ExitCode.OutOfReach && Interlocked.Increment(ref failuresInARow) < FailuresInARowLimit)
        {
            return (CopyState.Unreadable, failure.Message);
        }
    }

    private async Task StoreAsync(NamedObject item, CheckedDownload content, long sizeBytes, CancellationToken cancellationToken)
    {
        // A wrong length that an earlier run has kept already need not come again.
        if (!snapshot.Known.TryMark(item.Key, item.Version, sizeBytes, out _))
        {
            await snapshot.Objects.AddAsync(item.Key, item.Version, content, sizeBytes, cancellationToken);
        }

        counts.AddHeld(item.Kind, sizeBytes);
    }

    private static string WrongLength(long foundBytes, NamedObject item) => $"{foundBytes:N0} bytes, the database states {item.SizeBytes:N0}";

    private enum CopyState
    {
        Done,
        Absent,
        WrongLength,
        Unreadable,
    }
}
