using Nestegg.Ente.Integrity;

namespace Nestegg.Audit;

/// <summary>
/// Looks at every file that somebody can still see, in an album or in the trash: its headers, its metadata, its two objects; and at files
/// that nobody can.
/// </summary>
internal sealed class FileAudit(RowChecks checks, AuditCounts counts, RunLog log)
{
    private const string RowHint = "An older snapshot may hold the row as it was: nestegg snapshots.";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var file in checks.FilesAsync(cancellationToken))
        {
            Check(file, $"file {file.Id}", $"of user {file.OwnerId}");
        }

        await foreach (var (file, album) in checks.MembershipsWithoutFileAsync(cancellationToken))
        {
            log.Find("membership-without-file", Severity.Error, $"file {file}", $"is in album {album}, and has no row in files.", RowHint);
        }
    }

    private void Check(FileState file, string subject, string whose)
    {
        if (file.IsScrubbed)
        {
            if (file.IsInAlbum)
            {
                log.Find(
                    "membership-without-file", Severity.Error, subject,
                    $"{whose} is in an album, and its row was emptied, as for a file deleted for good.", RowHint);
            }

            return;
        }

        counts.Files += file.IsDeleted ? 0 : 1;
        if (file.IsDeleted && !file.IsInAlbum)
        {
            return;
        }

        if (!file.IsInAlbum && !file.IsInTrash)
        {
            log.Find(
                "file-in-no-album", Severity.Warning, subject, $"{whose} is in no album and not in the trash: no app shows it.",
                "nestegg export writes it if a former album still has its key.");
        }

        foreach (var (column, defect) in file.Defects)
        {
            log.Find(
                "row-undecryptable", Severity.Error, subject, $"{whose}: column {column} {defect}, so the file cannot be opened.", RowHint);
        }

        if (file.UnnamedObjects.Count > 0)
        {
            log.Find(
                "file-without-object", Severity.Error, subject,
                $"{whose} has no row in object_keys for its {string.Join(" and its ", file.UnnamedObjects)}.", RowHint);
        }
    }
}
