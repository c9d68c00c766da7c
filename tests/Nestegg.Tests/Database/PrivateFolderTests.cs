using Nestegg.Ente.Database;
using Nestegg.TestKit;

namespace Nestegg.Tests.Database;

public sealed class PrivateFolderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_that_are_made_at_once_do_not_take_each_other_for_leftovers()
    {
        using var parent = new TemporaryFolder();
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token }, (_, _) =>
        {
            using var folder = PrivateFolder.Create(parent.Path);
            Assert.True(File.Exists(folder.CreateFile("library.sqlite")));
            return ValueTask.CompletedTask;
        });
        Assert.Empty(Directory.GetDirectories(parent.Path));
    }
}
