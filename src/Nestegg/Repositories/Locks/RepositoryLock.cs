using System.Security.Cryptography;
using System.Text.Json;
using Nestegg.Repositories.Files;
using Nestegg.Stores;

namespace Nestegg.Repositories.Locks;

/// <summary>The right to write to a repository, held until it is disposed. A task renews it every 30 seconds.</summary>
internal sealed class RepositoryLock : IAsyncDisposable
{
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    // A repository that has gone away must not keep a command that is at its end from saying so.
    private static readonly TimeSpan ReleaseLimit = TimeSpan.FromSeconds(5);

    private const int Attempts = 3;

    private readonly IStore store;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource stop = new();
    private LockFile file;
    private Task heartbeat = Task.CompletedTask;

    // Why the heartbeat ended; set before the lock counts as lost.
    private Exception? failure;

    private RepositoryLock(IStore store, TimeProvider time, LockFile file) => (this.store, this.time, this.file) = (store, time, file);

    /// <summary>Cancelled when the lock could not be renewed before it expired, or somebody took it away: stop writing.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>
    /// The lock of a dead process of this machine that was removed to take this one; its holder cannot be asked, so a person should be
    /// told.
    /// </summary>
    public LockFile? TakenFrom { get; private set; }

    private string Key => RepositoryKeys.Lock(file.Id);

