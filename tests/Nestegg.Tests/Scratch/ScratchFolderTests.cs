using Nestegg.Ente.Scratch;
using Nestegg.TestKit;

namespace Nestegg.Tests.Scratch;

public sealed class ScratchFolderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_that_are_made_at_once_do_not_take_each_other_for_leftovers()
    {
        using var parent = new TemporaryFolder();
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token }, (_, _) =>
        {
            using var folder = ScratchFolder.Create(parent.Path);
            Assert.True(File.Exists(folder.CreateFile("library.sqlite")));
            return ValueTask.CompletedTask;
        });
        Assert.Empty(Directory.EnumerateFileSystemEntries(parent.Path));
    }

    [Fact]
    public void A_process_that_dies_while_it_makes_its_folder_leaves_nothing_either()
    {
        using var parent = new TemporaryFolder();
        File.WriteAllText(parent[ScratchFolder.Prefix + "0000000000000001" + ScratchFolder.LockSuffix], "");
        ScratchFolder.Create(parent.Path).Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(parent.Path));
    }

    [Fact]
    public void What_dead_processes_left_goes_with_the_next_and_nothing_else_does()
    {
        using var parent = new TemporaryFolder();
        var left = Leftover(parent, "0000000000000001");
        var somebodyElses = Directory.CreateDirectory(parent["nestegg-notes"]).FullName;
        using var living = ScratchFolder.Create(parent.Path);
        Assert.False(Directory.Exists(left));

        left = Leftover(parent, "0000000000000002");
        ScratchFile.Create(0, parent.Path).Dispose();
        Assert.False(Directory.Exists(left));

        left = Leftover(parent, "0000000000000003");
        ScratchDatabase.Create(parent.Path).Dispose();
        Assert.Equal([somebodyElses, living.Path], Directory.GetDirectories(parent.Path).Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_link_that_is_called_like_ours_leads_to_nothing_that_is_removed(bool hasLock)
    {
        using var parent = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        File.WriteAllText(elsewhere[hasLock ? "lock" : "letter"], "somebody's");
        Directory.SetLastWriteTimeUtc(elsewhere.Path, DateTime.UtcNow.AddDays(-1));
        Directory.CreateSymbolicLink(parent[ScratchFolder.Prefix + "0000000000000001"], elsewhere.Path);
        ScratchFolder.Create(parent.Path).Dispose();
        Assert.Single(Directory.GetFiles(elsewhere.Path));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named_and_never_made()
    {
        using var parent = new TemporaryFolder();
        foreach (var create in Creations)
        {
            var failure = Assert.Throws<ScratchException>(() => create(parent["tmp"]));
            Assert.Equal($"Temporary files cannot be kept in {parent["tmp"]}: the folder does not exist.", failure.Message);
            Assert.Contains("TMPDIR", failure.Hint, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(parent["tmp"]));
    }

    [Fact]
    public void A_folder_that_is_a_file_is_named()
    {
        using var parent = new TemporaryFolder();
        File.WriteAllText(parent["tmp"], "");
        Assert.All(Creations, create => Assert.Contains(
            parent["tmp"], Assert.Throws<ScratchException>(() => create(parent["tmp"])).Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_that_may_not_be_written_is_named()
    {
        await using var disk = await SmallDisk.TryMountAsync("size=1m", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        await disk.RemountAsync("ro", Token);
        Assert.All(Creations, create => Assert.Contains(
            disk.Path, Assert.Throws<ScratchException>(() => create(disk.Path)).Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_disk_that_is_full_is_named_by_whatever_writes_to_it()
    {
        await using var disk = await SmallDisk.TryMountAsync("size=256k", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        var content = new byte[1 << 20];
        using (var file = ScratchFile.Create(4096, disk.Path))
        {
            AssertFull(Assert.Throws<ScratchException>(() => file.Write(content)));
        }

        using (var file = ScratchFile.Create(4096, disk.Path))
        {
            AssertFull(await Assert.ThrowsAsync<ScratchException>(() => file.WriteAsync(content, Token).AsTask()));
        }

        // What waits in a buffer meets the disk when it is flushed, or when the position changes.
        using (var file = ScratchFile.Create(1 << 20, disk.Path))
        {
            file.Write(content.AsSpan(0, 1 << 19));
            AssertFull(Assert.Throws<ScratchException>(file.Flush));
            AssertFull(Assert.Throws<ScratchException>(() => file.Position = 0));
        }

        using (var database = ScratchDatabase.Create(disk.Path))
        {
            database.Execute("CREATE TABLE rows (content BLOB)");
            AssertFull(Assert.Throws<ScratchException>(() => database.Run("INSERT INTO rows VALUES (?)", content)));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Path));

        void AssertFull(ScratchException failure) =>
            Assert.Equal($"Temporary files cannot be kept in {disk.Path}: the disk is full.", failure.Message);
    }

    private static Func<string, IDisposable>[] Creations =>
        [ScratchFolder.Create, parent => ScratchFile.Create(0, parent), ScratchDatabase.Create];

    /// <summary>What a process that was killed leaves: its files, and a lock file that nobody holds.</summary>
    private static string Leftover(TemporaryFolder parent, string name)
    {
        var left = Directory.CreateDirectory(parent[ScratchFolder.Prefix + name]).FullName;
        File.WriteAllText(left + ScratchFolder.LockSuffix, "");
        File.WriteAllText(Path.Combine(left, "scratch.sqlite"), "keys");
        return left;
    }
}
