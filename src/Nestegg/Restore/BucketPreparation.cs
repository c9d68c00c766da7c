using Nestegg.Instance;
using Nestegg.Stores.S3;

namespace Nestegg.Restore;

/// <summary>Makes the buckets that are absent, and sets CORS rules where there are none, as planned.</summary>
internal sealed class BucketPreparation(InstanceBuckets buckets, RunLog log)
{
    /// <exception cref="NesteggException">The bucket that museum serves from cannot be made.</exception>
    public async Task RunAsync(IReadOnlyList<PlannedBucket> planned, CancellationToken cancellationToken)
    {
        foreach (var bucket in planned)
        {
            if (await TryCreateAsync(bucket, cancellationToken) && bucket.Cors is { } cors)
            {
                await SetCorsAsync(bucket, cors, cancellationToken);
            }
        }
    }

    private async Task<bool> TryCreateAsync(PlannedBucket bucket, CancellationToken cancellationToken)
    {
        if (!bucket.IsAbsent)
        {
            return true;
        }

        try
        {
            await new BucketSetup(Requests(bucket)).CreateAsync(cancellationToken);
            log.Step("buckets", $"the bucket {bucket.Bucket} is made");
            return true;
        }
        catch (NesteggException failure)
        {
            var hint = $"make the bucket {bucket.Bucket} by hand, and run the same command again ({failure.Hint})";
            if (bucket.Slot == buckets.Slots.HotPrimary.Name)
            {
                throw new NesteggException(failure.Kind, failure.Message, hint, failure);
            }

            log.Find(new Finding("bucket-not-made", Severity.Warning, bucket.Slot, failure.Message, hint));
            return false;
        }
    }

    private async Task SetCorsAsync(PlannedBucket bucket, PlannedCors cors, CancellationToken cancellationToken)
    {
        // Somebody may have set some since the plan was made, or another slot has the same bucket.
        var there = await new BucketInquiry(Requests(bucket)).AskCorsAsync(cancellationToken);
        if (there.Answer != SettingAnswer.Absent)
        {
            return;
        }

        try
        {
            await new BucketSetup(Requests(bucket)).SetCorsAsync(cors.Rules, cancellationToken);
            log.Step("buckets", $"the bucket {bucket.Bucket} has {cors.What}");
        }
        catch (NesteggException failure)
        {
            // Whether browsers are let in all the same, as by MinIO, is asked at the end.
            log.Step("buckets", $"the bucket {bucket.Bucket} could not be given {cors.What}: {failure.Message}");
        }
    }

    private BucketRequests Requests(PlannedBucket bucket) => buckets.Find(bucket.Slot)!.Requests;
}
