using Nestegg.Ente;
using Nestegg.Ente.Database;
using Nestegg.Ente.Integrity;

namespace Nestegg.Audit;

/// <summary>
/// Looks at the rows themselves: whether what they hold can be opened at all, and whether they fit together. Reads them one at a time.
/// </summary>
internal sealed class RowAudit(EnteRows rows, AuditCounts counts, RunLog log)
{
    private const string BackupHint = "An older snapshot may hold the row as it was: nestegg snapshots.";

    private readonly RowChecks checks = new(rows);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        log.Step("rows", "Looking at keys, headers and albums");
        if (rows.Catalog.SchemaDirty)
        {
            log.Find(
                "schema-dirty", Severity.Error, "schema_migrations",
                $"migration {rows.Catalog.SchemaVersion} was begun and not finished: museum refuses to start on this database.",
                "Finish the migration by hand, then set dirty to false; a snapshot from before it is whole.");
        }

        await foreach (var defect in checks.UnopenableAsync(cancellationToken))
        {
            log.Find(
                "row-undecryptable", Severity.Error, defect.Row, $"column {defect.Column} {defect.Defect}, so the row cannot be opened.",
                BackupHint);
        }

        await CheckAlbumsAsync(cancellationToken);
        await new FileAudit(checks, counts, log).RunAsync(cancellationToken);
    }

    private async Task CheckAlbumsAsync(CancellationToken cancellationToken)
    {
        await foreach (var (user, albums) in checks.OwnersWithoutKeysAsync(cancellationToken))
        {
            log.Find(
                "owner-without-keys", Severity.Error, $"user {user}",
                $"owns {Counted.Of(albums, "album")} and has no row in key_attributes: no password opens them.", BackupHint);
        }

        await foreach (var (album, user) in checks.SharesWithoutKeysAsync(cancellationToken))
        {
            log.Find(
                "share-without-keys", Severity.Warning, $"album {album}",
                $"is shared with user {user}, who has no row in key_attributes and cannot open it.",
                "The owner can end the share and make it again.");
        }
    }
}
