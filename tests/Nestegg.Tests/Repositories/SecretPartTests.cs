using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

/// <summary>What the parts of a snapshot hold is acted on while it is read, so it is compared before anything is handed out.</summary>
public sealed class SecretPartTests : IAsyncLifetime
{
    private static readonly byte[] Other = SampleRepository.Content(300_000, 7);

    private readonly TemporaryFolder folder = new();
    private LocalStore store = null!;
    private SampleRepository sample = null!;
    private Manifest manifest = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = LocalStore.Create(folder["repository"]);
        sample = await SampleRepository.CreateAsync(store, Token);
        manifest = await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
    }

    public ValueTask DisposeAsync()
    {
        sample.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(RepositoryKeys.Database)]
    [InlineData(RepositoryKeys.Configuration)]
    public async Task One_that_was_replaced_by_another_for_the_same_recipients_is_never_opened(string name)
    {
        await ReplaceAsync(store, name);
        var part = name == RepositoryKeys.Database ? SecretPart.Database : SecretPart.Configuration;
        var failure = await Assert.ThrowsAsync<NesteggException>(() => OpenAsync(part));
        Assert.Equal(FailureKind.Damaged, failure.Kind);
        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_far_longer_than_it_should_be_is_not_read_to_its_end()
    {
        var key = RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.Database);
        await File.WriteAllBytesAsync(folder[$"repository/{key}"], new byte[16 << 20], Token);
        var read = 0;
        await using var counting = new FaultyStore(store, (_, operation) =>
        {
            read += operation == StoreOperation.Read ? 1 : 0;
            return Fault.None;
        });
        await sample.ReopenAsync(counting, Token);
        var before = read;
        var failure = await Assert.ThrowsAsync<NesteggException>(() => OpenAsync(SecretPart.Database));
        Assert.Contains("is longer than", failure.Message, StringComparison.Ordinal);
        Assert.InRange(read - before, 1, 2);
    }

    [Fact]
    public async Task One_that_changes_after_it_was_compared_is_read_as_it_was()
    {
        await using var part = await OpenAsync(SecretPart.Database);
        var path = folder[$"repository/{RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.Database)}"];
        await File.WriteAllBytesAsync(path, new byte[new FileInfo(path).Length], Token);
        await ReplaceAsync(store, RepositoryKeys.Database);
        Assert.Equal(SampleRepository.Database, await ReadAsync(part));
    }

    [Fact]
    public async Task The_store_is_asked_for_it_once()
    {
        var asked = new List<StoreOperation>();
        await using var watching = new FaultyStore(store, (_, operation) =>
        {
            asked.Add(operation);
            return Fault.None;
        });
        await sample.ReopenAsync(watching, Token);
        asked.Clear();
        await using var part = await OpenAsync(SecretPart.Database);
        Assert.Single(asked, StoreOperation.Open);
        asked.Clear();
        Assert.Equal(SampleRepository.Database, await ReadAsync(part));
        Assert.Empty(asked);
    }

    [Fact]
    public async Task An_object_that_was_changed_is_refused_before_its_last_bytes_are_handed_on()
    {
        var objects = new Dictionary<string, byte[]> { ["1/a"] = SampleRepository.Content(2_000_000, 3) };
        var second = await sample.BackUpAsync(objects, Token);
        var row = Assert.Single(await sample.Repository.ReadLiveRowsAsync(second, Token).ToListAsync(Token));
        var path = folder[$"repository/{row.StoredAs}"];
        var changed = await File.ReadAllBytesAsync(path, Token);
        changed[5] ^= 1;
        await File.WriteAllBytesAsync(path, changed, Token);

        // A reader that knows the length and never asks for the end.
        await using var content = await sample.Repository.OpenObjectAsync(row, Token);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => content.ReadExactlyAsync(new byte[row.SizeBytes], Token).AsTask());
        Assert.Equal(FailureKind.Damaged, failure.Kind);
        Assert.Same(failure, await Assert.ThrowsAsync<NesteggException>(() => content.ReadAsync(new byte[1], Token).AsTask()));
    }

    private Task<Stream> OpenAsync(SecretPart part) => sample.Repository.OpenSecretAsync(manifest, part, [sample.Identity], Token);

    private async Task ReplaceAsync(IStore into, string name)
    {
        await using var writer = await PartWriter.CreateAsync(
            into, RepositoryKeys.SnapshotFile(manifest.Id, name), Other.Length, sample.Repository.Recipients, Token);
        await writer.Content.WriteAsync(Other, Token);
        await writer.CommitAsync(Token);
    }

    private static async Task<byte[]> ReadAsync(Stream part)
    {
        using var content = new MemoryStream();
        await part.CopyToAsync(content, Token);
        return content.ToArray();
    }
}
