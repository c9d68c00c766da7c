using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Packs;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>The objects of a snapshot in the making: what the repository has already, and where new ones go.</summary>
internal sealed class SnapshotObjects : IAsyncDisposable
{
    private SnapshotObjects(KnownObjects known, ObjectWriter writer, IReadOnlyList<Finding> damaged) =>
        (Known, Writer, DamagedIndexFiles) = (known, writer, damaged);

    /// <summary>Ask it before fetching an object.</summary>
    public KnownObjects Known { get; }

    public ObjectWriter Writer { get; }

    /// <summary>What these index files list is stored again.</summary>
    public IReadOnlyList<Finding> DamagedIndexFiles { get; }

    public static async Task<SnapshotObjects> LoadAsync(IStore store, SnapshotId id, TimeProvider time, CancellationToken cancellationToken)
    {
        var (known, damaged) = await KnownObjects.LoadAsync(store, cancellationToken);
        return new SnapshotObjects(known, new ObjectWriter(store, known, id.ToString(), time), damaged);
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        Known.Dispose();
    }
}
