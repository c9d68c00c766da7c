using Nestegg.Ente;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Backup;

/// <summary>
/// What a new snapshot has lost against the one before it. A backup of a database that somebody emptied is still taken, but not in silence.
/// </summary>
internal static class SnapshotComparison
{
    private const double ShrunkShare = 0.5;

    private static readonly string[] WatchedTables = ["users", "files", "collections", "collection_files", "object_keys", "key_attributes"];

    public static IEnumerable<Finding> Findings(
        Manifest previous, IReadOnlyDictionary<string, long> tables, IReadOnlyDictionary<string, KindCounts> kinds)
    {
        foreach (var table in WatchedTables)
        {
            var before = previous.Tables.GetValueOrDefault(table);
            var now = tables.GetValueOrDefault(table);
            if (now < before * ShrunkShare)
            {
                yield return new Finding(
                    "database-shrank", Severity.Warning, table,
                    $"The table {table} has {Counted.Of(now, "row")}; it had {before:N0} in the snapshot {previous.Id}.",
                    $"If that is not what you expect, do not prune: the snapshot {previous.Id} still has the rest.");
            }
        }

        foreach (var (kind, before) in previous.Counts.Kinds)
        {
            if (before.Objects > 0 && !kinds.ContainsKey(kind))
            {
                yield return new Finding(
                    "object-kind-vanished", Severity.Warning, kind,
                    $"No object of the kind {kind} is left; the snapshot {previous.Id} had {before.Objects:N0}.",
                    "Look at the bucket and at the slots in museum.yaml; nestegg audit --live says what is where.");
            }
        }
    }
}
