using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Objects;
using Nestegg.Instance;
using Nestegg.Repositories;
using Nestegg.Stores.S3;

namespace Nestegg.Backup;

/// <summary>Why an object is not in the repository as the database states it.</summary>
/// <param name="IsUnread">A slot where it may be could not be read; another time it may.</param>
internal sealed record CopyFailure(string Reason, bool IsUnread);

/// <summary>
/// Copies one object from an instance's buckets into the repository. It is looked for in the slots that its row names, then wherever museum
/// would look, then in all others; what is found is compared with the length that the database states and the MD5 that the store states.
/// Used by many tasks at once.
/// </summary>
internal sealed class SlotCopier(InstanceBuckets buckets, SlotReach reach, SnapshotObjects objects, BackupCounts counts)
{
    /// <returns><see langword="null"/> when it is there now.</returns>
    /// <exception cref="NesteggException">The repository failed, or a slot that the object's row names has been given up.</exception>
    public async Task<CopyFailure?> TryCopyAsync(NamedObject item, CancellationToken cancellationToken)
    {
        // What was lost may have been put back since it was queued.
        if (objects.Known.TryMark(item.Key, item.Version ?? 0, item.Version is null ? item.SizeBytes : null, out var sizeBytes))
        {
            counts.AddHeld(item.Kind, sizeBytes);
            return null;
        }

        var reasons = new List<string>();
        var isUnread = false;
        BucketSlot? wrongLength = null;
        foreach (var slot in buckets.Slots.SearchOrder(item.Slots, item.Kind))
        {
            var (state, reason) = await TryCopyFromAsync(slot, item, isLengthBinding: item.Version is null, cancellationToken);
            if (state == CopyState.Done)
            {
                return null;
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

        return new CopyFailure(reasons.Count > 0 ? string.Join("; ", reasons) : "no slot is configured that could hold it", isUnread);
    }

    private async Task<SlotAnswer> TryCopyFromAsync(
        BucketSlot slot, NamedObject item, bool isLengthBinding, CancellationToken cancellationToken)
    {
        if (reach.GivenUp(slot) is { } earlier)
        {
            return new SlotAnswer(CopyState.Unreadable, earlier.Message);
        }

        try
        {
            try
            {
                return await CopyFromAsync(slot, item, isLengthBinding, expectedMd5: null, cancellationToken);
            }
            catch (DownloadException failure) when (failure.InnerException is null)
            {
                // Read twice with the same MD5, it is the store's label that is none: a store that encrypts makes such ones.
                return await CopyFromAsync(slot, item, isLengthBinding, failure.FoundMd5, cancellationToken);
            }
        }
        catch (DownloadException failure)
        {
            // A failure of the repository is none of these and ends the run: it says nothing about the object.
            if (failure.InnerException is NesteggException outOfReach)
            {
                reach.Failed(slot, outOfReach);
            }

            return new SlotAnswer(CopyState.Unreadable, failure.Message);
        }
    }

    /// <param name="expectedMd5"><see langword="null"/> for the one that the store states.</param>
    /// <exception cref="DownloadException">It could not be read, or is not what the bucket announced.</exception>
    private async Task<SlotAnswer> CopyFromAsync(
        BucketSlot slot, NamedObject item, bool isLengthBinding, string? expectedMd5, CancellationToken cancellationToken)
    {
        await using var download = await OpenAsync(slot, item.Key, cancellationToken);
        if (download is null)
        {
            return new SlotAnswer(CopyState.Absent, "not there");
        }

        var isAsStated = item.SizeBytes is null || download.SizeBytes == item.SizeBytes;
        if (isAsStated || !isLengthBinding)
        {
            await using var content = new CheckedDownload(
                download.Content, download.SizeBytes, expectedMd5 ?? CheckedDownload.Md5Of(download.ETag));
            await StoreAsync(item, content, download.SizeBytes, cancellationToken);
        }

        return isAsStated
            ? new SlotAnswer(CopyState.Done, "")
            : new SlotAnswer(CopyState.WrongLength, $"{Counted.Of(download.SizeBytes, "byte")}, the database states {item.StatedLength}");
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
        if (!objects.Known.TryMark(item.Key, item.Version ?? 0, sizeBytes, out _))
        {
            await objects.Writer.AddAsync(item.Key, item.Version ?? 0, content, sizeBytes, cancellationToken);
        }

        counts.AddHeld(item.Kind, sizeBytes);
    }

    private readonly record struct SlotAnswer(CopyState State, string Reason);

    private enum CopyState
    {
        Done,
        Absent,
        WrongLength,
        Unreadable,
    }
}
