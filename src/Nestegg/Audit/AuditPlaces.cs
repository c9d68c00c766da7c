using Nestegg.Ente.Configuration;
using Nestegg.Ente.Objects;

namespace Nestegg.Audit;

/// <summary>
/// The buckets of an instance, each once though several slots may lead to it, and in which of them museum looks for what.
/// </summary>
internal sealed class AuditPlaces
{
    private readonly BucketSlots slots;
    private readonly List<BucketSlot> places = [];
    private readonly Dictionary<string, int> placeOf = new(StringComparer.Ordinal);

    public AuditPlaces(BucketSlots slots)
    {
        this.slots = slots;
        foreach (var slot in slots.Configured)
        {
            var place = places.FindIndex(
                other => other.Bucket == slot.Bucket && other.Address == slot.Address && other.Region == slot.Region);
            if (place < 0)
            {
                place = places.Count;
                places.Add(slot);
            }

            placeOf[slot.Name] = place;
        }
    }

    /// <summary>One slot for each bucket; its index is the place's number.</summary>
    public IReadOnlyList<BucketSlot> All => places;

    public BucketSlot HotPrimary => slots.HotPrimary;

    public bool IsLookedAt(NamedObject item, int place) =>
        SlotsLookedAt(item).Any(slot => placeOf.TryGetValue(slot, out var known) && known == place);

    public string NameOf(int place) => string.Join(", ", placeOf.Where(entry => entry.Value == place).Select(entry => entry.Key));

    /// <summary>
    /// museum serves originals and thumbnails from the hot primary alone, whatever the row says; for all else it goes
    /// by the row, and by where it stores such things now.
    /// </summary>
    public IEnumerable<string> SlotsLookedAt(NamedObject item) => item.Kind is ObjectKind.File or ObjectKind.Thumbnail
        ? [slots.HotPrimary.Name]
        : item.Slots.Append(slots.StorageFor(item.Kind).Name).Distinct();
}
