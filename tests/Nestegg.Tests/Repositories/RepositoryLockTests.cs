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
        await using (var held = await LockAsync(sample, TimeProvider.System))
        {
            var file = Assert.Single(Locks());
            var e = await Assert.ThrowsAsync<NesteggException>(
                () => LockAsync(sample, TimeProvider.System));
            Assert.Equal(FailureKind.Locked, e.Kind);
            Assert.Contains(Environment.MachineName, e.Message);
            Assert.Contains($"process {Environment.ProcessId}", e.Message);
            Assert.Contains("backup", e.Message);
            Assert.Contains($"{file.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}", e.Message);
            Assert.Single(Locks());
        }

        Assert.Empty(Locks());
        await using var next = await LockAsync(sample, TimeProvider.System);
    }

    [Fact]
    public async Task A_lock_that_is_old_by_itself_and_by_the_store_is_removed_and_does_not_bar_the_way()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var sixMinutesAgo = DateTimeOffset.UtcNow.AddMinutes(-6);
        await PutAsync(store, sixMinutesAgo);
        File.SetLastWriteTimeUtc(folder["locks/old.json"], sixMinutesAgo.UtcDateTime);
        await using var held = await LockAsync(sample, TimeProvider.System);
        Assert.Equal("backup", Assert.Single(Locks()).Command);
    }

    public static TheoryData<string, string> OddLocks => new()
    {
        { Json("2999-01-01T00:00:00Z"), "now" },
        { Json("9999-12-31T23:59:59Z"), "2400" },
        { Json("0001-01-01T00:00:00Z"), "now" },
        { Json("2999-01-01T00:00:00Z"), "1999" },
        { "no JSON", "2400" },
        { "null", "2400" },
        { new string('{', 100_000), "2400" },
    };

    [Theory]
    [MemberData(nameof(OddLocks))]
    public async Task A_lock_that_nobody_renews_bars_the_way_for_five_minutes_whatever_it_says(string content, string modified)
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await store.PutAsync(RepositoryKeys.Lock("odd"), System.Text.Encoding.UTF8.GetBytes(content), Token);
        if (modified != "now")
        {
            File.SetLastWriteTimeUtc(folder["locks/odd.json"], new DateTime(int.Parse(modified), 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }

        var time = StillTime.Off(TimeSpan.Zero);
        var began = time.GetUtcNow();
        var events = new RunEvents();
        await using var held = await PassAsync(
            time, sample.Repository.LockAsync("backup", new RunLog(events), time, Random.Shared, Token));
        Assert.True(time.GetUtcNow() - began >= RepositoryLock.Lifetime, "it was not watched for five minutes");
        Assert.Equal("backup", Assert.Single(Locks()).Command);
        Assert.Equal(2, events.Steps.Count);
        Assert.Contains(modified == "now" ? "UTC" : $"{modified}-01-01 00:00:00 UTC", events.Steps[0]);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task The_lock_of_a_machine_whose_clock_is_wrong_is_seen_to_be_alive(int minutesOff)
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var (theirs, ours) = (DateTimeOffset.UtcNow.AddMinutes(minutesOff), StillTime.Off(TimeSpan.Zero));
        await PutAsync(store, theirs);
        var second = LockAsync(sample, ours);
        await WaitAsync(() => ours.HasTimer);
        await PutAsync(store, theirs + RepositoryLock.HeartbeatInterval);
        var e = await Assert.ThrowsAsync<NesteggException>(() => PassAsync(ours, second));
        Assert.Equal(FailureKind.Locked, e.Kind);
        Assert.Equal("old", Assert.Single(Locks()).Id);
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
                await using var held = await LockAsync(sample, TimeProvider.System);
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
        await using var held = await LockAsync(sample, time);
        var before = Assert.Single(Locks());
        await WaitAsync(() => time.HasTimer);
        time.Advance(RepositoryLock.HeartbeatInterval);
        await WaitAsync(() => time.HasTimer);
        Assert.Equal(before.HeartbeatAt + RepositoryLock.HeartbeatInterval, Locks().Single().HeartbeatAt);
        Assert.Equal(before.StartedAt, Locks().Single().StartedAt);
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
        await using var held = await LockAsync(sample, time);
        await WaitAsync(() => time.HasTimer);
        time.Advance(RepositoryLock.Lifetime);
        await WaitAsync(() => held.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_holder_whose_lock_is_gone_learns_it_before_it_commits()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await using var held = await LockAsync(sample, StillTime.Off(TimeSpan.Zero));
        await held.ConfirmAsync(Token);
        File.Delete(Directory.GetFiles(folder["locks"]).Single());
        Assert.Equal(FailureKind.Locked, (await Assert.ThrowsAsync<NesteggException>(() => held.ConfirmAsync(Token))).Kind);
        Assert.False(held.Lost.IsCancellationRequested, "the heartbeat has not looked yet");
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
        await using var held = await LockAsync(sample, time);
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
        await using var held = await LockAsync(sample, time);
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
        var end = Locks().Single().HeartbeatAt + RepositoryLock.Lifetime;
        Assert.True(time.GetUtcNow() < end, "the holder was stopped after its lock had run out");

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
        var dead = await PutAsync(store, DateTimeOffset.UtcNow, await DeadProcessAsync(), ProcessTable.Here);
        var events = new RunEvents();
        await using var held = await sample.Repository.LockAsync(
            "backup", new RunLog(events), TimeProvider.System, Random.Shared, Token);
        Assert.Contains($"{dead.Command} on {dead.Host}, process {dead.Process}", Assert.Single(events.Steps));
        Assert.Equal(Environment.ProcessId, Assert.Single(Locks()).Process);
    }

    [Fact]
    public void The_number_of_a_dead_process_may_belong_to_another_by_now()
    {
        Assert.SkipUnless(ProcessTable.Here is not null, "only Linux names its table of processes");
        var began = System.Diagnostics.Process.GetCurrentProcess().StartTime.ToUniversalTime();
        var holder = new LockFile(
            "old", "here", Environment.ProcessId, "backup", began, began)
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
                () => LockAsync(sample, TimeProvider.System));
            Assert.Equal(FailureKind.Locked, e.Kind);
        }
    }

    [Fact]
    public async Task Nothing_of_a_lock_that_cannot_be_released_hides_what_the_holder_has_to_say()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await using (await LockAsync(sample, TimeProvider.System))
        {
            Directory.Delete(folder.Path, recursive: true);
        }

        Assert.False(Directory.Exists(folder.Path));
    }

    private static string Json(string heartbeatAt) =>
        $$"""
        {"id":"odd","host":"nas","process":1,"command":"backup","startedAt":"{{heartbeatAt}}","heartbeatAt":"{{heartbeatAt}}",
        "expiresAt":"2999-01-01T00:00:00Z"}
        """;

    private static Task<RepositoryLock> LockAsync(SampleRepository sample, TimeProvider time) =>
        sample.Repository.LockAsync("backup", RunEvents.Nowhere(), time, Random.Shared, Token);

    /// <summary>
    /// Lets time pass while a task waits for it, and no more than twice what a dead lock takes: on a machine that is busy, the clock may
    /// move while the disk is looked at.
    /// </summary>
    private static async Task<T> PassAsync<T>(StillTime time, Task<T> task)
    {
        var end = time.GetUtcNow() + (2 * RepositoryLock.Lifetime);
        while (!task.IsCompleted && time.GetUtcNow() < end)
        {
            await WaitAsync(() => time.HasTimer || task.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(10));
        }

        return await task.WaitAsync(TimeSpan.FromMinutes(1), Token);
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
        var file = new LockFile("old", "nas", process, "backup of the past", startedAt, startedAt)
        {
            ProcessTable = processTable,
        };
        await store.PutAsync(RepositoryKeys.Lock("old"), JsonSerializer.SerializeToUtf8Bytes(file, LockJson.Instance.LockFile), Token);
        return file;
    }
}
