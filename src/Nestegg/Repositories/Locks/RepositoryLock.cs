using System.Diagnostics;
using System.Security.Cryptography;

namespace Nestegg.Repositories.Locks;

/// <summary>The right to write to a repository, held until it is disposed. A task renews it every 30 seconds.</summary>
internal sealed class RepositoryLock : IAsyncDisposable
{
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    // A repository that has gone away must not keep a command that is at its end from saying so.
    private static readonly TimeSpan ReleaseLimit = TimeSpan.FromSeconds(5);

    private const int Attempts = 3;

    private readonly LockFolder folder;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource stop = new();
    private LockFile file;
    private long renewedAt;
    private Task heartbeat = Task.CompletedTask;

    // Why the heartbeat ended; set before the lock counts as lost.
    private Exception? failure;

    private RepositoryLock(LockFolder folder, LockFile file)
    {
        (this.folder, this.file, time) = (folder, file, folder.Time);
        renewedAt = time.GetTimestamp();
    }

    /// <summary>Cancelled when the lock could not be renewed before it expired, or somebody took it away: stop writing.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Takes the right to write, or says who has it.</summary>
    /// <param name="command">What the holder is doing: <c>backup</c>.</param>
    /// <exception cref="NesteggException"><see cref="FailureKind.Locked"/></exception>
    public static async Task<RepositoryLock> AcquireAsync(
        LockFolder folder, string command, Random random, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var others = await folder.FindOthersAsync(null, cancellationToken);
            var other = others.Count == 0 ? null : await folder.RemoveGoneAsync(others, cancellationToken);
            if (other is null)
            {
                var mine = new RepositoryLock(folder, NewFile(command, folder.Time));
                other = await mine.TryHoldAsync(cancellationToken);
                if (other is null)
                {
                    return mine;
                }
            }

            // Two that begin at the same moment see each other and both withdraw; then the wait, which is random, decides.
            if (attempt == Attempts || folder.Time.GetUtcNow() - other.File.StartedAt > TimeSpan.FromSeconds(10))
            {
                throw folder.InUse(other);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 1500)), folder.Time, cancellationToken);
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

    /// <summary>
    /// Makes sure, before a commit, that the lock is still this holder's: a process that slept may be at its commit before its heartbeat
    /// wakes.
    /// </summary>
    /// <exception cref="NesteggException">The lock was lost.</exception>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        if (!IsGoodFor(TimeSpan.Zero) || !await folder.HasAsync(file, cancellationToken))
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
            await folder.DeleteAsync(file, limit.Token);
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
            id, Environment.MachineName, Environment.ProcessId, command, now, now)
        {
            ProcessTable = ProcessTable.Here,
        };
    }

    /// <summary>
    /// Writes the lock and then looks for others. Of two writers the one whose file appears later sees the other's, so they never
    /// both go on; that is why anyone else's lock is a reason to withdraw, whichever is older.
    /// </summary>
    private async Task<OtherLock?> TryHoldAsync(CancellationToken cancellationToken)
    {
        try
        {
            await folder.PutAsync(file, cancellationToken);
            var others = await folder.FindOthersAsync(file, cancellationToken);
            if (others.Count == 0)
            {
                Debug.Assert(heartbeat.IsCompleted && !stop.IsCancellationRequested, "A lock is held once.");
                heartbeat = Task.Run(BeatAsync, CancellationToken.None);

                return null;
            }

            await DisposeAsync();
            return others[0];
        }
        catch
        {
            await ReleaseAsync();
            throw;
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
            if (!IsGoodFor(TimeSpan.Zero) || !await folder.HasAsync(file, cancellationToken))
            {
                return false;
            }

            var (renewed, now) = (file with { HeartbeatAt = time.GetUtcNow() }, time.GetTimestamp());
            await folder.PutAsync(renewed, cancellationToken);
            (file, renewedAt) = (renewed, now);
            return true;
        }
        catch (NesteggException) when (IsGoodFor(HeartbeatInterval))
        {
            // The store may answer again before the lock runs out.
            return true;
        }
    }

    // By both clocks: the one may be set, the other stands still while the machine sleeps.
    private bool IsGoodFor(TimeSpan longer) =>
        time.GetUtcNow() + longer < file.HeartbeatAt + Lifetime && time.GetElapsedTime(renewedAt) + longer < Lifetime;

    private NesteggException Loss()
    {
        const string hint = "nothing that was committed is harmed; run the command again";
        var what = $"the lock on the repository at {folder.Location}";
        return failure is null
            ? new NesteggException(FailureKind.Locked, $"{what} was lost while {file.Command} ran, so it was stopped", hint)
            : new NesteggException(
                FailureKind.OutOfReach, $"{what} could not be renewed, so {file.Command} was stopped: {failure.Message}", hint, failure);
    }
}
