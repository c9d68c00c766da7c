using Nestegg.Ente.Configuration;
using Nestegg.Ente.Objects;
using Nestegg.Instance;
using Nestegg.Repositories;
using Nestegg.Stores.S3;

namespace Nestegg.Backup;

/// <summary>
/// Copies objects from the instance's buckets into the repository, many at a time. An object is looked for in the slots that its row
/// names, then wherever museum would look, then in all others; what is found is compared with the length that the database states and the MD5 that
/// the store states. What cannot be copied goes into <see cref="Problems"/> with the reason.
/// </summary>
internal sealed class ObjectCopier(
    InstanceBuckets buckets, SnapshotWriter snapshot, BackupCounts counts, CopyProgress progress) : IDisposable
{
    private readonly SlotReach reach = new(buckets);

    /// <summary>Objects that were not found, have another length, or could not be read.</summary>
    public ObjectQueue Problems { get; } = new();

    /// <summary>Copies all of them. What could not be read has another turn at the end: a store may be away for longer than a request is patient.</summary>
    /// <exception cref="NesteggException">The buckets or the repository are out of reach.</exception>
    public async Task CopyAsync(ObjectQueue queue, int parallel, CancellationToken cancellationToken)
    {
        using var unread = new ObjectQueue();
        await CopyAsync(queue, unread, parallel, cancellationToken);
        if (unread.Count > 0)
        {
            await reach.ConfirmAsync(cancellationToken);
            await CopyAsync(unread, Problems, parallel, cancellationToken);
            await reach.ConfirmAsync(cancellationToken);
        }
    }

    /// <returns>Why it is not in the repository as the database states it; <see langword="null"/> when it is.</returns>
    public async Task<string?> TryCopyAsync(NamedObject item, CancellationToken cancellationToken) =>
        (await TryCopyAnywhereAsync(item, cancellationToken)).Reason;

    public void Dispose() => Problems.Dispose();

    private Task CopyAsync(ObjectQueue queue, ObjectQueue unread, int parallel, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(queue.Read(), options, async (queued, token) =>
        {
            var (reason, isUnread) = await TryCopyAnywhereAsync(queued.Object, token);
            if (reason is not null)
            {
                (isUnread ? unread : Problems).Add(queued.Object, reason);
            }

            if (!isUnread || unread == Problems)
            {
                progress.Add(queued.Object.SizeBytes ?? 0);
            }
        });
    }

    /// <returns>Why it was not copied, and whether that is because a slot could not be read.</returns>
    private async Task<(string? Reason, bool IsUnread)> TryCopyAnywhereAsync(NamedObject item, CancellationToken cancellationToken)
    {
        var reasons = new List<string>();
        var isUnread = false;
        BucketSlot? wrongLength = null;
        foreach (var slot in buckets.Slots.SearchOrder(item.Slots, item.Kind))
        {
            var (state, reason) = await TryCopyFromAsync(slot, item, isLengthBinding: item.Version is null, cancellationToken);
            if (state == CopyState.Done)
            {
                return (null, false);
            }

            reasons.Add($"{slot.Name}: {reason}");
            isUnread |= state == CopyState.Unreadable;
            wrongLength ??= state == CopyState.WrongLength ? slot : null;
        }

        if (isUnread)
        {
            reach.Require(item, buckets.Slots.SearchOrder(item.Slots, item.Kind));
        }

        if (wrongLength is not null && item.Version is null)
        {
            // The first chunks of a cut photo can still be decrypted, so what there is is kept.
            await TryCopyFromAsync(wrongLength, item, isLengthBinding: false, cancellationToken);
            isUnread = false;
        }

        return (reasons.Count > 0 ? string.Join("; ", reasons) : "no slot is configured that could hold it", isUnread);
    }

    private async Task<(CopyState State, string Reason)> TryCopyFromAsync(
        BucketSlot slot, NamedObject item, bool isLengthBinding, CancellationToken cancellationToken)
    {
        if (reach.GivenUp(slot) is { } earlier)
        {
            return (CopyState.Unreadable, earlier.Message);
        }

        try
        {
            string? foundMd5 = null;
            for (var attempt = 1; ; attempt++)
            {
                await using var download = await OpenAsync(slot, item.Key, cancellationToken);
                if (download is null)
                {
                    return (CopyState.Absent, "not there");
                }

                var isAsStated = item.SizeBytes is null || download.SizeBytes == item.SizeBytes;
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
                catch (DownloadException failure) when (attempt == 1 && failure.InnerException is null)
                {
                    foundMd5 = content.FoundMd5;
                }
            }
        }
        catch (DownloadException failure)
        {
            // A failure of the repository is none of these and ends the run: it says nothing about the object.
            if (failure.InnerException is NesteggException outOfReach)
            {
                reach.Failed(slot, outOfReach);
            }

            return (CopyState.Unreadable, failure.Message);
        }
    }

    private async Task<BucketObject?> OpenAsync(BucketSlot slot, string key, CancellationToken cancellationToken)
    {
        try
        {
            var download = await buckets[slot].TryOpenAsync(key, 0, null, cancellationToken);
            reach.Answered(slot);
            return download;
        }
        catch (NesteggException failure) when (failure.Kind == FailureKind.OutOfReach)
        {
            throw new DownloadException(failure.Message, failure);
        }
    }

    private async Task StoreAsync(NamedObject item, CheckedDownload content, long sizeBytes, CancellationToken cancellationToken)
    {
        // A wrong length that an earlier run has kept already need not come again.
        if (!snapshot.Known.TryMark(item.Key, item.Version ?? 0, sizeBytes, out _))
        {
            await snapshot.Objects.AddAsync(item.Key, item.Version ?? 0, content, sizeBytes, cancellationToken);
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
