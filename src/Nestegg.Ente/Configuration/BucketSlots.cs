using Nestegg.Ente.Objects;

namespace Nestegg.Ente.Configuration;

/// <summary>All bucket slots of an instance, and which of them museum uses for what.</summary>
public sealed class BucketSlots
{
    private const string DefaultPrimary = "b2-eu-cen";
    private const string DefaultSecondary = "wasabi-eu-central-2-v3";

    private readonly MuseumConfiguration configuration;
    private readonly Dictionary<string, BucketSlot> slots;

    private BucketSlots(MuseumConfiguration configuration)
    {
        this.configuration = configuration;
        slots = MuseumKeys.SlotNames.ToDictionary(name => name, name => new BucketSlot(name, configuration), StringComparer.Ordinal);

        // museum honours the pair only when both are set to names that it knows.
        var primary = configuration.Text("s3.hot_storage.primary");
        var secondary = configuration.Text("s3.hot_storage.secondary");
        var areBothKnown = slots.ContainsKey(primary) && slots.ContainsKey(secondary);
        HotPrimary = slots[areBothKnown ? primary : DefaultPrimary];
        HotSecondary = slots[areBothKnown ? secondary : DefaultSecondary];
        IsHotStorageIgnored = (primary + secondary).Length > 0 && !areBothKnown;
    }

    /// <summary>The slots with a bucket, in museum's order.</summary>
    public IEnumerable<BucketSlot> Configured => slots.Values.Where(slot => slot.IsConfigured);

    /// <summary>The slots with a bucket and a setting that cannot be used.</summary>
    public IEnumerable<BucketSlot> Unusable => slots.Values.Where(slot => slot.Unusable is not null);

    /// <summary>The slots that are used without their region.</summary>
    public IEnumerable<BucketSlot> WithoutRegion => slots.Values.Where(slot => slot.IsConfigured && slot.UnusedRegion is not null);

    /// <summary>Where museum puts new objects, and the only slot from which it serves downloads.</summary>
    public BucketSlot HotPrimary { get; }

    /// <summary>Where museum copies hot objects when replication is on.</summary>
    public BucketSlot HotSecondary { get; }

    /// <summary><c>s3.hot_storage</c> is set, but museum ignores it, because not both names are ones that it knows.</summary>
    public bool IsHotStorageIgnored { get; }

    /// <summary>Reads them; what cannot be used is in <see cref="Unusable"/>.</summary>
    public static BucketSlots From(MuseumConfiguration configuration) => new(configuration);

    /// <summary>
    /// The slot of that name, configured or not; <see langword="null"/> for a name that museum has no settings for (<c>scw-eu-fr</c>).
    /// </summary>
    public BucketSlot? Find(string name) => slots.GetValueOrDefault(name);

    /// <summary>Where museum looks for an object of a kind first, and writes new ones.</summary>
    public BucketSlot StorageFor(ObjectKind kind)
    {
        var (block, type) = kind switch
        {
            ObjectKind.MlData => ("file-data-config", "mldata"),
            ObjectKind.VideoPreview or ObjectKind.VideoPlaylist => ("file-data-config", "vid_preview"),
            ObjectKind.ImagePreview => ("file-data-config", "img_preview"),
            ObjectKind.ProfilePicture => ("attachment-config", "profile_picture"),
            _ => ("", ""),
        };
        if (type.Length == 0)
        {
            return HotPrimary;
        }

        // museum decodes these two blocks past its overrides: no variable reaches them.
        if (configuration.FindInFiles($"s3.{block}.{type}.primaryBucket") is { } chosen && slots.TryGetValue(chosen.Text, out var slot))
        {
            return slot;
        }

        return kind == ObjectKind.ProfilePicture
            ? HotPrimary
            : slots.GetValueOrDefault(configuration.Text("s3.derived-storage"), HotPrimary);
    }

    /// <summary>
    /// The configured slots in the order in which an object is looked for: those that its row names, then where museum would look, then all
    /// others.
    /// </summary>
    /// <param name="named">What the row names; see <see cref="NamedObject.Slots"/>.</param>
    /// <param name="kind">What the object is.</param>
    public IEnumerable<BucketSlot> SearchOrder(SlotNames named, ObjectKind kind) =>
        named.Select(Find)
            .Append(StorageFor(kind))
            .Append(HotPrimary)
            .Append(HotSecondary)
            .Concat(slots.Values)
            .OfType<BucketSlot>()
            .Where(slot => slot.IsConfigured)
            .Distinct();
}
