namespace Nestegg.Stores;

/// <summary>
/// A place that holds named byte strings: a folder or a bucket with a prefix. It knows nothing of repositories.
/// Keys are relative, with <c>/</c> between parts: <c>packs/ab/abcd….tar</c>. Every member may be called from many tasks at once.
/// Failures are <see cref="NesteggException"/>: <see cref="FailureKind.OutOfReach"/> when the place does not answer or refuses, with the
/// key named. What time heals has been tried again, in one place, before it is thrown.
/// </summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>Where this is, as a person would type it: <c>/mnt/nas/nestegg</c>, <c>s3://bucket/prefix</c>. Holds no secret.</summary>
    string Location { get; }

    /// <summary>
    /// What tells this place from another that holds a copy of it: another folder, another disk at the same folder, another server.
    /// </summary>
    string PlaceId { get; }

    /// <summary>A listing is a look at a disk; where it is not, it takes requests that somebody may be billed for.</summary>
    bool IsListingFree { get; }

    /// <summary>
    /// Begins a new item whose key may depend on its content. Nothing is visible under any key before
    /// <see cref="StoreWriter.CommitAsync"/>.
    /// </summary>
    /// <param name="expectedBytes">
    /// Length if it is known, else a guess; decides where the content waits, not how much may be written.
    /// </param>
    Task<StoreWriter> CreateAsync(long expectedBytes, CancellationToken cancellationToken);

    /// <summary>Opens an item, or a range of it, for reading from front to back. The caller disposes the stream.</summary>
    /// <param name="length">Bytes to read; <see langword="null"/> for up to the end.</param>
    /// <returns><see langword="null"/> when no such item exists.</returns>
    Task<Stream?> TryOpenAsync(string key, long offset, long? length, CancellationToken cancellationToken);

    /// <summary>The item's length in bytes; <see langword="null"/> when no such item exists.</summary>
    Task<long?> TryGetSizeAsync(string key, CancellationToken cancellationToken);

    /// <summary>
    /// Every item whose key starts with the prefix, in ordinal order of the keys within one folder; an absent folder is empty. A folder
    /// that may not be listed keeps none of the others from being listed: the failure is thrown after the last item.
    /// </summary>
    IAsyncEnumerable<StoreItem> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Removes an item; one that is absent is no error.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>
    /// What was begun and never committed, which takes room under no key: of writers that died, and of those that are at it now. So is a
    /// folder that nothing is in, whose key ends in a slash. A place that cannot tell has none.
    /// </summary>
    IAsyncEnumerable<UnfinishedItem> ListUnfinishedAsync(CancellationToken cancellationToken);

    /// <summary>Removes what its writer will not go on with; what is gone by now is no error.</summary>
    Task RemoveUnfinishedAsync(UnfinishedItem item, CancellationToken cancellationToken);
}

/// <summary>An item that was not committed.</summary>
/// <param name="Id">What the store calls it.</param>
/// <param name="Key">The key that it is meant for; <see langword="null"/> where that is decided at the end.</param>
/// <param name="SizeBytes">Its length so far; <see langword="null"/> where the store does not say.</param>
/// <param name="TouchedAt">When it was begun, or written to last, by the store's clock.</param>
public readonly record struct UnfinishedItem(string Id, string? Key, long? SizeBytes, DateTimeOffset TouchedAt);

/// <summary>An item of a store.</summary>
/// <param name="Key">Relative to the store.</param>
/// <param name="SizeBytes">Length in bytes.</param>
/// <param name="ModifiedAt">When it was written, by the store's clock.</param>
public readonly record struct StoreItem(string Key, long SizeBytes, DateTimeOffset ModifiedAt);
