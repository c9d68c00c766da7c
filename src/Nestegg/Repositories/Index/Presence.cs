using System.Diagnostics;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>
/// What a writer knows of the files that index rows point into: those that are there, from a listing, and those that are damaged. Not for
/// several threads at once.
/// </summary>
/// <param name="listed">Belongs to this; <see langword="null"/> when this run relies on an earlier one's listing.</param>
/// <param name="damaged">Keys of files that were read and are not what their names say.</param>
internal sealed class Presence(StoredFiles? listed, IReadOnlyCollection<string> damaged) : IDisposable
{
    private readonly HashSet<(ObjectHash Hash, bool IsPack)> damagedFiles = [.. damaged.Select(Parse)];

    // Rows of one pack follow each other.
    private (ObjectHash Pack, long SizeBytes)? last;

    /// <summary>Whether the bytes of a row can be where it says.</summary>
    public bool Holds(in IndexLine line)
    {
        Debug.Assert(line is { SizeBytes: >= 0, Offset: >= 0 }, "A line was read with its numbers looked at.");
        if (line.Pack is not { } pack)
        {
            return SizeOf(line.Hash, isPack: false) is { } found && (listed is null || found == line.SizeBytes);
        }

        if (last?.Pack != pack)
        {
            last = (pack, SizeOf(pack, isPack: true) ?? -1);
        }

        return last.Value.SizeBytes >= line.Offset + line.SizeBytes;
    }

    public void Dispose() => listed?.Dispose();

    /// <summary>Any length will do when there is no listing; <see langword="null"/> for what is absent or damaged.</summary>
    private long? SizeOf(ObjectHash hash, bool isPack) =>
        damagedFiles.Count > 0 && damagedFiles.Contains((hash, isPack)) ? null
        : listed is null ? long.MaxValue
        : listed.TryGet(hash, isPack, out _, out var sizeBytes) ? sizeBytes
        : null;

    private static (ObjectHash Hash, bool IsPack) Parse(string key)
    {
        var isOurs = RepositoryKeys.TryGetHash(key, out var hash, out var isPack);
        Debug.Assert(isOurs, "Only files that are named by their hash can be found damaged.");
        return (hash, isPack);
    }
}
