using Amazon.S3;
using Amazon.S3.Model;

namespace Nestegg.Stores.S3;

/// <summary>Object lock, as S3 takes it: a mode and a time until which a version cannot be deleted.</summary>
internal sealed class Retention(BucketRequests bucket, ObjectLock wanted)
{
    public Amazon.S3.ObjectLockMode WriteMode =>
        wanted.Mode == ObjectLockMode.Compliance ? Amazon.S3.ObjectLockMode.Compliance : Amazon.S3.ObjectLockMode.Governance;

    /// <summary>
    /// Until when something that is written now is kept, in whole seconds: what a server keeps of it must not look shorter.
    /// </summary>
    public DateTimeOffset FromNow => DateTimeOffset.FromUnixTimeSeconds(bucket.Time.GetUtcNow().AddDays(wanted.Days).ToUnixTimeSeconds());

    /// <summary>Sets the retention of an object that was just written, where the server has not done so.</summary>
    public async Task EnsureAsync(string key, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var client = bucket.Client;
        var head = await bucket.CallAsync("look at", key, 0, token => client.GetObjectMetadataAsync(
            new GetObjectMetadataRequest { BucketName = bucket.Bucket, Key = key }, token), cancellationToken);
        if (head.ObjectLockRetainUntilDate is { } current && current.ToUniversalTime() >= until.UtcDateTime)
        {
            return;
        }

        await bucket.CallAsync("set the retention of", key, 0, token => client.PutObjectRetentionAsync(new PutObjectRetentionRequest
        {
            BucketName = bucket.Bucket,
            Key = key,
            Retention = new ObjectLockRetention
            {
                Mode = wanted.Mode == ObjectLockMode.Compliance ? ObjectLockRetentionMode.Compliance : ObjectLockRetentionMode.Governance,
                RetainUntilDate = until.UtcDateTime,
            },
        }, token), cancellationToken);
    }
}
