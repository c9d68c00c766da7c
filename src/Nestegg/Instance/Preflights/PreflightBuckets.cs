using System.Runtime.CompilerServices;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Objects;

namespace Nestegg.Instance.Preflights;

/// <summary>
/// Whether each configured bucket answers, with the configured keys, in the configured region, at our clock's time, and holds anything.
/// </summary>
internal static class PreflightBuckets
{
    public static async IAsyncEnumerable<Finding> LookAsync(
        EnteInstance instance, IReadOnlyDictionary<string, long> objectsBySlot,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!instance.Slots.HotPrimary.IsConfigured)
        {
            yield return new Finding(
                "hot-storage-not-configured", Severity.Error, instance.Slots.HotPrimary.Name,
                "the slot that museum stores into and serves from has no bucket",
                $"set s3.{instance.Slots.HotPrimary.Name}.bucket in museum.yaml");
        }

        await using var buckets = instance.OpenBuckets();
        foreach (var slot in instance.Slots.Configured)
        {
            foreach (var finding in await buckets[slot].ProbeAsync(slot.Name, cancellationToken))
            {
                yield return Explained(Judged(finding, objectsBySlot.GetValueOrDefault(slot.Name)), instance, slot);
            }
        }
    }

    // What an object store serves whose disk is not mounted.
    private static Finding Judged(Finding finding, long namedObjects) => finding.Code == "bucket-empty" && namedObjects > 0
        ? finding with
        {
            Severity = Severity.Error,
            Message = $"{finding.Message}, but the database names {namedObjects:N0} objects in it",
            Hint =
                "is it the right bucket, and is the object store's disk mounted? The objects are looked for in the other slots meanwhile",
        }
        : finding;

    private static Finding Explained(Finding finding, EnteInstance instance, BucketSlot slot)
    {
        // A slot that museum neither serves from nor stores derived data in is often configured and never used.
        var isUsed = slot == instance.Slots.HotPrimary || slot == instance.Slots.StorageFor(ObjectKind.MlData);
        return finding with
        {
            Severity = finding.Severity == Severity.Error && !isUsed ? Severity.Warning : finding.Severity,
            Hint = finding.Code switch
            {
                "bucket-denied" =>
                    $"look at {instance.Folder.Access.Describe($"s3.{slot.Name}.key")}: it must be allowed to list the bucket and to read "
                    + $"its objects, no more",
                "store-unreachable" =>
                    $"{finding.Hint}; if {slot.ConfiguredEndpoint} exists only inside the compose network, add it to the map in "
                    + $"nestegg.yaml (docs/operations.md)",
                _ => finding.Hint,
            },
        };
    }
}
