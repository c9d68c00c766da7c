using System.Diagnostics;
using System.Runtime.Versioning;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Stores;

[UnsupportedOSPlatform("windows")]
public sealed class LocalStoreTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_folder_that_does_not_exist_is_out_of_reach_for_every_call_and_is_not_made()
    {
        var store = new LocalStore(folder["unmounted"]);
        foreach (var call in (Func<Task>[])
        [
            () => store.CreateAsync(1, Token), () => store.TryOpenAsync("item", 0, null, Token), () => store.TryGetSizeAsync("item", Token),
            () => store.DeleteAsync("item", Token), async () => await store.ListAsync("", Token).ToListAsync(Token),
        ])
        {
            var failure = await Assert.ThrowsAsync<NesteggException>(call);
            Assert.Equal(FailureKind.OutOfReach, failure.Kind);
            Assert.Contains("does not exist", failure.Message, StringComparison.Ordinal);
            Assert.Null(ErrorText.WhatIsWrong(failure, folder["unmounted"]));
        }

        Assert.False(Directory.Exists(folder["unmounted"]));
    }

    [Fact]
    public async Task Create_makes_the_folder_for_its_owner_only()
    {
        await using var store = LocalStore.Create(folder["new/repository"]);
        await PutAsync(store, "objects/ab/item");
        Assert.Equal("drwx------", Mode(folder["new/repository"]));
        Assert.Equal("drwx------", Mode(folder["new/repository/objects/ab"]));
        Assert.Equal("-rw-------", Mode(folder["new/repository/objects/ab/item"]));
    }

    [Fact]
    public async Task Leftovers_are_removed_after_a_day_and_not_before()
    {
        Directory.CreateDirectory(folder["tmp"]);
        await File.WriteAllTextAsync(folder["tmp/old"], "x", Token);
        await File.WriteAllTextAsync(folder["tmp/young"], "x", Token);
        File.SetLastWriteTimeUtc(folder["tmp/old"], DateTime.UtcNow.AddHours(-25));
        File.SetLastWriteTimeUtc(folder["tmp/young"], DateTime.UtcNow.AddHours(-23));

        await using var store = new LocalStore(folder.Path);
        Assert.Empty(await store.ListAsync("", Token).ToListAsync(Token));
        Assert.True(File.Exists(folder["tmp/old"]));
        await PutAsync(store, "item");
        Assert.Equal([folder["tmp/young"]], Directory.GetFiles(folder["tmp"]));
        Assert.Equal(["item"], await store.ListAsync("", Token).Select(item => item.Key).ToListAsync(Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_root_that_vanishes_in_the_middle_of_a_write_is_told_and_never_made_anew(bool isEmptyMountPointLeft)
    {
        var root = folder["disk"];
        await using var store = LocalStore.Create(root);
        await PutAsync(store, "objects/ab/before");
        foreach (var key in (string[])["objects/ab/known", "objects/cd/new", "snapshots/new/manifest"])
        {
            var failure = await Assert.ThrowsAsync<NesteggException>(async () =>
            {
                await using var writer = await store.CreateAsync(100, Token);
                await writer.WriteAsync(new byte[100], Token);
                Directory.Move(root, folder["elsewhere"]);
                if (isEmptyMountPointLeft)
                {
                    Directory.CreateDirectory(root);
                }

                await writer.CommitAsync(key, Token);
            });
            Assert.Contains($"cannot write {root}/{key}: ", failure.Message, StringComparison.Ordinal);
            Assert.Null(ErrorText.WhatIsWrong(failure, root));
            failure = await Assert.ThrowsAsync<NesteggException>(() => PutAsync(store, key));
            Assert.Contains($"cannot write {root}/tmp/", failure.Message, StringComparison.Ordinal);
            if (isEmptyMountPointLeft)
            {
                Assert.Empty(Directory.EnumerateFileSystemEntries(root));
                Directory.Delete(root);
            }

            Assert.False(Directory.Exists(root));
            Directory.Move(folder["elsewhere"], root);
        }

        await PutAsync(store, "objects/cd/new");
    }

    [Fact]
    public async Task A_disk_that_is_taken_away_in_the_middle_of_a_write_leaves_its_mount_point_as_it_was()
    {
        await using var disk = await MountAsync("size=1m");
        await using var store = new LocalStore(disk.Path);
        await PutAsync(store, "objects/ab/before");
        await using var writer = await store.CreateAsync(100, Token);
        await writer.WriteAsync(new byte[100], Token);
        await ExternalProgram.RunAsync("umount", ["-l", disk.Path], Token);
        await Assert.ThrowsAsync<NesteggException>(() => writer.CommitAsync("snapshots/new/manifest", Token));
        await writer.DisposeAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Path));
    }

    [Fact]
    public async Task What_waits_is_no_item()
    {
        await using var store = new LocalStore(folder.Path);
        await Assert.ThrowsAsync<ArgumentException>(() => store.TryOpenAsync("tmp/x", 0, null, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => store.DeleteAsync("tmp", Token));
    }

    [Fact]
    public async Task A_full_disk_is_said_and_harms_nothing_that_was_committed()
    {
        await using var small = await MountAsync("size=1m");
        await using var store = new LocalStore(small.Path);
        await PutAsync(store, "before");
        var writer = await store.CreateAsync(0, Token);
        var failure = await Assert.ThrowsAsync<NesteggException>(async () =>
        {
            for (var n = 0; n < 64; n++)
            {
                await writer.WriteAsync(new byte[64 * 1024], Token);
            }

            await writer.CommitAsync("after", Token);
        });
        await writer.DisposeAsync();

        Assert.Equal(FailureKind.OutOfReach, failure.Kind);
        Assert.Contains("the disk is full", failure.Message, StringComparison.Ordinal);
        Assert.Null(ErrorText.WhatIsWrong(failure, small.Path));
        Assert.Equal(["before"], await store.ListAsync("", Token).Select(item => item.Key).ToListAsync(Token));
        Assert.Empty(Directory.GetFiles(Path.Combine(small.Path, "tmp")));
        await PutAsync(store, "after");
    }

    [Fact]
    public async Task A_read_only_file_system_can_be_read_and_says_so_when_it_is_written()
    {
        await using var disk = await MountAsync("size=1m");
        await using var store = new LocalStore(disk.Path);
        await PutAsync(store, "item");
        await disk.RemountAsync("ro", Token);

        await using var again = new LocalStore(disk.Path);
        Assert.Equal(100, await again.TryGetSizeAsync("item", Token));
        Assert.Single(await again.ListAsync("", Token).ToListAsync(Token));
        foreach (var call in (Func<Task>[])[() => again.CreateAsync(1, Token), () => again.DeleteAsync("item", Token)])
        {
            var failure = await Assert.ThrowsAsync<NesteggException>(call);
            Assert.Equal(FailureKind.OutOfReach, failure.Kind);
            Assert.Contains("the file system is read-only", failure.Message, StringComparison.Ordinal);
            Assert.Null(ErrorText.WhatIsWrong(failure, disk.Path));
        }

        await disk.RemountAsync("rw", Token);
    }

    [Fact]
    public async Task A_folder_that_may_not_be_entered_is_no_empty_one()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "root may enter every folder");
        await using var store = new LocalStore(folder.Path);
        await PutAsync(store, "a/item");
        File.SetUnixFileMode(folder["a"], UnixFileMode.None);
        try
        {
            var failure = await Assert.ThrowsAsync<NesteggException>(() => store.TryGetSizeAsync("a/item", Token));
            Assert.Contains("permission denied", failure.Message, StringComparison.Ordinal);
            Assert.Null(ErrorText.WhatIsWrong(failure, folder["a"]));
        }
        finally
        {
            File.SetUnixFileMode(folder["a"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Theory]
    [InlineData(5, "input/output error")]
    [InlineData(28, "the disk is full")]
    [InlineData(30, "read-only")]
    [InlineData(116, "stale file handle")]
    [InlineData(122, "quota")]
    [InlineData(71, "protocol error")]
    public void What_the_system_reports_is_put_in_words(int errno, string words)
    {
        var failure = LocalFailure.Explain("write", folder["objects/ab/item"], folder.Path, new IOException("something odd.", errno));
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Null(ErrorText.WhatIsWrong(failure, folder["objects/ab/item"]));
    }

    [Fact]
    public void Denied_access_is_put_in_words()
    {
        var failure = LocalFailure.Explain("write", folder["item"], folder.Path, new UnauthorizedAccessException());
        Assert.Contains("permission denied", failure.Message, StringComparison.Ordinal);
        Assert.Null(ErrorText.WhatIsWrong(failure, folder["item"]));
    }

    [Fact]
    public async Task Eight_commits_at_a_time_do_not_wait_for_each_other_on_the_thread_pool()
    {
        await using var store = new LocalStore(folder.Path);
        var clock = Stopwatch.StartNew();
        await Parallel.ForAsync(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, async (
            n, _) => await PutAsync(store, $"objects/{n:x2}/item"));

        // With the pool's two threads blocked it would grow by one a second, and the rest would stand still.
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
    }

    public void Dispose() => folder.Dispose();

    private static string Mode(string path)
    {
        var bits = File.GetUnixFileMode(path);
        var text = Directory.Exists(path) ? "d" : "-";
        for (var n = 8; n >= 0; n--)
        {
            text += ((int)bits >> n & 1) == 1 ? "rwx"[(8 - n) % 3] : '-';
        }

        return text;
    }

    private static async Task PutAsync(LocalStore store, string key)
    {
        await using var writer = await store.CreateAsync(100, Token);
        await writer.WriteAsync(new byte[100], Token);
        await writer.CommitAsync(key, Token);
    }

    private static async Task<SmallDisk> MountAsync(string options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root can mount a small disk");
        var disk = await SmallDisk.TryMountAsync(options, Token);
        Assert.SkipWhen(disk is null, "this machine does not allow mounts");
        return disk!;
    }
}
