using Nestegg.Ente.Database;

namespace Nestegg.Restore;

/// <summary>Says what of a dump is not loaded, and whether museum misses it.</summary>
internal static class LoadingPlan
{
    public static IEnumerable<Finding> Findings(IReadOnlyList<ArchiveOmission> omissions, string database)
    {
        if (omissions.Where(item => !item.IsMuseums).Select(item => item.What).ToList() is { Count: > 0 } others)
        {
            yield return new Finding(
                "dump-in-part", Severity.Note, database, $"not loaded, because museum does not need it: {string.Join(", ", others)}",
                "the dump has all of it: nestegg help recover-by-hand tells how to load it whole");
        }

        foreach (var item in omissions.Where(item => item is { IsMuseums: true, IsTableOfEnte: false }))
        {
            yield return new Finding(
                "dump-item-left-out", Severity.Warning, item.What,
                $"{item.What} is not loaded: {(item.Cause is null ? "it is about roles" : $"it needs {item.Cause}")}",
                "it is none of Ente's own; make it anew if you want it");
        }
    }

    public static IEnumerable<Refusal> Refusals(IReadOnlyList<ArchiveOmission> omissions, string database) =>
        omissions.Where(item => item.IsTableOfEnte).Select(item => new Refusal(
            FailureKind.BadInput, $"{item.What} cannot be made in the database {database}: it needs {item.Cause}",
            "install the extension on the server, or make it in the database as a superuser"));
}
