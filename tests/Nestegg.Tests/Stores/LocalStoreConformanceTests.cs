using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Stores;

public sealed class LocalStoreConformanceTests : StoreConformanceTests
{
    private readonly TemporaryFolder folder = new();

    protected override Task<IStore> OpenEmptyAsync() => Task.FromResult<IStore>(new LocalStore(folder.Path));

    protected override Task AssertNothingWaitsAsync()
    {
        Assert.Empty(Directory.GetFiles(folder["tmp"]));
        return Task.CompletedTask;
    }

    protected override ValueTask CleanUpAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
