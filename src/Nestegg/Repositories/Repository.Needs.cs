using System.Runtime.CompilerServices;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Repositories.Packs;

namespace Nestegg.Repositories;

// What is needed by whom.
internal sealed partial class Repository
{
    /// <summary>
    /// Of these rows, those that each snapshot needs. Snapshots that need none are left out, as are those that cannot be read.
    /// </summary>
    public async IAsyncEnumerable<(Manifest Manifest, LiveSet Needed)> WhoNeedsAsync(
        LiveSet rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var manifest in ReadManifestsAsync((_, _) => default, cancellationToken))
        {
            if (manifest.Index.All(index => !rows.Files.ContainsKey(index.Name)))
            {
                continue;
            }

            LiveSet needed;
            try
            {
                needed = (await ReadLiveSetAsync(manifest, cancellationToken)).Common(rows.Of);
            }
            catch (NesteggException e) when (e.SparesOthers)
            {
                continue;
            }

            if (needed.Count > 0)
            {
                yield return (manifest, needed);
            }
        }
    }

    /// <inheritdoc cref="FileRepair.TryPutBackAsync"/>
    public Task<bool> TryPutBackAsync(
        FileRows file, Func<IndexRow, CancellationToken, Task<Stream?>> fetch, CancellationToken cancellationToken) =>
        new FileRepair(store, fetch).TryPutBackAsync(file, cancellationToken);
}
