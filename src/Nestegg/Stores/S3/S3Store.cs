using System.Runtime.CompilerServices;

namespace Nestegg.Stores.S3;

/// <summary>
/// A store in a bucket, under a prefix. An item appears when its last byte is there, as S3 promises for one request and for a completed
/// upload.
/// </summary>
public sealed class S3Store : IStore
{
    private readonly BucketClient bucket;
    private readonly string prefix;
    private readonly Retention? retention;

    /// <param name="bucketName">A bucket that exists.</param>
    /// <param name="prefix">What every key begins with, without a slash at either end; may be empty.</param>
    public S3Store(string bucketName, string prefix, S3Settings settings, S3Credentials credentials, TimeProvider? time = null)
    {
        bucket = new BucketClient(settings, credentials, bucketName, time);
        retention = settings.Lock is null ? null : new Retention(bucket.Requests, settings.Lock);
        this.prefix = prefix.Length == 0 ? "" : prefix.Trim('/') + "/";
        Location = prefix.Length == 0 ? bucket.Location : $"{bucket.Location}/{prefix.Trim('/')}";
    }

    public string Location { get; }

    public string PlaceId => $"{bucket.Requests.Endpoint} {Location}";

    public bool IsListingFree => false;

    public Task<StoreWriter> CreateAsync(long expectedBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<StoreWriter>(new S3Writer(this, expectedBytes));
    }

    public async Task<Stream?> TryOpenAsync(string key, long offset, long? length, CancellationToken cancellationToken) =>
        (await bucket.TryOpenAsync(FullKey(key), offset, length, cancellationToken))?.Content;

    public async Task<long?> TryGetSizeAsync(string key, CancellationToken cancellationToken) =>
        (await bucket.TryHeadAsync(FullKey(key), cancellationToken))?.SizeBytes;

    public async IAsyncEnumerable<StoreItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in bucket.ListAsync(this.prefix + prefix, cancellationToken))
        {
            // Some consoles leave empty items whose names end in a slash, to show them as folders.
            if (item.Key[^1] == '/')
            {
                continue;
            }

            yield return new StoreItem(item.Key[this.prefix.Length..], item.SizeBytes, item.ModifiedAt);
        }
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => bucket.DeleteAsync(FullKey(key), cancellationToken);

    public async IAsyncEnumerable<UnfinishedItem> ListUnfinishedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var upload in bucket.ListUploadsAsync(prefix, cancellationToken))
        {
            yield return new UnfinishedItem(upload.Id, upload.Key[prefix.Length..], null, upload.BegunAt);
        }
    }

    public Task RemoveUnfinishedAsync(UnfinishedItem item, CancellationToken cancellationToken) =>
        bucket.AbortUploadAsync(FullKey(item.Key!), item.Id, cancellationToken);

    public ValueTask DisposeAsync() => bucket.DisposeAsync();

    internal Task UploadAsync(string key, Stream content, long length, CancellationToken cancellationToken) =>
        new ObjectUpload(bucket.Requests, FullKey(key), length, retention).RunAsync(content, cancellationToken);

    private string FullKey(string key)
    {
        StoreKey.Check(key);
        return prefix + key;
    }
}
