using Nestegg.Formats.Age;
using Nestegg.Repositories.Files;
using Nestegg.Stores;
using ZstdSharp;

namespace Nestegg.Repositories.Manifests;

/// <summary>A file of a snapshot or a proof in the making: zstd, within age when it is secret.</summary>
internal sealed class PartWriter : IAsyncDisposable
{
    private readonly string key;
    private readonly string name;
    private readonly StoreWriter item;
    private readonly HashingStream hashing;
    private readonly AgeWriter? age;
    private readonly CompressionStream zstd;

    private PartWriter(string key, StoreWriter item, HashingStream hashing, AgeWriter? age)
    {
        (this.key, this.item, this.hashing, this.age) = (key, item, hashing, age);
        name = key[(key.LastIndexOf('/') + 1)..];
        zstd = ZstdWriter.Over((Stream?)age ?? hashing);
    }

    /// <summary>Where the plain bytes go.</summary>
    public Stream Content => zstd;

    /// <param name="recipients">Whom it is encrypted to; <see langword="null"/> when it is no secret.</param>
    public static async Task<PartWriter> CreateAsync(
        IStore store, string key, long expectedBytes, IReadOnlyList<AgeRecipient>? recipients, CancellationToken cancellationToken)
    {
        var item = await store.CreateAsync(expectedBytes, cancellationToken);
        try
        {
            var hashing = new HashingStream(item);
            var age = recipients is null ? null : await AgeWriter.CreateAsync(hashing, recipients, cancellationToken);
            return new PartWriter(key, item, hashing, age);
        }
        catch
        {
            await item.DisposeAsync();
            throw;
        }
    }

    public async Task<ManifestFile> CommitAsync(CancellationToken cancellationToken)
    {
        await zstd.DisposeAsync();
        if (age is not null)
        {
            await age.CompleteAsync(cancellationToken);
        }

        var file = new ManifestFile(name, hashing.WrittenBytes, hashing.Finish());
        await item.CommitAsync(key, cancellationToken);
        return file;
    }

    // The item goes first: what the compressor still holds when a run is abandoned must not be written anywhere.
    public async ValueTask DisposeAsync()
    {
        await item.DisposeAsync();
        if (age is not null)
        {
            await age.DisposeAsync();
        }

        await hashing.DisposeAsync();
    }
}
