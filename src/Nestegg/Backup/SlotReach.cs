using System.Collections.Concurrent;
using System.Diagnostics;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Objects;
using Nestegg.Instance;

namespace Nestegg.Backup;

/// <summary>
/// Tells the trouble of single objects from that of a whole bucket. A slot that failed for many objects in a row is not asked again; what
/// would have to be there cannot be called missing then. May be used by many tasks at once.
/// </summary>
internal sealed class SlotReach(InstanceBuckets buckets)
{
    private readonly ConcurrentDictionary<BucketSlot, Reach> slots = new();

    private sealed class Reach
    {
        public readonly FailureStreak Failures = new();
        public volatile NesteggException? LastFailure;
        public volatile bool IsWanted;
    }

    /// <summary>Why the slot is not asked any more; <see langword="null"/> while it is.</summary>
    public NesteggException? GivenUp(BucketSlot slot) =>
        slots.TryGetValue(slot, out var reach) && reach.Failures.IsTooLong ? reach.LastFailure : null;

    public void Answered(BucketSlot slot)
    {
        if (slots.TryGetValue(slot, out var reach))
        {
            reach.Failures.End();
        }
    }

    public void Failed(BucketSlot slot, NesteggException failure)
    {
        var reach = slots.GetOrAdd(slot, _ => new Reach());
        reach.LastFailure = failure;
        reach.Failures.Add();
        Debug.Assert(reach.LastFailure is not null, "A slot that is given up has a failure to tell.");
    }

    /// <summary>An object was found nowhere. That is no finding when a slot that its row names has been given up.</summary>
    /// <exception cref="NesteggException">The last failure of that slot.</exception>
    public void Require(NamedObject item, IEnumerable<BucketSlot> searched)
    {
        foreach (var (place, slot) in searched.Index())
        {
            if (slots.TryGetValue(slot, out var reach) && (place == 0 || item.Slots.Contains(slot.Name)))
            {
                reach.IsWanted = true;
                if (GivenUp(slot) is { } failure)
                {
                    throw failure;
                }
            }
        }
    }

    /// <summary>Asks the slots that failed last and are needed whether they are there at all.</summary>
    /// <exception cref="NesteggException">One of them is not.</exception>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        foreach (var (slot, reach) in slots)
        {
            if (reach is { IsWanted: true, Failures.HasBegun: true, LastFailure: { } failure }
                && (await buckets[slot].ProbeAsync(slot.Name, cancellationToken)).Any(finding => finding.Severity == Severity.Error))
            {
                throw failure;
            }
        }
    }
}
