using System.Runtime.CompilerServices;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Objects;

namespace Nestegg.Instance.Preflights;

/// <summary>
/// Whether each configured bucket answers, with the configured keys, in the configured region, at our clock's time, and holds anything.
/// </summary>
internal static class PreflightBuckets
{
    public static async IAsyncEnumerable<Finding> LookAsync(
        EnteInstance instance, DatabaseLook database, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (instance.Slots.HotPrimary is { IsConfigured: false, Unusable: null })
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
                yield return Explained(Judged(finding, slot, database), instance, slot);
            }
        }
    }

    private static Finding Judged(Finding finding, BucketSlot slot, DatabaseLook database) => finding.Code switch
    {
        // What an object store serves whose disk is not mounted.
        "bucket-empty" when database.ObjectsBySlot.GetValueOrDefault(slot.Name) is > 0 and var named => finding with
        {
            Severity = Severity.Error,
            Message = $"{finding.Message}, but the database names {Counted.Of(named, "object")} in it",
            Hint =
                "is it the right bucket, and is the object store's disk mounted? The objects are looked for in the other slots meanwhile",
        },

        // What is found after a server has moved and its database has not.
        "bucket-ok" when database.NamesNothing => new Finding(
            "objects-unnamed", Severity.Error, slot.Name,
            $"there are objects in the bucket {slot.Bucket}, and the database names none, or has no account",
            "is db.name the database of museum? After a server move: was the old database restored? Nothing of the bucket is backed up "
            + "without it"),
        _ => finding,
    };

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
                    + $"nestegg.yaml (nestegg help operations)",
                _ => finding.Hint,
            },
        };
    }
}
