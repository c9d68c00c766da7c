using Nestegg.Ente.Objects;
using Nestegg.Instance;
using Nestegg.Repositories;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Backup;

/// <summary>
/// Looks up again, in the live database, what could not be copied as the snapshot of the database names it. What was deleted or overwritten
/// since then is no loss; the rest is put on the record as missing.
/// </summary>
internal sealed class LossReview(EnteInstance instance, SlotCopier copier, SnapshotWriter snapshot, BackupCounts counts, RunLog log)
{
    private const int BatchObjects = 1000;
    private const int FindingsSaid = 20;
    private const string ObjectMissing = "object-missing";
    private const string DerivedObjectMissing = "derived-object-missing";

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <param name="problems">What could not be copied, with the reason.</param>
    public async Task RunAsync(ObjectQueue problems, CancellationToken cancellationToken)
    {
        if (problems.Count == 0)
        {
            return;
        }

        // museum stores an object first and then changes the row: a moment for those that it has just overwritten.
        await Task.Delay(Grace, instance.Time, cancellationToken);
        await using var connection = await instance.Database.OpenConnectionAsync(cancellationToken);
        foreach (var batch in problems.Read().Chunk(BatchObjects))
        {
            var now = new Dictionary<string, NamedObject>(StringComparer.Ordinal);
            await foreach (var named in NamedObjects.ReadAgainAsync(
                connection, [.. batch.Select(queued => queued.Object)], cancellationToken))
            {
                now[named.Key] = named;
            }

            foreach (var (item, reason) in batch)
            {
                await JudgeAsync(item, reason, now, cancellationToken);
            }
        }
    }

    private async Task JudgeAsync(NamedObject item, string reason, Dictionary<string, NamedObject> now, CancellationToken cancellationToken)
    {
        // The bytes of deleted files are gone, as they should be.
        if (item.IsDeleted)
        {
            return;
        }

        if (!now.TryGetValue(item.Key, out var current) || current.IsDeleted || current.Version != item.Version)
        {
            counts.AddChangedSince();
            return;
        }

        // The row names other slots by now: the object was moved, not lost.
        var lost = current.Slots.Equals(item.Slots) ? reason : (await copier.TryCopyAsync(current, cancellationToken))?.Reason;
        if (lost is not null)
        {
            await RecordAsync(item, lost, cancellationToken);
        }
    }

    private async Task RecordAsync(NamedObject item, string reason, CancellationToken cancellationToken)
    {
        counts.AddMissing(item.Kind);
        await snapshot.AddMissingAsync(
            new MissingObject(item.Key, item.SizeBytes ?? MissingObject.UnknownBytes, item.Kind.Name, reason), cancellationToken);
        if (counts.Missing + counts.MissingDerived <= FindingsSaid)
        {
            log.Find(Missing(item, reason));
        }
    }

    /// <summary>Whether a finding is about a single missing object; the manifest names those in a list of their own.</summary>
    public static bool IsOfOneObject(Finding finding) => finding.Code is ObjectMissing or DerivedObjectMissing;

    private static Finding Missing(NamedObject item, string reason) => item.Kind.IsDerived
        ? new Finding(
            DerivedObjectMissing, Severity.Warning, item.Key, $"{item.Kind.Name} {item.Key} of file {item.FileId} is missing ({reason}).",
            "The apps make it again from the original.")
        : new Finding(
            ObjectMissing, Severity.Error, item.Key, $"{item.Kind.Name} {item.Key} of file {item.FileId} is missing ({reason}).",
            item.SizeBytes == NamedObject.Impossible
                ? "What a bucket holds is kept as it is, and nestegg prove says whether it opens: museum's row needs its right length."
                : "Look for its bytes in older copies of the bucket; nestegg audit --live lists all that is missing.");
}
