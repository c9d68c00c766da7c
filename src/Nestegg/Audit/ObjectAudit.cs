using Nestegg.Ente;
using Nestegg.Ente.Objects;

namespace Nestegg.Audit;

/// <summary>
/// Says which of these objects are still named just so: the rest was deleted, moved or overwritten after the moment of the database.
/// </summary>
/// <returns>Their keys.</returns>
internal delegate Task<IReadOnlySet<string>> AskAgain(IReadOnlyList<NamedObject> suspects, CancellationToken cancellationToken);

/// <summary>What the objects that a database names are compared with.</summary>
/// <param name="Places">The buckets; <see langword="null"/> for a snapshot, where an object is in one place.</param>
/// <param name="DatabaseAt">The moment of the database.</param>
/// <param name="AskAgain">Confirms what looks lost before it is called that.</param>
internal sealed record ComparedObjects(AuditPlaces? Places, DateTimeOffset DatabaseAt, AskAgain AskAgain)
{
    /// <summary>Says of a key why its object is not there.</summary>
    public Func<string, string> Absence { get; init; } = _ => "no bucket has it";
}

/// <summary>Compares what is named with what is there, in the order of the keys.</summary>
internal sealed class ObjectAudit(AuditTables tables, ComparedObjects compared, AuditCounts counts, RunLog log)
{
    private const int BatchObjects = 1000;
    private const string LossHint = "Look for its bytes in older snapshots (nestegg snapshots) and in older copies of the bucket.";
    private const string SnapshotHint =
        "The next nestegg backup fetches what the live bucket has; look for the rest in older copies of the repository and of the bucket.";
    private const string DerivedHint = "The apps make it again from the original.";

    // What a length that cannot be says is true whatever happened since; all else is asked again.
    private readonly List<(NamedObject Object, Finding Finding, bool IsCertain)> findings = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var total = tables.Count("named");
        log.Step("objects", $"Comparing {Counted.Of(total, "object")} that the database names with what is there");
        var done = 0L;
        foreach (var (item, found) in tables.Compare(cancellationToken))
        {
            if (Count(item, found) && Judge(item, found) is { } finding)
            {
                findings.Add((item, finding, finding.Code.EndsWith("size-impossible", StringComparison.Ordinal)));
            }

            if (findings.Count == BatchObjects)
            {
                await ConfirmAsync(cancellationToken);
            }

            if (++done % BatchObjects == 0)
            {
                log.Progress("objects", done, total);
            }
        }

        await ConfirmAsync(cancellationToken);
    }

    /// <returns><see langword="false"/> for the object of a deleted file: it may be there or not.</returns>
    private bool Count(NamedObject item, IReadOnlyList<FoundObject> found)
    {
        if (item.IsDeleted)
        {
            counts.DeletedKept += found.Count > 0 ? 1 : 0;
            counts.DeletedGone += found.Count > 0 ? 0 : 1;
            return false;
        }

        counts.Objects++;
        counts.Bytes += item.CountedBytes;
        return true;
    }

    private Finding? Judge(NamedObject item, IReadOnlyList<FoundObject> found)
    {
        if (found.Count == 0)
        {
            return Finding(
                "object-missing", item, compared.Absence(item.Key),
                compared.Places is null && !item.Kind.IsDerived ? SnapshotHint : null);
        }

        var looked = found.Where(one => compared.Places?.IsLookedAt(item, one.Place) ?? true).ToArray();
        var right = found.FirstOrDefault(one => IsRight(item, one), new FoundObject(-1, 0, 0));
        if (looked.Length == 0 && right.Place >= 0)
        {
            return Finding(
                "object-in-wrong-slot", item,
                $"it is in {compared.Places!.NameOf(right.Place)}, where museum will not look; museum looks in "
                + $"{string.Join(", ", compared.Places.SlotsLookedAt(item))}",
                $"Copy the object there, or set s3.hot_storage (for derived data s3.derived-storage) in museum.yaml to the slot that has it.");
        }

        if (!looked.Any(one => IsRight(item, one)))
        {
            var actual = (looked.Length > 0 ? looked : [.. found])[0];
            if (IsBeingOverwritten(item, actual))
            {
                counts.ChangedSince++;
                return null;
            }

            var elsewhere = right.Place >= 0
                && compared.Places is not null ? $"; the right length is in {compared.Places.NameOf(right.Place)}" : "";
            return Finding(
                "object-size-wrong", item, $"it has {Counted.Of(actual.SizeBytes, "byte")} where the database states {item.StatedLength}{elsewhere}");
        }

        var sizeBytes = item.SizeBytes ?? looked[0].SizeBytes;
        return item.Kind.CanBeOfLength(sizeBytes)
            ? null
            : Finding(
                "size-impossible",
                item,
                $"{Counted.Of(sizeBytes, "byte is", "bytes are")} a length that nothing encrypted has: it was cut off before it was stored");
    }

    // What museum overwrites in place it stores first and writes into the row after; in between the row is the older one.
    private bool IsBeingOverwritten(NamedObject item, FoundObject found) =>
        item.Version is not null && found.ModifiedMs >= (compared.DatabaseAt - OrphanAudit.ClockTolerance).ToUnixTimeMilliseconds();

    private static bool IsRight(NamedObject item, FoundObject found) => item.SizeBytes is null || found.SizeBytes == item.SizeBytes;

    private static Finding Finding(string code, NamedObject item, string what, string? hint = null)
    {
        var isDerived = item.Kind.IsDerived;
        var whose = item.FileId is null
            ? $"of user {item.OwnerId}"
            : $"of file {item.FileId} (user {item.OwnerId?.ToString() ?? "unknown"})";
        return new Finding(
            isDerived ? $"derived-{code}" : code, isDerived ? Severity.Warning : Severity.Error, item.Key,
            $"{item.Kind.Name} {whose}: {what}.", hint ?? (isDerived ? DerivedHint : LossHint));
    }

    private async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        NamedObject[] suspects = [.. findings.Where(finding => !finding.IsCertain).Select(finding => finding.Object)];
        var confirmed = suspects.Length == 0 ? null : await compared.AskAgain(suspects, cancellationToken);
        foreach (var (item, finding, isCertain) in findings)
        {
            if (isCertain || confirmed!.Contains(item.Key))
            {
                log.Find(finding);
            }
            else
            {
                counts.ChangedSince++;
            }
        }

        findings.Clear();
    }
}
