using Nestegg.Ente;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;

namespace Nestegg.Audit;

/// <summary>
/// Objects in the buckets that no row names. Most have a reason: an upload that is under way, a deletion that is put off for weeks, a
/// preview that was made again. Those are counted; what has no reason is a finding, because after a rollback of the database it may be
/// somebody's photo.
/// </summary>
internal sealed class OrphanAudit(AuditTables tables, AuditPlaces places, AuditCounts counts, RunLog log)
{
    // Clocks of a database, an object store and this machine may differ by so much.
    internal static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(1);

    /// <summary>Takes up from the database what explains an orphan.</summary>
    public async Task LoadReasonsAsync(EnteRows source, CancellationToken cancellationToken)
    {
        tables.File.Execute("CREATE TABLE reasons (key TEXT PRIMARY KEY, reason INTEGER) WITHOUT ROWID");
        tables.File.Begin();
        await foreach (var pending in PendingObject.ReadAsync(source, cancellationToken))
        {
            tables.File.Run("INSERT OR IGNORE INTO reasons VALUES (?, ?)", pending.Key, (int)pending.Reason);
        }

        tables.File.Commit();
    }

    /// <param name="databaseAt">The moment of the database: an upload that began later is in no row of it.</param>
    public void Run(DateTimeOffset databaseAt, CancellationToken cancellationToken)
    {
        var young = (databaseAt - ClockTolerance).ToUnixTimeMilliseconds();
        foreach (var row in tables.File.Rows("""
            SELECT p.key, p.place, p.size, p.modified, r.reason FROM present p LEFT JOIN reasons r ON r.key = p.key
            WHERE NOT EXISTS (SELECT 1 FROM named n WHERE n.key = p.key) ORDER BY p.key, p.place
            """))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var key = row.Text(0);
            var reason = row.IsNull(4) ? default(PendingReason?) : (PendingReason)row.Integer(4);
            if (!IsExpected(key, reason, row.Integer(3) >= young))
            {
                Report(key, (int)row.Integer(1), row.Integer(2), DateTimeOffset.FromUnixTimeMilliseconds(row.Integer(3)));
            }
        }
    }

    private bool IsExpected(string key, PendingReason? reason, bool isYoung)
    {
        var isEnte = ObjectKey.TryParse(key, out var parsed);
        switch (reason)
        {
            case PendingReason.Upload:
                counts.Uploads++;
                return true;
            case PendingReason.Deletion:
                counts.WaitingForDeletion++;
                return true;
            case null when isEnte && parsed.Kind.IsDerived:
                counts.StaleDerived++;
                return true;

            // museum stores nothing under another key.
            case null when isEnte && isYoung:
                counts.Young++;
                return true;
            default:
                return false;
        }
    }

    private void Report(string key, int place, long sizeBytes, DateTimeOffset modified)
    {
        counts.Orphans++;
        counts.OrphanBytes += sizeBytes;
        log.Find(
            "object-orphan", Severity.Warning,
            key,
            $"no row names this object in {places.NameOf(place)}: {Counted.Of(sizeBytes, "byte")}, stored {modified:yyyy-MM-dd HH:mm}Z.",
            "Leave it until you know why: after a restore of an older database it may be a photo that was uploaded since.");
    }
}
