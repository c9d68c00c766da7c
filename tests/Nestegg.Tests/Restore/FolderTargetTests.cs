using Nestegg.Ente.Objects;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Restore;
using Nestegg.TestKit;

namespace Nestegg.Tests.Restore;

public sealed class FolderTargetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Root => folder["objects"];

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_source_that_fails_in_the_middle_leaves_nothing()
    {
        var target = new FolderTarget(Root);
        var failure = new InvalidOperationException("taken away");
        Assert.Same(failure, await Assert.ThrowsAsync<InvalidOperationException>(() => PutAsync(target, "7/a", () => throw failure)));
        Assert.Empty(Directory.GetFiles(Root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_folder_that_vanishes_in_the_middle_is_told_and_never_made_anew()
    {
        var target = new FolderTarget(Root);
        await PutAsync(target, "7/a", () => { });
        var failure =
            await Assert.ThrowsAsync<NesteggException>(() => PutAsync(target, "7/b", () => Directory.Move(Root, folder["elsewhere"])));
        Assert.Contains($"cannot write {Root}/7/b: the folder {Root} does not exist", failure.Message, StringComparison.Ordinal);
        failure = await Assert.ThrowsAsync<NesteggException>(() => PutAsync(target, "8/c", () => { }));
        Assert.Contains($"cannot write {Root}/8/c: the folder {Root} does not exist", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Root));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("7/deep")]
    [InlineData("7/deep/a")]
    public async Task A_link_in_the_folder_is_not_written_through(string link)
    {
        Directory.CreateDirectory(folder["outside"]);
        await File.WriteAllTextAsync(folder["outside/a"], "somebody's", Token);
        var target = new FolderTarget(Root);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Root, link))!);
        File.CreateSymbolicLink(Path.Combine(Root, link), link.EndsWith('a') ? folder["outside/a"] : folder["outside"]);
        var result = await PutAsync(target, "7/deep/a", () => { });
        Assert.Equal(0, result.Written);
        Assert.Contains($"{Root}/{link} is a link", result.Finding!.Message, StringComparison.Ordinal);
        Assert.Equal([folder["outside/a"]], Directory.GetFileSystemEntries(folder["outside"]));
        Assert.Equal("somebody's", await File.ReadAllTextAsync(folder["outside/a"], Token));
    }

    [Fact]
    public async Task What_a_killed_run_left_is_replaced_and_were_it_a_link_not_followed()
    {
        await File.WriteAllTextAsync(folder["outside"], "somebody's", Token);
        Directory.CreateDirectory(Path.Combine(Root, "7"));
        File.CreateSymbolicLink(Path.Combine(Root, "7/a.nestegg-part"), folder["outside"]);
        Assert.Equal(1, (await PutAsync(new FolderTarget(Root), "7/a", () => { })).Written);
        Assert.Equal("somebody's", await File.ReadAllTextAsync(folder["outside"], Token));
        Assert.Equal([Path.Combine(Root, "7/a")], Directory.GetFileSystemEntries(Path.Combine(Root, "7")));
    }

    private static Task<PutResult> PutAsync(FolderTarget target, string key, Action before)
    {
        var content = SampleRepository.Content(1000, 1);
        var row = new IndexRow(key, 0, content.Length, ObjectHash.Of(content), null, 0);
        return target.PutAsync(row, SlotNames.None, _ =>
        {
            before();
            return Task.FromResult<Stream>(new MemoryStream(content));
        }, Token);
    }
}
