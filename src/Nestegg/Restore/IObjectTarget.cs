using Nestegg.Ente.Objects;
using Nestegg.Repositories.Index;

namespace Nestegg.Restore;

/// <summary>Where restored objects go: the buckets of an instance, or a folder.</summary>
internal interface IObjectTarget
{
    /// <summary>
    /// Prepares for the objects of these rows; called once for each group, before <see cref="PutAsync"/> for any of them. Returns what
    /// <see cref="PutAsync"/> needs to know of each.
    /// </summary>
    Task<IReadOnlyDictionary<string, SlotNames>> PlacesOfAsync(IReadOnlyList<IndexRow> rows, CancellationToken cancellationToken);

    /// <summary>
    /// Puts an object at a place, whole, or finds it there already with the same content. Called from many tasks at once.
    /// What could not be put is a finding and no exception, unless the target itself is out of reach.
    /// </summary>
    /// <param name="row">The object.</param>
    /// <param name="place">From <see cref="PlacesOfAsync"/>; empty when it said nothing.</param>
    /// <param name="open">Opens its bytes from their beginning; whoever opens disposes. May be called more than once.</param>
    Task<PutResult> PutAsync(
        IndexRow row, SlotNames place, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken);
}

/// <summary>What became of an object.</summary>
/// <param name="Written">How many copies were written; 0 when it was there already.</param>
/// <param name="Finding">What went wrong; <see langword="null"/> when nothing did.</param>
internal readonly record struct PutResult(int Written, Finding? Finding);
