using Nestegg.Ente;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Packs;

namespace Nestegg.Repositories;

// Objects of packs that are gone or damaged, and that lie in other packs as well.
internal sealed partial class Repository
{
    private readonly SemaphoreSlim placesGate = new(1);
    private PackedPlaces? places;
    private long elsewhere;

    /// <summary>Reads all signed index files: for those who miss something.</summary>
    /// <returns>Belongs to the caller.</returns>
    public async Task<PackedPlaces> LoadPlacesAsync(CancellationToken cancellationToken)
    {
        var named = await ReadManifestsAsync((_, _) => default, cancellationToken)
            .SelectMany(manifest => manifest.Index.Select(index => index.Name)).ToHashSetAsync(StringComparer.Ordinal, cancellationToken);
        var files = SignedIndexFiles.ReadAsync(named, Severity.Warning, _ => { }, cancellationToken)
            .AsFarAsPossible(_ => { }, cancellationToken);
        return await PackedPlaces.LoadAsync(files, cancellationToken);
    }

    /// <inheritdoc cref="PackedBytes.TryReadAsync(Stores.IStore, IndexRow, CancellationToken)"/>
    public Task<byte[]?> TryReadPackedAsync(IndexRow row, CancellationToken cancellationToken) =>
        PackedBytes.TryReadAsync(store, row, cancellationToken);

    /// <summary>Says in one line what was read from another place than the snapshot names.</summary>
    public void TellElsewhere(RunLog log)
    {
        if (Interlocked.Exchange(ref elsewhere, 0) is > 0 and var count)
        {
            log.Find(Elsewhere(count));
        }
    }

    public static Finding Elsewhere(long count) => new(
        "objects-elsewhere", Severity.Note, RepositoryKeys.Packs,
        Counted.Of(
            count,
            "object is not, or not whole, in the pack that the snapshot names, and a later run has stored it again: it is read from there, and "
            + "nothing of it is missing",
            "objects are not, or not whole, in the packs that the snapshot names, and a later run has stored them again: they are read from "
            + "there, and nothing of them is missing"));

    /// <returns><see langword="null"/> when no other pack has it.</returns>
    private async Task<byte[]?> TryReadElsewhereAsync(IndexRow row, CancellationToken cancellationToken)
    {
        if (row.Pack is null)
        {
            return null;
        }

        await placesGate.WaitAsync(cancellationToken);
        try
        {
            places ??= await LoadPlacesAsync(cancellationToken);
        }
        finally
        {
            placesGate.Release();
        }

        foreach (var other in places.Others(row))
        {
            if (await PackedBytes.TryReadAsync(store, other, cancellationToken) is { } content)
            {
                Interlocked.Increment(ref elsewhere);
                return content;
            }
        }

        return null;
    }
}
