using System.Security.Cryptography;
using Nestegg.Stores;

namespace Nestegg.Tests.Stores;

/// <summary>What every store must do. A class for each kind of store inherits it and says how to open one that is empty.</summary>
public abstract class StoreConformanceTests : IAsyncLifetime
{
    private IStore? opened;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected IStore Store => opened ?? throw new InvalidOperationException("not open yet");

    public async ValueTask InitializeAsync() => opened = await OpenEmptyAsync();

    public async ValueTask DisposeAsync()
    {
        if (opened is not null)
        {
            await opened.DisposeAsync();
        }

        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_committed_is_read_back()
    {
        await PutAsync("a/b/item", "hello"u8.ToArray());
        Assert.Equal("hello"u8.ToArray(), await ReadAsync("a/b/item"));
        Assert.Equal(5, await Store.TryGetSizeAsync("a/b/item", Token));
    }

    [Fact]
    public async Task Nothing_is_visible_before_the_commit()
    {
        await using var writer = await Store.CreateAsync(100, Token);
        await writer.WriteAsync(new byte[100], Token);
        await writer.FlushAsync(Token);
        Assert.Empty(await ListAsync(""));
        await writer.CommitAsync("item", Token);
        Assert.Equal(["item"], await ListAsync(""));
    }

    [Fact]
    public async Task A_writer_that_is_abandoned_leaves_nothing()
    {
        foreach (var bytes in (int[])[0, 100, 20 << 20])
        {
            await using var writer = await Store.CreateAsync(bytes, Token);
            await writer.WriteAsync(new byte[bytes], Token);
        }

        Assert.Empty(await ListAsync(""));
        await AssertNothingWaitsAsync();
    }

    [Fact]
    public async Task An_absent_item_is_an_answer_and_not_a_failure()
    {
        await PutAsync("a/there", [1]);
        foreach (var key in (string[])["absent", "a/absent", "a", "a/there/below", "no/such/folder/item"])
        {
            Assert.Null(await Store.TryOpenAsync(key, 0, null, Token));
            Assert.Null(await Store.TryOpenAsync(key, 5, 0, Token));
            Assert.Null(await Store.TryGetSizeAsync(key, Token));
            await Store.DeleteAsync(key, Token);
        }

        Assert.Equal(["a/there"], await ListAsync(""));
    }

    [Theory]
    [InlineData(0, null, 0, 1000)]
    [InlineData(0, 1000L, 0, 1000)]
    [InlineData(10, 20L, 10, 20)]
    [InlineData(999, 1L, 999, 1)]
    [InlineData(990, 500L, 990, 10)]
    [InlineData(990, null, 990, 10)]
    [InlineData(500, 0L, 500, 0)]
    [InlineData(1000, null, 1000, 0)]
    [InlineData(5000, 10L, 1000, 0)]
    [InlineData(1, long.MaxValue, 1, 999)]
    public async Task A_range_gives_its_bytes_as_far_as_the_item_has_them(long offset, long? length, int from, int count)
    {
        var content = RandomNumberGenerator.GetBytes(1000);
        await PutAsync("item", content);
        Assert.Equal(content.AsSpan(from, count).ToArray(), await ReadAsync("item", offset, length));
    }

    [Fact]
    public async Task An_empty_item_is_an_item()
    {
        await PutAsync("empty", []);
        Assert.Equal(0, await Store.TryGetSizeAsync("empty", Token));
        Assert.Empty(await ReadAsync("empty"));
        Assert.Empty(await ReadAsync("empty", 0, 10));
        Assert.Equal(["empty"], await ListAsync(""));
    }

    [Fact]
    public async Task A_large_item_comes_back_whole_and_in_ranges_across_its_parts()
    {
        var content = new byte[70 << 20];
        new Random(7).NextBytes(content);
        await PutAsync("large", content, expectedBytes: 1000);

        Assert.Equal(content.Length, await Store.TryGetSizeAsync("large", Token));
        Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync((await Store.TryOpenAsync("large", 0, null, Token))!, Token));
        const int AcrossAPart = (8 << 20) - 100;
        Assert.Equal(content.AsSpan(AcrossAPart, 200).ToArray(), await ReadAsync("large", AcrossAPart, 200));
    }

