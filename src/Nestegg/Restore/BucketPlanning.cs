using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Stores.S3;

namespace Nestegg.Restore;

/// <summary>Looks at the buckets of a new instance: what is in them, which are absent, and which CORS rules they lack.</summary>
internal sealed class BucketPlanning(RestoreSource source, RestoreTarget target, RestoreOptions options)
{
    private readonly InstanceBuckets buckets = target.Buckets;
    private readonly BucketContents contents = target.Contents;
    private readonly HashSet<BucketSlot> absent = [];

    public List<Finding> Findings { get; } = [];

    public List<Refusal> Refusals { get; } = [];

    public async Task<IReadOnlyList<PlannedBucket>> MakeAsync(CancellationToken cancellationToken)
    {
        if (!buckets.Slots.HotPrimary.IsConfigured)
        {
            Refusals.Add(new Refusal(
                FailureKind.BadInput,
                buckets.Slots.HotPrimary.Unusable
                    ?? $"the new instance has no bucket in {buckets.Slots.HotPrimary.Name}, from which museum serves downloads",
                $"set s3.{buckets.Slots.HotPrimary.Name}.bucket, endpoint, key and secret in museum.yaml of the new instance"));
        }

        var reachable = new List<BucketSlot>();
        foreach (var slot in buckets.Slots.Configured)
        {
            if (await TryListAsync(slot, cancellationToken))
            {
                reachable.Add(slot);
            }
        }

        if (!contents.IsEmpty)
        {
            await CompareAsync(reachable, cancellationToken);
        }

        var planned = new List<PlannedBucket>();
        foreach (var slot in reachable)
        {
            planned.Add(Judge(slot) with { IsAbsent = absent.Contains(slot), Cors = await PlanCorsAsync(slot, cancellationToken) });
        }

        return planned;
    }

    private async Task<bool> TryListAsync(BucketSlot slot, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in buckets[slot].ListAsync("", cancellationToken))
            {
                contents.Add(slot.Name, item.Key, item.SizeBytes, item.ETag);
            }

            return true;
        }
        catch (NesteggException failure) when (options.CreatesBuckets && S3Failure.IsOfAbsentBucket(failure))
        {
            absent.Add(slot);
            Findings.AddRange(NotGiven(slot));
            return true;
        }
        catch (NesteggException failure) when (failure.Kind == FailureKind.OutOfReach)
        {
            if (slot == buckets.Slots.HotPrimary)
            {
                Refusals.Add(new Refusal(failure.Kind, failure.Message, failure.Hint));
            }
            else
            {
                Findings.Add(new Finding("bucket-unreachable", Severity.Warning, slot.Name, $"{failure.Message}.", failure.Hint));
            }

            return false;
        }
    }

    // What costs money or deletes by itself is for a person to set; it should be known that it was there.
    private IEnumerable<Finding> NotGiven(BucketSlot slot)
    {
        if (Kept(slot) is not { } kept)
        {
            yield break;
        }

        string?[] names =
        [
            kept.Versioning.Value is { } versioning ? $"versioning ({versioning})" : null,
            kept.Lifecycle.Value is not null ? "lifecycle rules" : null,
            kept.ObjectLock.Value is not null ? "object lock" : null,
            kept.PublicAccess.Value is not null ? "public access" : null,
        ];
        var had = string.Join(", ", names.OfType<string>());
        if (had.Length > 0)
        {
            yield return new Finding(
                "bucket-had-more", Severity.Note, slot.Name, $"the old bucket had {had}; the new bucket {slot.Bucket} is made without",
                $"nestegg snapshots {source.Snapshot.Id} shows what was set; object lock can only be given to a bucket when it is made");
        }
    }

    private BucketSettings? Kept(BucketSlot slot) => source.Snapshot.Buckets.FirstOrDefault(bucket => bucket.Slot == slot.Name)?.Settings;

    private async Task CompareAsync(List<BucketSlot> slots, CancellationToken cancellationToken)
    {
        await foreach (var row in source.Repository.ReadLiveRowsAsync(source.Snapshot, cancellationToken))
        {
            foreach (var slot in slots)
            {
                contents.Expect(slot.Name, row.Key, row.SizeBytes);
            }
        }
    }

    private PlannedBucket Judge(BucketSlot slot)
    {
        var (same, conflicting, foreign) = contents.Count(slot.Name);
        if (conflicting + foreign > 0 && !options.OverwriteBuckets.Contains(slot.Bucket))
        {
            var example = contents.Example(slot.Name, isConflict: conflicting > 0);
            Refusals.Add(new Refusal(
                FailureKind.BadInput,
                $"the bucket {slot.Bucket} ({slot.Name}) is not empty: it has "
                + $"{Counted.Of(foreign, "object")} that the snapshot does not have, and {conflicting:N0} with another length than in the "
                + $"snapshot, such as {example}",
                $"name an empty bucket in museum.yaml, or add --overwrite-bucket {slot.Bucket}: objects of the snapshot are replaced "
                + $"then, others stay"));
        }

        return new PlannedBucket(slot.Name, slot.Bucket, slot.ConfiguredEndpoint, same, conflicting, foreign);
    }

    // Rules that are there stay, and so does what cannot be asked for: rules may be there.
    private async Task<PlannedCors?> PlanCorsAsync(BucketSlot slot, CancellationToken cancellationToken)
    {
        var isBlank = absent.Contains(slot)
            || (await new BucketInquiry(buckets[slot].Requests).AskCorsAsync(cancellationToken)).Answer == SettingAnswer.Absent;
        if (!isBlank)
        {
            return null;
        }

        var kept = Kept(slot)?.Cors.Value ?? [];
        var isForBrowsers = BrowserAccess.SlotsOf(buckets.Slots).Contains(slot);
        var isEnough = !isForBrowsers || target.Origins.All(origin => BrowserAccess.Requests.All(
            request => kept.Any(rule => rule.Allows(origin, request.Method, request.Header))));
        return (kept.Count, isEnough) switch
        {
            (0, true) => null,
            (0, false) => new PlannedCors([CorsAdvice.Documented], "the CORS rule that Ente documents"),
            (_, true) => new PlannedCors(kept, "the CORS rules of the snapshot"),
            (_, false) => new PlannedCors(
                [.. kept, CorsAdvice.Documented],
                "the CORS rules of the snapshot, and the one that Ente documents, because they leave out an origin of apps.*"),
        };
    }
}
