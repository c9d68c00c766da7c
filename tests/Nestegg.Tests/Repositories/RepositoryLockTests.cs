using System.Text.Json;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Locks;
using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

public sealed class RepositoryLockTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_second_writer_is_told_who_and_since_when()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await using (var held = await sample.Repository.LockAsync("backup", TimeProvider.System, Random.Shared, Token))
        {
            var file = Assert.Single(Locks());
            var e = await Assert.ThrowsAsync<NesteggException>(
                () => sample.Repository.LockAsync("prune", TimeProvider.System, Random.Shared, Token));
            Assert.Equal(FailureKind.Locked, e.Kind);
            Assert.Contains(Environment.MachineName, e.Message);
            Assert.Contains($"process {Environment.ProcessId}", e.Message);
            Assert.Contains("backup", e.Message);
            Assert.Contains($"{file.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}", e.Message);
            Assert.Single(Locks());
        }

        Assert.Empty(Locks());
        await using var next = await sample.Repository.LockAsync("prune", TimeProvider.System, Random.Shared, Token);
    }

    [Fact]
    public async Task An_expired_lock_is_removed_and_does_not_bar_the_way()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await PutAsync(store, DateTimeOffset.UtcNow.AddMinutes(-6));
        await using var held = await sample.Repository.LockAsync("backup", TimeProvider.System, Random.Shared, Token);
        Assert.Equal("backup", Assert.Single(Locks()).Command);
    }

    [Fact]
    public async Task Of_many_writers_at_once_at_most_one_goes_on()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var holders = 0;
        var most = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            try
            {
                await using var held = await sample.Repository.LockAsync("backup", TimeProvider.System, Random.Shared, Token);
                most = Math.Max(most, Interlocked.Increment(ref holders));
                await Task.Delay(50, Token);
                Interlocked.Decrement(ref holders);
            }
            catch (NesteggException e) when (e.Kind == FailureKind.Locked)
            {
                Assert.Contains("in use", e.Message);
            }
        }, Token)));
        Assert.InRange(most, 0, 1);
        Assert.Empty(Locks());
    }

    [Fact]
    public async Task The_heartbeat_renews_and_the_holder_learns_when_its_lock_is_gone()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var time = StillTime.Off(TimeSpan.Zero);
        await using var held = await sample.Repository.LockAsync("backup", time, Random.Shared, Token);
        var before = Assert.Single(Locks());
        await WaitAsync(() => time.HasTimer);
        time.Advance(RepositoryLock.HeartbeatInterval);
        await WaitAsync(() => time.HasTimer);
        Assert.Equal(before.HeartbeatAt + RepositoryLock.HeartbeatInterval, Locks().Single().HeartbeatAt);
        Assert.Equal(before.StartedAt, Locks().Single().StartedAt);
        Assert.Equal(Locks().Single().HeartbeatAt + RepositoryLock.Lifetime, Locks().Single().ExpiresAt);
        Assert.False(held.Lost.IsCancellationRequested);

        File.Delete(Directory.GetFiles(folder["locks"]).Single());
        time.Advance(RepositoryLock.HeartbeatInterval);
        await WaitAsync(() => held.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_holder_that_slept_past_its_expiry_has_lost_the_lock()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var time = StillTime.Off(TimeSpan.Zero);
        await using var held = await sample.Repository.LockAsync("backup", time, Random.Shared, Token);
        await WaitAsync(() => time.HasTimer);
        time.Advance(RepositoryLock.Lifetime);
        await WaitAsync(() => held.Lost.IsCancellationRequested);
    }

    [Theory]
    [InlineData(typeof(InvalidOperationException))]
    [InlineData(typeof(TaskCanceledException))]
    [InlineData(typeof(IOException))]
    public async Task Whatever_ends_the_heartbeat_stops_the_work_and_is_told(Type kind)
    {
        await using var folderStore = LocalStore.Create(folder.Path);
        var isBroken = false;
        await using var store = new FaultyStore(folderStore, (_, operation) =>
            isBroken
            && operation == StoreOperation.Size ? throw (Exception)Activator.CreateInstance(kind, "the dog ate the lock")! : Fault.None);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var time = StillTime.Off(TimeSpan.Zero);
        await using var held = await sample.Repository.LockAsync("backup", time, Random.Shared, Token);
        await WaitAsync(() => time.HasTimer);

        var work = held.RunAsync(async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return true;
        }, Token);
        isBroken = true;
        time.Advance(RepositoryLock.HeartbeatInterval);
        var stopped = await Assert.ThrowsAsync<NesteggException>(() => work.WaitAsync(TimeSpan.FromSeconds(30), Token));
        Assert.Contains("the dog ate the lock", stopped.Message);
        Assert.Contains(folder.Path, stopped.Message);
        Assert.IsType(kind, stopped.InnerException);
    }

    [Fact]
    public async Task A_store_that_is_away_for_a_moment_does_not_end_the_heartbeat_and_one_that_stays_away_does()
    {
        await using var folderStore = LocalStore.Create(folder.Path);
        var isAway = false;
        await using var store = new FaultyStore(
            folderStore, (_, operation) => isAway && operation == StoreOperation.Size ? Fault.Before : Fault.None);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var time = StillTime.Off(TimeSpan.Zero);
        await using var held = await sample.Repository.LockAsync("backup", time, Random.Shared, Token);
        await BeatAsync();
        isAway = true;
        await BeatAsync();
        await BeatAsync();
        isAway = false;
        await BeatAsync();
        Assert.False(held.Lost.IsCancellationRequested);

        isAway = true;
        for (var beat = 0; beat < 10 && !held.Lost.IsCancellationRequested; beat++)
        {
            await BeatAsync();
        }

        Assert.True(held.Lost.IsCancellationRequested);
        Assert.True(time.GetUtcNow() < Locks().Single().ExpiresAt, "the holder was stopped after its lock had run out");

        async Task BeatAsync()
        {
            await WaitAsync(() => time.HasTimer);
            time.Advance(RepositoryLock.HeartbeatInterval);
            await WaitAsync(() => time.HasTimer || held.Lost.IsCancellationRequested);
        }
    }

    [Fact]
    public async Task The_lock_of_a_dead_process_of_this_machine_is_taken_over_at_once()
    {
        Assert.SkipUnless(ProcessTable.Here is not null, "only Linux names its table of processes");
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        // The file holds whole seconds.
        var dead = await PutAsync(store, DateTimeOffset.FromUnixTimeSeconds(
            DateTimeOffset.UtcNow.ToUnixTimeSeconds()), await DeadProcessAsync(), ProcessTable.Here);
        await using var held = await sample.Repository.LockAsync("backup", TimeProvider.System, Random.Shared, Token);
        Assert.Equal(dead, held.TakenFrom);
        Assert.Equal(Environment.ProcessId, Assert.Single(Locks()).Process);
    }

    [Fact]
    public void The_number_of_a_dead_process_may_belong_to_another_by_now()
    {
        Assert.SkipUnless(ProcessTable.Here is not null, "only Linux names its table of processes");
        var began = System.Diagnostics.Process.GetCurrentProcess().StartTime.ToUniversalTime();
        var holder = new LockFile(
            "old", "here", Environment.ProcessId, "backup", began, began, began.AddDays(1))
        {
            ProcessTable = ProcessTable.Here,
        };
        Assert.False(ProcessTable.IsGone(holder));
        Assert.True(ProcessTable.IsGone(holder with { HeartbeatAt = began.AddMinutes(-2) }));
        Assert.False(ProcessTable.IsGone(holder with { HeartbeatAt = began.AddMinutes(-2), ProcessTable = null }));
    }

    [Fact]
    public async Task A_process_that_cannot_be_looked_up_here_is_waited_for()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        foreach (var table in (string?[])[null, "another boot pid:[4026531836]"])
        {
            await PutAsync(store, DateTimeOffset.UtcNow.AddMinutes(-1), await DeadProcessAsync(), table);
            var e = await Assert.ThrowsAsync<NesteggException>(
                () => sample.Repository.LockAsync("backup", TimeProvider.System, Random.Shared, Token));
            Assert.Equal(FailureKind.Locked, e.Kind);
        }
    }

    [Fact]
    public async Task Nothing_of_a_lock_that_cannot_be_released_hides_what_the_holder_has_to_say()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await using (await sample.Repository.LockAsync("backup", TimeProvider.System, Random.Shared, Token))
        {
            Directory.Delete(folder.Path, recursive: true);
        }

        Assert.False(Directory.Exists(folder.Path));
    }

    private static async Task<int> DeadProcessAsync()
    {
        using var process = System.Diagnostics.Process.Start(Environment.ProcessPath!, "-list full")!;
        process.Kill();
        await process.WaitForExitAsync(Token);
        return process.Id;
    }

    private static async Task WaitAsync(Func<bool> isDone)
    {
        for (var i = 0; i < 500 && !isDone(); i++)
        {
            await Task.Delay(10, Token);
        }

        Assert.True(isDone());
    }

    private List<LockFile> Locks() => !Directory.Exists(folder["locks"]) ? [] :
        [.. Directory.GetFiles(folder["locks"])
            .Select(path => JsonSerializer.Deserialize(File.ReadAllBytes(path), LockJson.Instance.LockFile)!)];

    private static async Task<LockFile> PutAsync(IStore store, DateTimeOffset startedAt, int process = 1, string? processTable = null)
    {
        var file = new LockFile("old", "nas", process, "backup of the past", startedAt, startedAt, startedAt + RepositoryLock.Lifetime)
        {
            ProcessTable = processTable,
        };
        await store.PutAsync(RepositoryKeys.Lock("old"), JsonSerializer.SerializeToUtf8Bytes(file, LockJson.Instance.LockFile), Token);
        return file;
    }
}
