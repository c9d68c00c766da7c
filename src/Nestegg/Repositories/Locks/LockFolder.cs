using System.Text.Json;
using Nestegg.Ente;
using Nestegg.Repositories.Files;
using Nestegg.Stores;

namespace Nestegg.Repositories.Locks;

/// <summary>The files under <c>locks/</c>.</summary>
internal sealed class LockFolder(IStore store, TimeProvider time, RunLog log)
{
    private const int FileLimitBytes = 64 * 1024;

    // Writers that wait for each other are a few; each is held in memory.
    private const int MostLocks = 100;

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(10);

    public string Location => store.Location;

    public TimeProvider Time => time;

    public Task PutAsync(LockFile file, CancellationToken cancellationToken) => store.PutAsync(
        RepositoryKeys.Lock(file.Id), JsonSerializer.SerializeToUtf8Bytes(file, LockJson.Instance.LockFile), cancellationToken);

    public async Task<bool> HasAsync(LockFile file, CancellationToken cancellationToken) =>
        await store.TryGetSizeAsync(RepositoryKeys.Lock(file.Id), cancellationToken) is not null;

    public Task DeleteAsync(LockFile file, CancellationToken cancellationToken) =>
        store.DeleteAsync(RepositoryKeys.Lock(file.Id), cancellationToken);

    /// <summary>The locks of others that may be alive. Dead ones are removed on the way.</summary>
    public async Task<IReadOnlyList<OtherLock>> FindOthersAsync(LockFile? own, CancellationToken cancellationToken)
    {
        var others = new List<OtherLock>();
        var (isOwnSeen, unread) = (own is null, (NesteggException?)null);
        var items = store.ListAsync(RepositoryKeys.Locks, cancellationToken)
            .AsFarAsPossible(failure => unread = failure, cancellationToken);
        await foreach (var item in items)
        {
            var isOwn = own is not null && item.Key == RepositoryKeys.Lock(own.Id);
            isOwnSeen |= isOwn;
            if (isOwn || await TryReadAsync(item.Key, cancellationToken) is not { } content)
            {
                continue;
            }

            var other = OtherLock.Of(item, content);
            if (other.StateAt(time.GetUtcNow()) == LockState.Dead)
            {
                await RemoveAsync(item.Key, cancellationToken);
            }
            else
            {
                others.Add(others.Count < MostLocks ? other : throw TooMany());
            }
        }

        // A folder among the locks that may not be read says nothing of them. The locks themselves are seen when one's own is.
        return unread is null || isOwnSeen ? others : throw unread;
    }

    /// <summary>
    /// Removes locks whose holders are gone for certain: their processes are, or nobody renews them for five minutes by this process's own
    /// watch, for which it waits where a look does not tell.
    /// </summary>
    /// <returns>One that looks alive; <see langword="null"/> when all were removed.</returns>
    /// <exception cref="NesteggException"><see cref="FailureKind.Locked"/> when one was renewed while it was watched.</exception>
    public async Task<OtherLock?> RemoveGoneAsync(IReadOnlyList<OtherLock> others, CancellationToken cancellationToken)
    {
        var left = new List<OtherLock>();
        foreach (var other in others)
        {
            if (!ProcessTable.IsGone(other.File))
            {
                left.Add(other);
                continue;
            }

            await RemoveAsync(other.Key, cancellationToken);
            log.Step("lock", $"The lock of {other} was taken over: its process is gone");
        }

        if (left.Find(other => other.StateAt(time.GetUtcNow()) == LockState.Alive) is { } alive)
        {
            return alive;
        }

        if (left.Count > 0)
        {
            await WatchAsync(left, cancellationToken);
        }

        return null;
    }

    public NesteggException InUse(OtherLock other) => new(
        FailureKind.Locked, $"the repository at {store.Location} is in use by {other}",
        $"wait until it is done; if it is dead, a run that begins {Counted.Of((long)RepositoryLock.Lifetime.TotalMinutes, "minute")} later removes its lock");

    private NesteggException TooMany() => new(
        FailureKind.Locked, $"{RepositoryKeys.Locks} at {store.Location} holds more than {MostLocks} locks that may be alive",
        "so many writers there are not: look who writes there, remove them, and run the command again");

    private async Task WatchAsync(IReadOnlyList<OtherLock> others, CancellationToken cancellationToken)
    {
        foreach (var other in others)
        {
            log.Step(
                "lock",
                $"The lock of {other} was renewed at {other.File.HeartbeatAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC by what it says and at "
                + $"{other.ModifiedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC by the store's clock: watching it for five minutes");
        }

        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < RepositoryLock.Lifetime)
        {
            await Task.Delay(WatchInterval, time, cancellationToken);
            foreach (var other in others)
            {
                if (await TryReadAsync(other.Key, cancellationToken) is { } content && !content.AsSpan().SequenceEqual(other.Content.Span))
                {
                    throw InUse(other);
                }
            }
        }

        foreach (var other in others)
        {
            await RemoveAsync(other.Key, cancellationToken);
            log.Step("lock", $"The lock of {other} was removed: nobody renews it");
        }
    }

    /// <returns>Nothing where it cannot be read: it counts by its time alone. <see langword="null"/> when it is gone.</returns>
    private async Task<byte[]?> TryReadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await store.TryOpenAsync(key, 0, null, cancellationToken);
            if (stream is null)
            {
                return null;
            }

            var buffer = new byte[FileLimitBytes];
            return buffer[..await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)];
        }
        catch (NesteggException unreadable) when (unreadable.IsOfOneItem)
        {
            return [];
        }
    }

    // What is dead and may not be removed, or is no file that a lock could be, holds nobody up.
    private async Task RemoveAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await store.DeleteAsync(key, cancellationToken);
        }
        catch (NesteggException kept) when (kept.IsOfOneItem)
        {
            log.Step("lock", $"What lies at {key} counts for nothing and stays: {kept.Message}");
        }
    }
}
