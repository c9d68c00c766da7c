using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using Nestegg.Ente.Database;
using Npgsql;

namespace Nestegg.Ente.Objects;

/// <summary>
/// The objects that a database names, from a live PostgreSQL or from the SQLite file that was made from an archive.
/// They come in no particular order. Key layout: server/pkg/controller/file.go, server/ente/filedata/path.go.
/// </summary>
public static class NamedObjects
{
    /// <summary>
    /// Streams every object that the database names. Nothing is kept in memory but the current row. Runs inside the
    /// connection's current transaction, so that a transaction's snapshot is what is listed.
    /// </summary>
    /// <remarks>
    /// Rows of <c>file_data</c> and <c>user_attachments</c> that are deleted and no longer pending are tombstones whose
    /// bytes museum has already removed, so they name nothing. A row of <c>object_keys</c> that is deleted goes when its
    /// bytes go, so it is named, with <see cref="NamedObject.IsDeleted"/>.
    /// </remarks>
    /// <exception cref="DbException">The database does not answer, or the role may not read a table.</exception>
    public static IAsyncEnumerable<NamedObject> ReadAsync(DbConnection connection, CancellationToken cancellationToken) =>
        ReadAsync(connection, null, null, cancellationToken);

    /// <summary>
    /// What a live database names now for the same rows as these: an object that is not among the result, or is there with another
    /// version, is no longer named as it was. At most some thousand objects at a time.
    /// </summary>
    /// <exception cref="DbException">The database does not answer.</exception>
    public static IAsyncEnumerable<NamedObject> ReadAgainAsync(
        NpgsqlConnection connection, IReadOnlyCollection<NamedObject> objects, CancellationToken cancellationToken) =>
        ReadAsync(connection, null, new RowFilter(objects), cancellationToken);

    /// <summary>The objects of some files, at most some thousand at a time.</summary>
    /// <exception cref="DbException">The database does not answer, or the role may not read a table.</exception>
    public static IAsyncEnumerable<NamedObject> ReadFilesAsync(
        DbConnection connection, EnteCatalog catalog, IReadOnlyCollection<long> fileIds, CancellationToken cancellationToken) =>
        ReadAsync(connection, catalog, new RowFilter(fileIds), cancellationToken);

    private static async IAsyncEnumerable<NamedObject> ReadAsync(
        DbConnection connection, EnteCatalog? catalog, RowFilter? filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        catalog ??= await EnteCatalog.ReadAsync(connection, cancellationToken);
        var slots = new SlotLists();
        if (catalog.HasTable("object_keys"))
        {
            await using var command = Command(connection, ObjectKeys);
            filter?.ByFile(command, "WHERE");
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                yield return ObjectKeyRow(reader, slots);
            }
        }

