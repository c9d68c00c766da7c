using System.Globalization;
using Nestegg.Ente;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.S3;

namespace Nestegg.Instance.Preflights;

/// <summary>How the instance's buckets are set up beside what is in them, and whether that takes from museum what it needs.</summary>
internal static class PreflightBucketSettings
{
    public static async Task<IReadOnlyList<ManifestBucket>> AskAsync(EnteInstance instance, CancellationToken cancellationToken)
    {
        await using var buckets = instance.OpenBuckets();
        return await Task.WhenAll(instance.Slots.Configured.Select(async slot => new ManifestBucket(
            slot.Name, slot.Bucket, await new BucketInquiry(buckets[slot].Requests).AskAsync(cancellationToken))));
    }

    /// <summary>Rules that delete what museum's rows name. Old versions and unfinished uploads are none of it.</summary>
    public static IEnumerable<Finding> Judge(ManifestBucket bucket) =>
        from rule in bucket.Settings.Lifecycle.Value ?? []
        where rule.IsEnabled && (rule.ExpirationDays is not null || rule.ExpirationDate is not null) && IsForMuseum(rule)
        select new Finding(
            "lifecycle-deletes", Severity.Warning, bucket.Slot,
            $"a lifecycle rule of the bucket {bucket.Bucket}{(rule.Id.Length > 0 ? $" ({rule.Id})" : "")} deletes objects "
            + When(rule) + (rule.Prefix.Length > 0 ? $" whose keys begin with {rule.Prefix}" : "")
            + ": photos would be gone, and museum's database goes on naming them",
            "remove the rule; museum itself deletes what is not needed any more. A rule for old versions or unfinished uploads may stay");

    // museum's keys begin with a user's number, and it sets no tags.
    private static bool IsForMuseum(LifecycleRule rule) =>
        !rule.IsByTag && (rule.Prefix.Length == 0 || char.IsAsciiDigit(rule.Prefix[0]));

    private static string When(LifecycleRule rule) => rule.ExpirationDays is { } days
        ? $"{Counted.Of(days, "day")} after they were written"
        : $"on {rule.ExpirationDate:yyyy-MM-dd}";
}