    /// <summary>Takes the right to write, or says who has it.</summary>
    /// <param name="command">What the holder is doing: <c>backup</c>.</param>
    /// <exception cref="NesteggException"><see cref="FailureKind.Locked"/></exception>
    public static async Task<RepositoryLock> AcquireAsync(
        IStore store, string command, TimeProvider time, Random random, CancellationToken cancellationToken)
    {
        LockFile? takenFrom = null;
        for (var attempt = 1; ; attempt++)
        {
            var other = await FindOtherAsync(store, null, time, cancellationToken);
            if (other is not null && ProcessTable.IsGone(other))
            {
                await store.DeleteAsync(RepositoryKeys.Lock(other.Id), cancellationToken);
                takenFrom = other;
                attempt--;
                continue;
            }

            if (other is null)
            {
                var mine = new RepositoryLock(store, time, NewFile(command, time)) { TakenFrom = takenFrom };
                other = await mine.TryHoldAsync(cancellationToken);
                if (other is null)
                {
                    return mine;
                }
            }

            // Two that begin at the same moment see each other and both withdraw; then the wait, which is random, decides.
            if (attempt == Attempts || time.GetUtcNow() - other.StartedAt > TimeSpan.FromSeconds(10))
            {
                throw Refusal(other, store.Location);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 1500)), time, cancellationToken);
        }
    }

    /// <summary>Does what the lock was taken for, and stops it when the lock is lost.</summary>
    /// <exception cref="NesteggException">The lock was lost, or could not be renewed for whatever reason.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Lost);
        try
        {
            return await work(either.Token);
        }
        catch (OperationCanceledException) when (Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Loss();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await heartbeat;
        if (!lost.IsCancellationRequested)
        {
            await ReleaseAsync();
        }

        stop.Dispose();
        lost.Dispose();
    }

    private async Task ReleaseAsync()
    {
        using var limit = new CancellationTokenSource(ReleaseLimit, time);
        try
        {
            await store.DeleteAsync(Key, limit.Token);
        }
        catch (Exception failure) when (failure is NesteggException or OperationCanceledException)
        {
            // What the holder has to tell matters more than a lock that stays: it expires, and on this machine its process will be seen to
            // be gone.
        }
    }

    private static LockFile NewFile(string command, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        return new LockFile(
            id, Environment.MachineName, Environment.ProcessId, command, now, now, now + Lifetime)
        {
            ProcessTable = ProcessTable.Here,
        };
    }

    /// <summary>
    /// Writes the lock and then looks for others. Of two writers the one whose file appears later sees the other's, so they never
    /// both go on; that is why anyone else's lock is a reason to withdraw, whichever is older.
    /// </summary>
    private async Task<LockFile?> TryHoldAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(cancellationToken);
            if (await FindOtherAsync(store, file.Id, time, cancellationToken) is not { } other)
            {
                heartbeat = Task.Run(BeatAsync, CancellationToken.None);
                return null;
            }

            await DisposeAsync();
            return other;
        }
        catch
        {
            await ReleaseAsync();
            throw;
        }
    }

    /// <summary>A lock of somebody else that has not expired. Expired ones are removed on the way.</summary>
    private static async Task<LockFile?> FindOtherAsync(IStore store, string? ownId, TimeProvider time, CancellationToken cancellationToken)
    {
        LockFile? found = null;
        await foreach (var item in store.ListAsync(RepositoryKeys.Locks, cancellationToken))
        {
            if (ownId is not null && item.Key == RepositoryKeys.Lock(ownId))
            {
                continue;
            }

            var other = await TryReadAsync(store, item.Key, item.ModifiedAt, cancellationToken);
            if (other is null)
            {
                continue;
            }

            if (other.ExpiresAt > time.GetUtcNow())
            {
                found ??= other;
            }
            else
            {
                await store.DeleteAsync(item.Key, cancellationToken);
            }
        }

        return found;
    }

    /// <summary>A file that cannot be read counts as a lock of somebody unknown until it is old.</summary>
    private static async Task<LockFile?> TryReadAsync(
        IStore store, string key, DateTimeOffset modifiedAt, CancellationToken cancellationToken)
    {
        var content = await store.TryReadAsync(key, cancellationToken);
        if (content is null)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(content, LockJson.Instance.LockFile);
        }
        catch (JsonException)
        {
            return new LockFile(
                key, "an unknown host", 0, $"something that left the unreadable file {key}", modifiedAt, modifiedAt, modifiedAt + Lifetime);
        }
    }

    private async Task BeatAsync()
    {
        try
        {
            do
            {
                await Task.Delay(HeartbeatInterval, time, stop.Token);
            }
            while (await TryBeatAsync(stop.Token));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The holder is done.
            return;
        }
        catch (Exception unexpected)
        {
            // Whatever it was, nobody renews the lock from now on: a holder that went on would write without it.
            failure = unexpected;
        }

        await lost.CancelAsync();
    }

    /// <returns><see langword="false"/> when the lock is lost.</returns>
    private async Task<bool> TryBeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A process that slept past its expiry may find that another has taken over, and its file gone.
            var now = time.GetUtcNow();
            if (now >= file.ExpiresAt || await store.TryGetSizeAsync(Key, cancellationToken) is null)
            {
                return false;
            }

            var renewed = file with { HeartbeatAt = now, ExpiresAt = now + Lifetime };
            await PutAsync(renewed, cancellationToken);
            file = renewed;
            return true;
        }
        catch (NesteggException) when (time.GetUtcNow() < file.ExpiresAt - HeartbeatInterval)
        {
            // The store may answer again before the lock runs out.
            return true;
        }
    }

    private NesteggException Loss()
    {
        const string hint = "nothing that was committed is harmed; run the command again";
        var what = $"the lock on the repository at {store.Location}";
        return failure is null
            ? new NesteggException(FailureKind.Locked, $"{what} was lost while {file.Command} ran, so it was stopped", hint)
            : new NesteggException(
                FailureKind.OutOfReach, $"{what} could not be renewed, so {file.Command} was stopped: {failure.Message}", hint, failure);
    }

    private Task WriteAsync(CancellationToken cancellationToken) => PutAsync(file, cancellationToken);

    private Task PutAsync(LockFile content, CancellationToken cancellationToken) =>
        store.PutAsync(Key, JsonSerializer.SerializeToUtf8Bytes(content, LockJson.Instance.LockFile), cancellationToken);

    private static NesteggException Refusal(LockFile other, string location) => new(
        FailureKind.Locked,
        $"the repository at {location} is in use since "
        + $"{other.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC by {other.Host}, process {other.Process}: {other.Command}",
        $"wait until it is done; if it is dead, its lock expires by itself at {other.ExpiresAt.UtcDateTime:HH:mm:ss} UTC");
}
