using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;

namespace Nestegg.Instance.Preflights;

/// <summary>
/// Compares the slots that the database's rows name with those that are configured, and with the one that museum serves from.
/// </summary>
internal sealed class PreflightSlots(BucketSlots slots, RunLog log)
{
    /// <returns>How many objects the rows name in a slot.</returns>
    public async Task<IReadOnlyDictionary<string, long>> LookAsync(EnteRows rows, CancellationToken cancellationToken)
    {
        var (objects, others) = await SlotCounts.ReadAsync(rows, cancellationToken);
        foreach (var (name, count) in Unconfigured(objects.Concat(others)))
        {
            log.Find(new Finding(
                "slot-not-configured", Severity.Error,
                name, $"{Counted.Of(count, "object is only there by its row", "objects are only there by their rows")}, and the slot "
                    + (slots.Find(name)?.Unusable is { } wrong ? $"cannot be used: {wrong}" : "has no bucket in the configuration"),
                $"configure s3.{name} in museum.yaml; objects are looked for in the other slots meanwhile"));
        }

        CompareWithHotStorage(objects);
        return objects.Concat(others)
            .SelectMany(entry => entry.Slots.Select(name => (Name: name, entry.Count)))
            .GroupBy(named => named.Name, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Sum(named => named.Count), StringComparer.Ordinal);
    }

    private void CompareWithHotStorage(IReadOnlyList<(SlotNames Slots, long Count)> objects)
    {
        var total = objects.Sum(entry => entry.Count);
        var elsewhere = objects.Where(entry => !entry.Slots.Contains(slots.HotPrimary.Name)).Sum(entry => entry.Count);
        if (elsewhere > 0)
        {
            log.Find(new Finding(
                "hot-storage-elsewhere", Severity.Warning, slots.HotPrimary.Name,
                $"museum serves downloads only from this slot, and "
                + $"{elsewhere:N0} of {Counted.Of(total, "object")} {Counted.Word(elsewhere, "is", "are")} in other ones: opening what is there "
                + "fails with 404",
                "copy the objects into this slot's bucket, or set s3.hot_storage back to where they are; they are backed up from where "
                + "they are"));
        }
        else if (total > 0)
        {
            log.Find(new Finding(
                "slots-ok", Severity.Ok, slots.HotPrimary.Name, $"{Counted.Of(total, "object")}, all in the slot that museum serves from"));
        }
    }

    private IEnumerable<(string Name, long Count)> Unconfigured(IEnumerable<(SlotNames Slots, long Count)> rows) =>
        rows.Where(entry => entry.Slots.Count > 0 && !entry.Slots.Any(name => slots.Find(name) is { IsConfigured: true }))
            .GroupBy(entry => entry.Slots[0], StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (group.Key, group.Sum(entry => entry.Count)));
}
