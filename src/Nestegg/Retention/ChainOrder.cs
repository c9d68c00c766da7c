namespace Nestegg.Retention;

/// <summary>
/// Tells which snapshots of a chain have times that contradict the chain: one of them, or one beside it, was made by a wrong clock.
/// </summary>
internal static class ChainOrder
{
    /// <summary>
    /// The most snapshots whose times do not fall along the chain: those that are left out are the fewest that have to be wrong. So one
    /// wrong clock spoils its own snapshots and no other's.
    /// </summary>
    /// <param name="chain">In the order of their numbers.</param>
    public static IReadOnlySet<SnapshotFacts> InOrder(IReadOnlyList<SnapshotFacts> chain)
    {
        // The longest subsequence that does not fall: for each length, where the one that ends earliest ends, and what comes before each.
        var ends = new List<int>();
        var before = new int[chain.Count];
        for (var i = 0; i < chain.Count; i++)
        {
            var length = CountUpTo(chain[i].CreatedAt);
            before[i] = length == 0 ? -1 : ends[length - 1];
            if (length == ends.Count)
            {
                ends.Add(i);
            }
            else
            {
                ends[length] = i;
            }
        }

        var inOrder = new HashSet<SnapshotFacts>(ReferenceEqualityComparer.Instance);
        for (var i = ends.Count == 0 ? -1 : ends[^1]; i >= 0; i = before[i])
        {
            inOrder.Add(chain[i]);
        }

        return inOrder;

        // How many lengths end at this moment or before.
        int CountUpTo(DateTimeOffset moment)
        {
            var (low, high) = (0, ends.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = chain[ends[middle]].CreatedAt <= moment ? (middle + 1, high) : (low, middle);
            }

            return low;
        }
    }
}
