using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Stores;

public sealed class FaultyStoreTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whichever_operation_fails_an_item_is_there_whole_or_not_at_all()
    {
        var counting = FaultyStore.Counting(new LocalStore(folder.Path));
        await PutAsync(counting, "count");
        Assert.Equal(4, counting.Operations);

        for (var n = 1; n <= counting.Operations; n++)
        {
            var store = FaultyStore.FailingFrom(new LocalStore(folder.Path), n);
            var failure = await Assert.ThrowsAsync<NesteggException>(() => PutAsync(store, $"item{n}"));
            Assert.Contains($"operation {n}", failure.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(folder[$"item{n}"]));
        }

        Assert.Empty(Directory.GetFiles(folder["tmp"]));
    }

    [Fact]
    public async Task A_lost_answer_leaves_the_item_behind()
    {
        var store = FaultyStore.FailingOnceAt(new LocalStore(folder.Path), 4, Fault.After);
        await Assert.ThrowsAsync<NesteggException>(() => PutAsync(store, "item"));
        Assert.Equal(200, await store.TryGetSizeAsync("item", Token));
    }

    [Fact]
    public async Task The_same_seed_fails_at_the_same_operations()
    {
        Assert.Equal(await RunAsync(5), await RunAsync(5));
        Assert.NotEqual(await RunAsync(5), await RunAsync(6));

        async Task<string> RunAsync(int seed)
        {
            var store = FaultyStore.FailingBySeed(new LocalStore(folder.Path), seed, 0.3);
            var log = "";
            for (var n = 0; n < 40; n++)
            {
                try
                {
                    await PutAsync(store, "item");
                    log += "+";
                }
                catch (NesteggException)
                {
                    log += "-";
                }
            }

            return log;
        }
    }

    public void Dispose() => folder.Dispose();

    private static async Task PutAsync(FaultyStore store, string key)
    {
        await using var writer = await store.CreateAsync(200, Token);
        await writer.WriteAsync(new byte[100], Token);
        await writer.WriteAsync(new byte[100], Token);
        await writer.CommitAsync(key, Token);
    }
}
