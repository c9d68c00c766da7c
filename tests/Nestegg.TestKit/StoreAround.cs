using Nestegg.Stores;

namespace Nestegg.TestKit;

/// <summary>Hands everything on to another store; a test overrides what it wants to see or to spoil.</summary>
public abstract class StoreAround(IStore inner) : IStore
{
    public string Location => inner.Location;

    public string PlaceId => inner.PlaceId;

    public bool IsListingFree => inner.IsListingFree;

    protected IStore Inner => inner;

    public virtual Task<StoreWriter> CreateAsync(long expectedBytes, CancellationToken cancellationToken) =>
        inner.CreateAsync(expectedBytes, cancellationToken);

    public virtual Task<Stream?> TryOpenAsync(string key, long offset, long? length, CancellationToken cancellationToken) =>
        inner.TryOpenAsync(key, offset, length, cancellationToken);

    public virtual Task<long?> TryGetSizeAsync(string key, CancellationToken cancellationToken) =>
        inner.TryGetSizeAsync(key, cancellationToken);

    public virtual IAsyncEnumerable<StoreItem> ListAsync(string prefix, CancellationToken cancellationToken) =>
        inner.ListAsync(prefix, cancellationToken);

    public virtual Task DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteAsync(key, cancellationToken);

    public virtual IAsyncEnumerable<UnfinishedItem> ListUnfinishedAsync(CancellationToken cancellationToken) =>
        inner.ListUnfinishedAsync(cancellationToken);

    public virtual Task RemoveUnfinishedAsync(UnfinishedItem item, CancellationToken cancellationToken) =>
        inner.RemoveUnfinishedAsync(item, cancellationToken);

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return inner.DisposeAsync();
    }
}
