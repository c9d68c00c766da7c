using System.Data.Common;

namespace Nestegg.Audit;

/// <summary>Looks at every file that somebody can still see, in an album or in the trash: its headers, its metadata, its two objects; and at files that nobody can.</summary>
internal sealed class FileAudit(DbConnection source, AuditCounts counts, RunLog log)
{
    private const int HeaderBytes = 24;

    // museum puts this into the columns of a file that was deleted for good.
    private const string Scrubbed = "-";

    private const string RowHint = "An older snapshot may hold the row as it was: nestegg snapshots.";

    private const string Files = """
        SELECT f.file_id, f.owner_id, f.file_decryption_header, f.thumbnail_decryption_header, f.metadata_decryption_header,
            CASE WHEN f.encrypted_metadata = '-' THEN '-' ELSE '' END, LENGTH(f.encrypted_metadata),
            EXISTS (SELECT 1 FROM collection_files m JOIN collections c ON c.collection_id = m.collection_id
                WHERE m.file_id = f.file_id AND NOT COALESCE(m.is_deleted, false) AND NOT COALESCE(c.is_deleted, false)),
            (SELECT CASE WHEN t.is_deleted THEN 2 WHEN t.is_restored THEN 0 ELSE 1 END FROM trash t WHERE t.file_id = f.file_id),
            EXISTS (SELECT 1 FROM object_keys o WHERE o.file_id = f.file_id AND CAST(o.o_type AS text) = 'file' AND NOT COALESCE(o.is_deleted, false)),
            EXISTS (SELECT 1 FROM object_keys o WHERE o.file_id = f.file_id AND CAST(o.o_type AS text) = 'thumbnail' AND NOT COALESCE(o.is_deleted, false))
        FROM files f ORDER BY f.file_id
        """;

    // PostgreSQL's foreign key forbids it; a dump that was put together from pieces, or loaded without checks, has it all the same.
    private const string WithoutFile = """
        SELECT m.file_id, m.collection_id FROM collection_files m WHERE NOT COALESCE(m.is_deleted, false)
            AND NOT EXISTS (SELECT 1 FROM files f WHERE f.file_id = m.file_id) ORDER BY m.file_id, m.collection_id
        """;

    private sealed record FileState(
        long Id, long OwnerId, string ContentHeader, string ThumbnailHeader, string MetadataHeader, bool IsScrubbed, int MetadataLength,
        bool IsInAlbum, bool IsInTrash, bool IsDeleted, bool HasObject, bool HasThumbnail)
    {
        /// <summary>An item of Locker without a file: a note, a password. All of it is in the metadata.</summary>
        public bool IsWithoutContent => ContentHeader.Length == 0 && ThumbnailHeader.Length == 0;

        public string Subject => $"file {Id}";

        public string Whose => $"of user {OwnerId}";
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using (var command = source.CreateCommand())
        {
            command.CommandText = Files;
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                Check(Read(row));
            }
        }

        await using var orphaned = source.CreateCommand();
        orphaned.CommandText = WithoutFile;
        await using var membership = await orphaned.ExecuteReaderAsync(cancellationToken);
        while (await membership.ReadAsync(cancellationToken))
        {
            log.Find(
                "membership-without-file", Severity.Error, $"file {membership.GetInt64(0)}",
                $"is in album {membership.GetInt64(1)}, and has no row in files.", RowHint);
        }
    }

    private void Check(FileState file)
    {
        if (file.IsScrubbed)
        {
            if (file.IsInAlbum)
            {
                log.Find(
                    "membership-without-file", Severity.Error, file.Subject,
                    $"{file.Whose} is in an album, and its row was emptied, as for a file deleted for good.", RowHint);
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
                "file-in-no-album", Severity.Warning, file.Subject, $"{file.Whose} is in no album and not in the trash: no app shows it.",
                "nestegg export writes it if a former album still has its key.");
        }

        CheckHeader(file, "metadata_decryption_header", file.MetadataHeader);
        if (file.MetadataLength == 0)
        {
            Undecryptable(file, "encrypted_metadata", "is empty");
        }

        if (!file.IsWithoutContent)
        {
            CheckContent(file);
        }
    }

    private void CheckContent(FileState file)
    {
        CheckHeader(file, "file_decryption_header", file.ContentHeader);
        CheckHeader(file, "thumbnail_decryption_header", file.ThumbnailHeader);
        string[] lacks = [.. file.HasObject ? (string[])[] : ["original"], .. file.HasThumbnail ? (string[])[] : ["thumbnail"]];
        if (lacks.Length > 0)
        {
            log.Find("file-without-object", Severity.Error, file.Subject, $"{file.Whose} has no row in object_keys for its {string.Join(" and its ", lacks)}.", RowHint);
        }
    }

    private void CheckHeader(FileState file, string column, string value)
    {
        if ((value.Length == 0 ? "is empty" : value == Scrubbed ? "was emptied" : Base64Length.Defect(value, HeaderBytes, isLeast: false)) is { } defect)
        {
            Undecryptable(file, column, defect);
        }
    }

    private void Undecryptable(FileState file, string column, string defect) =>
        log.Find("row-undecryptable", Severity.Error, file.Subject, $"{file.Whose}: column {column} {defect}, so the file cannot be opened.", RowHint);

    private static FileState Read(DbDataReader row)
    {
        var trash = row.IsDBNull(8) ? 0 : row.GetInt32(8);
        return new FileState(
            row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5) == Scrubbed, row.GetInt32(6),
            row.GetBoolean(7), trash == 1, trash == 2, row.GetBoolean(9), row.GetBoolean(10));
    }
}
