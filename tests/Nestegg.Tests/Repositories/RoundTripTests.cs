using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Repositories.Packs;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

public sealed class RoundTripTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Dictionary<string, byte[]> SomeObjects => new()
    {
        ["1/empty"] = [],
        ["1/one"] = [42],
        ["1/tab\tnewline\nback\\slash é"] = SampleRepository.Content(700, 2),
        ["1/just-below"] = SampleRepository.Content(PackWriter.ObjectLimitBytes - 1, 3),
        ["1/limit"] = SampleRepository.Content(PackWriter.ObjectLimitBytes, 4),
        ["2/large"] = SampleRepository.Content(3_000_000, 5),
        ["2/same-as-large"] = SampleRepository.Content(3_000_000, 5),
        ["2/same-as-one"] = [42],
    };

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Everything_that_was_stored_is_read_back()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var written = await sample.BackUpAsync(SomeObjects, Token);

        var repository = await Repository.OpenAsync(store, Token);
        var manifest = await repository.ReadManifestAsync("latest", RunEvents.Nowhere(), Token);
        Assert.Equal(written.Hash, manifest.Hash);
        Assert.Equal(written.Id, manifest.Id);
        await using var secret = await repository.OpenSecretAsync(manifest, SecretPart.Database, [sample.Identity], Token);
        Assert.Equal(SampleRepository.Database, await ReadAllAsync(secret));

        var found = new Dictionary<string, byte[]>();
        await foreach (var row in repository.ReadLiveRowsAsync(manifest, Token))
        {
            await using var content = await repository.OpenObjectAsync(row, Token);
            found.Add(row.Key, await ReadAllAsync(content));
        }

        Assert.Equal(SomeObjects, found);
    }

    [Fact]
    public async Task A_second_run_with_nothing_new_stores_no_object_and_no_index()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var first = await sample.BackUpAsync(SomeObjects, Token);
        var second = await sample.BackUpAsync(SomeObjects, Token);

        Assert.Equal(0, second.Counts.NewObjects);
        Assert.Equal(first.Index, second.Index);
        Assert.Equal(new PreviousManifest(first.Id, first.Hash), second.Previous);
        Assert.True(second.Id.CompareTo(first.Id) > 0);
        Assert.Equal([first.Id, second.Id], (await sample.Repository.ListSnapshotsAsync(Token)).Finished);
    }

    [Fact]
    public async Task A_snapshot_without_a_manifest_is_listed_apart()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var first = await sample.BackUpAsync(SomeObjects, Token);
        var second = await sample.BackUpAsync(SomeObjects, Token);
        await store.DeleteAsync(RepositoryKeys.SnapshotFile(second.Id, RepositoryKeys.Manifest), Token);

        var list = await sample.Repository.ListSnapshotsAsync(Token);
        Assert.Equal([first.Id], list.Finished);
        Assert.Equal([second.Id], list.Unfinished);
        Assert.Equal(first.Id, (await sample.Repository.ReadManifestAsync("latest", RunEvents.Nowhere(), Token)).Id);
        var e = await Assert.ThrowsAsync<NesteggException>(
            () => sample.Repository.ReadManifestAsync(second.Id.ToString(), RunEvents.Nowhere(), Token));
        Assert.Equal(FailureKind.BadInput, e.Kind);
        Assert.Contains("never finished", e.Message);
    }

    private static async Task<byte[]> ReadAllAsync(Stream stream)
    {
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, Token);
        return content.ToArray();
    }
}
