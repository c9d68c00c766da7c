using System.Data.Common;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Integrity;

/// <summary>A row of <c>files</c> and what other rows say of the file, without what is in it.</summary>
internal sealed record FileState
{
    /// <summary>What <see cref="Read"/> reads, by id.</summary>
    internal const string Query = $"""
        SELECT f.file_id, f.owner_id, f.file_decryption_header, f.thumbnail_decryption_header, f.metadata_decryption_header,
            f.encrypted_metadata = '{EnteTables.Scrubbed}', LENGTH(f.encrypted_metadata),
            EXISTS (SELECT 1 FROM collection_files m JOIN collections c ON c.collection_id = m.collection_id
                WHERE m.file_id = f.file_id AND NOT COALESCE(m.is_deleted, false) AND NOT COALESCE(c.is_deleted, false)),
            EXISTS (SELECT 1 FROM trash t WHERE t.file_id = f.file_id AND NOT t.is_deleted AND NOT t.is_restored),
            EXISTS (SELECT 1 FROM trash t WHERE t.file_id = f.file_id AND t.is_deleted),
            EXISTS (SELECT 1 FROM object_keys o WHERE o.file_id = f.file_id AND CAST(o.o_type AS text) = 'file' AND NOT COALESCE(o.is_deleted, false)),
            EXISTS (SELECT 1 FROM object_keys o WHERE o.file_id = f.file_id AND CAST(o.o_type AS text) = 'thumbnail' AND NOT COALESCE(o.is_deleted, false))
        FROM files f ORDER BY f.file_id
        """;

    internal required long Id { get; init; }

    internal required long OwnerId { get; init; }

    /// <summary>museum emptied the row, as it does for a file deleted for good.</summary>
    internal required bool IsScrubbed { get; init; }

    /// <summary>In an album that is not deleted.</summary>
    internal required bool IsInAlbum { get; init; }

    internal required bool IsInTrash { get; init; }

    /// <summary>Deleted for good.</summary>
    internal required bool IsDeleted { get; init; }

    /// <summary>
    /// The columns that keep it from being opened, and what is wrong with them. Empty headers of an item of Locker without a file are
    /// right.
    /// </summary>
    internal required IReadOnlyList<(string Column, string Defect)> Defects { get; init; }

    /// <summary>Of <c>original</c> and <c>thumbnail</c>, those that no row of <c>object_keys</c> names and that one should.</summary>
    internal required IReadOnlyList<string> UnnamedObjects { get; init; }

    internal static FileState Read(DbDataReader row)
    {
        var (content, thumbnail) = (row.GetString(2), row.GetString(3));

        // A note or a password of Locker: all of it is in the metadata.
        var isWithoutContent = content.Length == 0 && thumbnail.Length == 0;
        var defects = new List<(string, string)>();
        CheckHeader("metadata_decryption_header", row.GetString(4));
        if (row.GetInt32(6) == 0)
        {
            defects.Add(("encrypted_metadata", "is empty"));
        }

        if (!isWithoutContent)
        {
            CheckHeader("file_decryption_header", content);
            CheckHeader("thumbnail_decryption_header", thumbnail);
        }

        return new FileState
        {
            Id = row.GetInt64(0),
            OwnerId = row.GetInt64(1),
            IsScrubbed = row.GetBoolean(5),
            IsInAlbum = row.GetBoolean(7),
            IsInTrash = row.GetBoolean(8),
            IsDeleted = row.GetBoolean(9),
            Defects = defects,
            UnnamedObjects = isWithoutContent ? [] : [.. Unnamed(10, "original"), .. Unnamed(11, "thumbnail")],
        };

        void CheckHeader(string column, string value)
        {
            var defect = value.Length == 0
                ? "is empty"
                : value == EnteTables.Scrubbed ? "was emptied" : EncodedLength.Defect(value, SecretStream.HeaderBytes, isLeast: false);
            if (defect is not null)
            {
                defects.Add((column, defect));
            }
        }

        IEnumerable<string> Unnamed(int ordinal, string what) => row.GetBoolean(ordinal) ? [] : [what];
    }
}
