using System.Runtime.CompilerServices;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Objects;
using Nestegg.Stores.S3;

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
                var judged = Judged(finding, slot, database);
                if (judged.Code == "bucket-ok" && slot == instance.Slots.HotPrimary)
                {
                    judged = await SampleAsync(buckets[slot], judged, database.SampleKeys, cancellationToken);
                }

                yield return Explained(judged, instance, slot);
            }
        }
    }

    // A bucket can answer and hold something, and still be another one, or have everything below a folder.
    private static async Task<Finding> SampleAsync(
        BucketClient bucket, Finding inOrder, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var key in keys)
            {
                if (await bucket.TryHeadAsync(key, cancellationToken) is not null)
                {
                    return inOrder;
                }
            }

            return keys.Count == 0 ? inOrder : NotThere(bucket, inOrder, keys, await FindPrefixAsync(bucket, keys[0], cancellationToken));
        }
        catch (NesteggException)
        {
            // What keeps one object from being read is told where objects are read.
            return inOrder;
        }
    }

    private static Finding NotThere(BucketClient bucket, Finding inOrder, IReadOnlyList<string> keys, string? prefix) => inOrder with
    {
        Code = "objects-elsewhere",
        Severity = Severity.Error,
        Message = $"bucket '{bucket.Bucket}' answers, but has none of {Counted.Of(keys.Count, "object")} that the database names in it, "
            + $"such as {keys[0]}"
            + (prefix is null ? "" : $"; it has {prefix}{keys[0]}, where museum does not look"),
        Hint = prefix is null
            ? "is it the right bucket, and of the same moment as the database? `nestegg audit` names all that is missing"
            : $"move everything from below {prefix} to the top of the bucket (rclone move, aws s3 mv --recursive), or name the bucket that "
                + "has it there",
    };

    // A copy that went one folder too deep: the beginnings of keys that go on as Ente's do.
    private static async Task<string?> FindPrefixAsync(BucketClient bucket, string key, CancellationToken cancellationToken)
    {
        var owner = $"/{key[..(key.IndexOf('/') + 1)]}";
        var prefixes = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var item in bucket.ListAsync("", cancellationToken).Take(1000))
        {
            if (item.Key.IndexOf(owner, StringComparison.Ordinal) is > 0 and var at)
            {
                prefixes.Add(item.Key[..(at + 1)]);
            }
        }

        foreach (var prefix in prefixes.Take(5))
        {
            if (await bucket.TryHeadAsync(prefix + key, cancellationToken) is not null)
            {
                return prefix;
            }
        }

        return null;
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
