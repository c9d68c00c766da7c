using System.Runtime.Versioning;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Stores;

/// <summary>Nothing in a folder that holds a repository leads out of it, whatever whoever can write there puts there.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LinkTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private LocalStore store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Root => folder["repository"];

    private string Outside => folder["outside"];

    public async ValueTask InitializeAsync()
    {
        store = LocalStore.Create(Root);
        Directory.CreateDirectory(folder["outside/ab"]);
        foreach (var file in (string[])["outside/item", "outside/ab/item"])
        {
            await File.WriteAllTextAsync(folder[file], "somebody's", Token);
            File.SetLastWriteTimeUtc(folder[file], DateTime.UtcNow.AddDays(-30));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Dispose();
    }

    [Theory]
    [InlineData("objects", "objects/ab/item")]
    [InlineData("objects/ab", "objects/ab/item")]
    [InlineData("packs", "packs/ab/item")]
    [InlineData("index", "index/item")]
    [InlineData("snapshots", "snapshots/ab/item")]
    [InlineData("locks", "locks/item")]
    [InlineData("proofs", "proofs/ab/item")]
    public async Task A_folder_that_is_a_link_is_refused_by_name_and_nothing_behind_it_is_touched(string link, string key)
    {
        await PutAsync("item");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Root, link))!);
        Directory.CreateSymbolicLink(Path.Combine(Root, link), Outside);
        var before = Contents(folder.Path);
        foreach (var call in (Func<Task>[])
        [
            () => PutAsync(key), () => store.TryOpenAsync(key, 0, null, Token), () => store.TryGetSizeAsync(key, Token),
            () => store.DeleteAsync(key, Token), async () => await store.ListAsync(link + "/", Token).ToListAsync(Token),
        ])
        {
            var failure = await Assert.ThrowsAsync<NesteggException>(call);
            Assert.Equal(FailureKind.OutOfReach, failure.Kind);
            Assert.Contains($"{Root}/{link} is a link", failure.Message, StringComparison.Ordinal);
            Assert.Null(ErrorText.WhatIsWrong(failure, Root));
        }

        // Of what lies beside it the listing still tells; the link is a name that nobody knows.
        Assert.Equal(
            new[] { "item", link }.Order(StringComparer.Ordinal),
            await store.ListAsync("", Token).Select(item => item.Key).ToListAsync(Token));
        Assert.Equal(before, Contents(folder.Path));
    }

    [Fact]
    public async Task The_folder_for_what_waits_may_be_no_link_and_nothing_old_behind_it_is_removed()
    {
        Directory.CreateSymbolicLink(folder["repository/tmp"], Outside);
        var before = Contents(folder.Path);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => PutAsync("item"));
        Assert.Contains($"{Root}/tmp is a link", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, Contents(folder.Path));
    }

    [Fact]
    public async Task One_that_becomes_a_link_while_something_is_written_is_refused_too()
    {
        await PutAsync("objects/ab/first");
        await using var writer = await store.CreateAsync(100, Token);
        await writer.WriteAsync(new byte[100], Token);
        Directory.Move(folder["repository/objects"], folder["moved"]);
        Directory.CreateSymbolicLink(folder["repository/objects"], Outside);
        var before = Contents(Outside);
        await Assert.ThrowsAsync<NesteggException>(() => writer.CommitAsync("objects/ab/second", Token));
        Assert.Equal(before, Contents(Outside));
    }

    [Fact]
    public async Task A_file_that_is_a_link_is_listed_and_removed_and_never_read()
    {
        File.CreateSymbolicLink(folder["repository/item"], folder["outside/item"]);
        Assert.Equal(["item"], await store.ListAsync("", Token).Select(item => item.Key).ToListAsync(Token));
        await Assert.ThrowsAsync<NesteggException>(() => store.TryGetSizeAsync("item", Token));
        var failure = await Assert.ThrowsAsync<NesteggException>(() => store.TryOpenAsync("item", 0, null, Token));
        Assert.Contains($"{Root}/item is a link", failure.Message, StringComparison.Ordinal);

        // What is written takes the name, as removing it does, and leaves what it led to.
        await PutAsync("item");
        Assert.Equal(100, await store.TryGetSizeAsync("item", Token));
        File.Delete(folder["repository/item"]);
        File.CreateSymbolicLink(folder["repository/item"], folder["outside/item"]);
        await store.DeleteAsync("item", Token);
        Assert.Empty(await store.ListAsync("", Token).ToListAsync(Token));
        Assert.Equal("somebody's", await File.ReadAllTextAsync(folder["outside/item"], Token));
    }

    [Fact]
    public async Task A_file_where_a_folder_should_be_is_told_by_its_name()
    {
        await File.WriteAllTextAsync(folder["repository/locks"], "", Token);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => PutAsync("locks/ab.json"));
        Assert.Contains($"{Root}/locks is a file", failure.Message, StringComparison.Ordinal);
        Assert.Null(ErrorText.WhatIsWrong(failure, Root));
    }

    [Fact]
    public async Task A_name_that_a_folder_has_taken_is_told_without_a_number_of_the_process()
    {
        Directory.CreateDirectory(folder["repository/locks/ab.json/x"]);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => PutAsync("locks/ab.json"));
        Assert.Contains($"{Root}/locks/ab.json", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("/proc/", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folders_that_are_nested_without_end_are_listed_as_one_item_and_can_be_cancelled()
    {
        await PutAsync("objects/ab/item");
        var depth = string.Join('/', Enumerable.Repeat("x", 1500));
        Directory.CreateDirectory(Path.Combine(Root, "objects", depth));
        var keys = await store.ListAsync("objects/", Token).Select(item => item.Key).ToListAsync(Token);
        Assert.Equal(["objects/ab/item", "objects" + string.Concat(Enumerable.Repeat("/x", 8))], keys);
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.ListAsync("objects/", stopped.Token).ToListAsync(stopped.Token));
    }

    [Fact]
    public async Task The_folder_itself_may_be_a_link()
    {
        Directory.CreateSymbolicLink(folder["link"], Root);
        await using var linked = new LocalStore(folder["link"]);
        await PutAsync("objects/ab/item", linked);
        Assert.Equal(100, await store.TryGetSizeAsync("objects/ab/item", Token));
        Assert.Equal(["objects/ab/item"], await linked.ListAsync("objects/", Token).Select(item => item.Key).ToListAsync(Token));
    }

    [Fact]
    public async Task A_pipe_keeps_nobody_waiting()
    {
        await ExternalProgram.RunAsync("mkfifo", [folder["repository/nestegg.json"]], Token);
        foreach (var call in (Func<Task>[])
            [() => store.TryOpenAsync("nestegg.json", 0, null, Token), () => store.TryGetSizeAsync("nestegg.json", Token)])
        {
            var failure = await Assert.ThrowsAsync<NesteggException>(call);
            Assert.Contains("is a pipe or a device", failure.Message, StringComparison.Ordinal);
            Assert.Null(ErrorText.WhatIsWrong(failure, Root));
        }

        Assert.Equal(["nestegg.json"], await store.ListAsync("", Token).Select(item => item.Key).ToListAsync(Token));
    }

    [Fact]
    public async Task A_device_reads_as_empty()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root can make a device");
        await ExternalProgram.RunAsync("mknod", [folder["repository/item"], "c", "1", "5"], Token);
        await using var item = await store.TryOpenAsync("item", 0, null, Token);
        Assert.Equal(0, await item!.ReadAsync(new byte[1], Token));
    }

    private Task PutAsync(string key) => PutAsync(key, store);

    private static async Task PutAsync(string key, LocalStore store)
    {
        await using var writer = await store.CreateAsync(100, Token);
        await writer.WriteAsync(new byte[100], Token);
        await writer.CommitAsync(key, Token);
    }

    /// <summary>Names, lengths and times of everything below a folder, links not followed.</summary>
    private static List<string> Contents(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFileSystemInfos(
            "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(entry => $"{entry.FullName} {entry.LinkTarget} {(entry is FileInfo file ? file.Length : 0)}").Order()];
}