        if (catalog.HasTable("file_data"))
        {
            await using var command = Command(connection, FileData(catalog));
            filter?.ByFile(command, "AND");
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                foreach (var named in FileDataRows(reader, slots))
                {
                    yield return named;
                }
            }
        }

        if (filter is not { HasAttachments: false } && catalog.HasTable("user_attachments"))
        {
            await using var command = Command(connection, Attachments);
            filter?.ByAttachment(command);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                yield return AttachmentRow(reader, slots);
            }
        }
    }

    private static DbCommand Command(DbConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    private static IEnumerable<NamedObject> FileDataRows(DbDataReader row, SlotLists slots)
    {
        if (FileDataRow(row, slots) is { } named)
        {
            yield return named;
            if (named.Kind == ObjectKind.VideoPreview)
            {
                yield return Playlist(named, row);
            }
        }
    }

    // The type is turned into a number by the database, which spares a string for each row. A type that a newer Ente
    // brings counts as a file: to call its absence a loss is the safe mistake.
    private const string ObjectKeys = """
        SELECT file_id, object_key, size, CAST(datacenters AS text), COALESCE(is_deleted, false),
            CASE CAST(o_type AS text) WHEN 'thumbnail' THEN 1 WHEN 'mldata' THEN 2 WHEN 'vid_preview' THEN 3 WHEN 'img_preview' THEN 5 ELSE 0 END
        FROM object_keys
        """;

    private const string Attachments = """
        SELECT user_id, attachment_type, attachment_id, size, CAST(latest_bucket AS text), CAST(replicated_buckets AS text), is_deleted
        FROM user_attachments WHERE (NOT is_deleted OR pending_sync)
        """;

    private static string FileData(EnteCatalog catalog) => $"""
        SELECT user_id, file_id, CAST(data_type AS text), size, CAST(latest_bucket AS text), CAST(replicated_buckets AS text),
            is_deleted, updated_at, {catalog.ColumnOr("file_data", "obj_id")}, {catalog.ColumnOr("file_data", "obj_size")}
        FROM file_data WHERE (NOT is_deleted OR pending_sync)
        """;

    private static NamedObject ObjectKeyRow(DbDataReader row, SlotLists slots)
    {
        var key = row.GetString(1);
        return new NamedObject(
            key, (ObjectKind)row.GetInt32(5), Stated(row.IsDBNull(2) ? null : row.GetInt64(2)), null, slots.Of("", row.GetString(3)),
            row.GetBoolean(4),
            ObjectKey.TryReadOwner(key, out var owner) ? owner : null, row.GetInt64(0));
    }

    private static NamedObject? FileDataRow(DbDataReader row, SlotLists slots)
    {
        var (owner, fileId, type) = (row.GetInt64(0), row.GetInt64(1), row.GetString(2));
        var key = ObjectKey.OfFileData(owner, fileId, type);
        var named = new NamedObject(
            key.ToString(), ObjectKind.MlData, row.GetInt64(3), row.GetInt64(7),
            slots.Of(row.GetString(4), row.GetString(5)), row.GetBoolean(6), owner, fileId);
        if (type is not ("vid_preview" or "img_preview"))
        {
            return named;
        }

        // A preview's key ends with an id that the row must hold; without one there is no object that could be named.
        if (row.IsDBNull(8) || row.GetString(8) is not { Length: > 0 } objectId)
        {
            return null;
        }

        // What is written once is told apart by its size. Where the row states none, its time has to serve.
        var preview = key.Upload(objectId);
        long? sizeBytes = row.IsDBNull(9) ? null : Known(row.GetInt64(9));
        return named with
        {
            Key = preview.ToString(),
            Kind = type == "vid_preview" ? ObjectKind.VideoPreview : ObjectKind.ImagePreview,
            SizeBytes = sizeBytes ?? (type == "img_preview" ? named.SizeBytes : null),
            Version = sizeBytes is null ? named.Version : null,
        };
    }

    /// <summary>The row's size is that of the media bytes and of the playlist together.</summary>
    private static NamedObject Playlist(NamedObject media, DbDataReader row) => media with
    {
        Key = ObjectKey.PlaylistOf(media.Key),
        Kind = ObjectKind.VideoPlaylist,
        SizeBytes = Known(row.GetInt64(3) - media.SizeBytes),
    };

    private static NamedObject AttachmentRow(DbDataReader row, SlotLists slots)
    {
        var owner = row.GetInt64(0);
        return new NamedObject(
            ObjectKey.OfAttachment(owner, row.GetString(1), row.GetString(2)).ToString(), ObjectKind.ProfilePicture,
            Stated(row.GetInt64(3)), null,
            slots.Of(row.GetString(4), row.GetString(5)), row.GetBoolean(6), owner, null);
    }

    // What is uploaded once has its length in its row: one that cannot be vouches for nothing, whatever the buckets hold.
    private static long Stated(long? sizeBytes) =>
        sizeBytes is > 0 and <= NamedObject.LargestBytes and var bytes ? bytes : NamedObject.Impossible;

    // A preview's row need not state one, and a length that cannot be says as little as none.
    private static long? Known(long? sizeBytes) => sizeBytes >= 0 ? sizeBytes : null;

    /// <summary>Limits the queries to the rows of some objects. For PostgreSQL alone.</summary>
    private sealed class RowFilter
    {
        private readonly long[] files;
        private readonly string[] attachments;

        public RowFilter(IReadOnlyCollection<NamedObject> objects)
        {
            files = [.. objects.Select(named => named.FileId).OfType<long>().Distinct()];
            attachments = [.. objects.Where(named => named.FileId is null)
                .Select(named => ObjectKey.TryParse(named.Key, out var key) ? key.AttachmentId : null).OfType<string>()];
        }

        public RowFilter(IReadOnlyCollection<long> fileIds) => (files, attachments) = ([.. fileIds], []);

        public bool HasAttachments => attachments.Length > 0;

        // Ids are numbers, so they can stand in the text, which both databases understand; SQLite has no arrays.
        public void ByFile(DbCommand command, string conjunction) =>
            command.CommandText += files.Length == 0 ? $" {conjunction} false" : $" {conjunction} file_id IN ({string.Join(',', files)})";

        public void ByAttachment(DbCommand command)
        {
            command.CommandText += " AND attachment_id = ANY(@attachments)";
            command.Parameters.Add(new NpgsqlParameter("attachments", attachments));
        }
    }

    /// <summary>One list for all rows with the same slots.</summary>
    private sealed class SlotLists
    {
        // There are nine slots; the limit only keeps a hostile database from growing this without end.
        private const int Limit = 1024;

        private readonly Dictionary<(string, string), SlotNames> seen = [];

        public SlotNames Of(string first, string array)
        {
            if (!seen.TryGetValue((first, array), out var slots))
            {
                slots = SlotNames.Of(first, array);
                if (seen.Count < Limit)
                {
                    seen.Add((first, array), slots);
                }
            }

            return slots;
        }
    }
}