    [Theory]
    [InlineData(16 << 20)]
    [InlineData((16 << 20) + 1)]
    [InlineData(8 << 20)]
    [InlineData((8 << 20) + 1)]
    public async Task Items_at_the_limits_of_memory_and_parts_come_back(int bytes)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        await PutAsync("item", content, expectedBytes: 0);
        var read = await ReadAsync("item");
        Assert.True(content.AsSpan().SequenceEqual(read));
    }

    [Fact]
    public async Task A_commit_replaces_the_item_that_is_there_and_an_open_reader_never_sees_a_mixture()
    {
        var old = Enumerable.Repeat((byte)1, 300_000).ToArray();
        var young = Enumerable.Repeat((byte)2, 200_000).ToArray();
        await PutAsync("item", old);
        await using var reader = await Store.TryOpenAsync("item", 0, null, Token);
        var first = new byte[1];
        await reader!.ReadExactlyAsync(first, Token);
        await PutAsync("item", young);
        Assert.Equal(young, await ReadAsync("item"));
        Assert.Equal(young.Length, await Store.TryGetSizeAsync("item", Token));
        try
        {
            var rest = await ReadToEndAsync(reader);
            Assert.Equal(old[1..], rest);
        }
        catch (NesteggException refused)
        {
            Assert.Contains("item", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_deleted_item_is_gone_and_its_neighbours_stay()
    {
        await PutAsync("a/1", [1]);
        await PutAsync("a/12", [2]);
        await Store.DeleteAsync("a/1", Token);
        Assert.Null(await Store.TryOpenAsync("a/1", 0, null, Token));
        Assert.Equal(["a/12"], await ListAsync(""));
    }

    [Fact]
    public async Task Listing_is_complete_in_order_and_by_prefix_over_many_pages()
    {
        var keys = Enumerable.Range(0, 2500).Select(n => $"index/{n % 3:x}/{n:d5}").Append("other/1").ToArray();
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, async (
            key, _) => await PutAsync(key, [1, 2, 3]));

        Array.Sort(keys, StringComparer.Ordinal);
        Assert.Equal(keys, await ListAsync(""));
        Assert.Equal(keys[..2500], await ListAsync("index/"));
        Assert.Equal(keys[..2500], await ListAsync("ind"));
        Assert.Equal(keys.Where(key => key.StartsWith("index/1/00", StringComparison.Ordinal)), await ListAsync("index/1/00"));
        Assert.Empty(await ListAsync("index/9/"));
        Assert.Empty(await ListAsync("none/at/all/"));
    }

    [Fact]
    public async Task A_listing_tells_size_and_time()
    {
        await PutAsync("folder/item", new byte[123]);
        var item = Assert.Single(await Store.ListAsync("folder/", Token).ToListAsync(Token));
        Assert.Equal(("folder/item", 123), (item.Key, item.SizeBytes));
        Assert.InRange(item.ModifiedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
    }

    [Theory]
    [InlineData("Été/à la plage.txt")]
    [InlineData("日本/写真 1.jpg")]
    [InlineData("emoji/🥚🪺")]
    [InlineData("signs/a+b=c&d%20e#f?g'h\"i")]
    [InlineData("dots/..a/b..")]
    public async Task Keys_may_hold_any_letters(string key)
    {
        await PutAsync(key, [42]);
        Assert.Equal([42], await ReadAsync(key));
        Assert.Equal(1, await Store.TryGetSizeAsync(key, Token));
        Assert.Equal([key], await ListAsync(key[..(key.IndexOf('/', StringComparison.Ordinal) + 1)]));
        await Store.DeleteAsync(key, Token);
        Assert.Null(await Store.TryGetSizeAsync(key, Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/root")]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a/")]
    [InlineData("a\\b")]
    public async Task Keys_that_would_leave_the_store_are_refused(string key)
    {
        await Assert.ThrowsAsync<NesteggException>(() => Store.TryOpenAsync(key, 0, null, Token));
        await Assert.ThrowsAsync<NesteggException>(() => Store.TryGetSizeAsync(key, Token));
        await Assert.ThrowsAsync<NesteggException>(() => Store.DeleteAsync(key, Token));
        await using var writer = await Store.CreateAsync(1, Token);
        await Assert.ThrowsAsync<NesteggException>(() => writer.CommitAsync(key, Token));
    }

    [Fact]
    public async Task Many_writers_at_once_do_not_disturb_each_other()
    {
        var contents = Enumerable.Range(0, 64).Select(n => RandomNumberGenerator.GetBytes(1000 + n * 3000)).ToArray();
        await Parallel.ForAsync(0, contents.Length, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token }, async (
            n, _) => await PutAsync($"many/{n}", contents[n]));
        for (var n = 0; n < contents.Length; n++)
        {
            Assert.Equal(contents[n], await ReadAsync($"many/{n}"));
        }
    }

    [Fact]
    public async Task Writers_that_race_for_one_key_leave_one_whole_item()
    {
        await Parallel.ForAsync(0, 16, Token, async (n, _) => await PutAsync("race", Enumerable.Repeat((byte)n, 50_000).ToArray()));
        var content = await ReadAsync("race");
        Assert.Equal(50_000, content.Length);
        Assert.Single(content.Distinct());
    }

    [Fact]
    public async Task A_cancelled_call_does_nothing()
    {
        await PutAsync("item", [1]);
        using var cancelled = new CancellationTokenSource();
        var writer = await Store.CreateAsync(10, Token);
        await writer.WriteAsync(new byte[10], Token);
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writer.CommitAsync("cancelled", cancelled.Token));
        await writer.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.CreateAsync(10, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.TryOpenAsync("item", 0, null, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.DeleteAsync("item", cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.ListAsync("", cancelled.Token).ToListAsync(cancelled.Token));
        Assert.Equal(["item"], await ListAsync(""));
    }

    [Fact]
    public async Task A_read_can_be_cancelled_half_way()
    {
        await PutAsync("item", new byte[20 << 20]);
        await using var reader = await Store.TryOpenAsync("item", 0, null, Token);
        using var cancelled = new CancellationTokenSource();
        await reader!.ReadExactlyAsync(new byte[1000], cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.CopyToAsync(Stream.Null, cancelled.Token));
    }

    [Fact]
    public async Task A_writer_is_write_only_and_commits_once()
    {
        await using var writer = await Store.CreateAsync(10, Token);
        Assert.True(writer is { CanWrite: true, CanRead: false, CanSeek: false });
        await writer.CommitAsync("item", Token);
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CommitAsync("again", Token));
    }

    protected abstract Task<IStore> OpenEmptyAsync();

    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    /// <summary>What the place itself shows when all writers are gone: no temporary files, no unfinished uploads.</summary>
    protected virtual Task AssertNothingWaitsAsync() => Task.CompletedTask;

    protected async Task PutAsync(string key, byte[] content, long? expectedBytes = null)
    {
        await using var writer = await Store.CreateAsync(expectedBytes ?? content.Length, Token);
        await new MemoryStream(content).CopyToAsync(writer, Token);
        await writer.CommitAsync(key, Token);
    }

    protected async Task<byte[]> ReadAsync(string key, long offset = 0, long? length = null)
    {
        await using var stream = await Store.TryOpenAsync(key, offset, length, Token);
        Assert.NotNull(stream);
        return await ReadToEndAsync(stream);
    }

    protected async Task<List<string>> ListAsync(string prefix) =>
        await Store.ListAsync(prefix, Token).Select(item => item.Key).ToListAsync(Token);

    private static async Task<byte[]> ReadToEndAsync(Stream stream)
    {
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory, Token);
        return memory.ToArray();
    }
}
