using System.Runtime.CompilerServices;
using Nestegg.Repositories.Index;

namespace Nestegg.Restore;

/// <summary>Objects of a snapshot that lie in the same file of the repository, in the order in which they lie there.</summary>
/// <param name="IsPack">Whether it is a pack of small objects, and not one object.</param>
/// <param name="Rows">At least one.</param>
internal sealed record StoredTogether(bool IsPack, IReadOnlyList<IndexRow> Rows);

/// <summary>Puts the rows of a snapshot in an order in which each pack is read about once.</summary>
internal static class LiveObjects
{
    // A run writes rows close to the other rows of their pack. 32,768 rows are some 30 packs of thumbnails and 7 MB of memory.
    private const int WindowRows = 32 * 1024;

    public static async IAsyncEnumerable<StoredTogether> GroupAsync(
        IAsyncEnumerable<IndexRow> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var window in rows.Chunk(WindowRows).WithCancellation(cancellationToken))
        {
            foreach (var group in window.GroupBy(row => row.StoredAs, StringComparer.Ordinal))
            {
                yield return new StoredTogether(group.First().Pack is not null, [.. group.OrderBy(row => row.Offset)]);
            }
        }
    }
}
