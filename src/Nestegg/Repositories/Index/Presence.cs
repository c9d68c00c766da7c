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

    /// <summary>Whether the file that rows lie in is there as it was written, as far as that is seen without reading it.</summary>
    public bool Holds(RowsTogether rows) =>
        !(damagedFiles.Count > 0 && damagedFiles.Contains((rows.File, rows.IsPack)))
        && (listed is null || (listed.TryGet(rows.File, rows.IsPack, out _, out var sizeBytes) && sizeBytes == rows.SizeBytes));

    public void Dispose() => listed?.Dispose();

    private static (ObjectHash Hash, bool IsPack) Parse(string key)
    {
        var isOurs = RepositoryKeys.TryGetHash(key, out var hash, out var isPack);
        Debug.Assert(isOurs, "Only files that are named by their hash can be found damaged.");
        return (hash, isPack);
    }
}
