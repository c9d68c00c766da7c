using Nestegg.Ente.Configuration;
using Nestegg.Ente.Objects;
using Nestegg.Stores.S3;

namespace Nestegg.Instance;

/// <summary>A bucket that some web app does not get at in a browser: it signs in, shows every album and not one picture.</summary>
/// <param name="Origins">From where.</param>
/// <param name="Why">What the first of them was told.</param>
public sealed record BlockedBucket(string Slot, string Bucket, IReadOnlyList<string> Origins, string Why, CorsAdvice Advice)
{
    public Finding AsFinding() => new(
        "cors-refused", Severity.Warning, Slot,
        $"the bucket {Bucket} does not let in the web apps of {string.Join(", ", Origins)}: {Why}. They sign in, show every album and not "
        + "one picture; phones and the command line do not care",
        $"{Advice.Command} ({Advice.Note})");
}

/// <summary>Asks the buckets that browsers read and write what a browser asks first, from where the instance's web apps are.</summary>
internal sealed class BrowserAccess(InstanceBuckets buckets, IReadOnlyList<string> origins)
{
    /// <summary>To show a photo, and to store one; with the headers that Ente's web app was seen to send.</summary>
    public static IReadOnlyList<(string Method, string Header)> Requests { get; } = [("GET", "x-client-package"), ("PUT", "content-md5")];

    // museum gives out links into these; all else goes through museum or stays between the buckets.
    private static readonly ObjectKind[] Kinds =
        [ObjectKind.File, ObjectKind.VideoPreview, ObjectKind.ImagePreview, ObjectKind.ProfilePicture];

    public static IEnumerable<BucketSlot> SlotsOf(BucketSlots slots) =>
        Kinds.Select(slots.StorageFor).Where(slot => slot.IsConfigured).Distinct();

    public async Task<IReadOnlyList<BlockedBucket>> LookAsync(CancellationToken cancellationToken)
    {
        var blocked = new List<BlockedBucket>();
        foreach (var slot in SlotsOf(buckets.Slots))
        {
            if (await LookAsync(slot, cancellationToken) is { } found)
            {
                blocked.Add(found);
            }
        }

        return blocked;
    }

    private async Task<BlockedBucket?> LookAsync(BucketSlot slot, CancellationToken cancellationToken)
    {
        var bucket = buckets[slot].Requests;
        var preflight = new BrowserPreflight(bucket);
        var refused = new List<(string Origin, string Why)>();
        var server = "";
        foreach (var origin in origins)
        {
            foreach (var (method, header) in Requests)
            {
                (var refusal, server) = await preflight.AskAsync(origin, method, header, cancellationToken);
                if (refusal is not null)
                {
                    refused.Add((origin, refusal));
                    break;
                }
            }
        }

        return refused.Count == 0 ? null : new BlockedBucket(
            slot.Name, slot.Bucket, [.. refused.Select(each => each.Origin)], refused[0].Why,
            CorsAdvice.For(server, bucket.Endpoint, slot.Region, slot.Bucket));
    }
}
