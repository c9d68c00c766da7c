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
            await using var command = connection.CreateCommand();
            command.CommandText = ObjectKeys;
            filter?.ByFile(command, "WHERE");
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                yield return ObjectKey(reader, slots);
            }
        }

        if (catalog.HasTable("file_data"))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = FileData(catalog);
            filter?.ByFile(command, "AND");
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (FileDataObject(reader, slots) is { } named)
                {
                    yield return named;
                    if (named.Kind == ObjectKind.VideoPreview)
                    {
                        yield return Playlist(named, reader);
                    }
                }
            }
        }

        if (filter is not { HasAttachments: false } && catalog.HasTable("user_attachments"))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = Attachments;
            filter?.ByAttachment(command);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                yield return Attachment(reader, slots);
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

    private static NamedObject ObjectKey(DbDataReader row, SlotLists slots)
    {
        var key = row.GetString(1);
        var slash = key.IndexOf('/');
        _ = long.TryParse(key.AsSpan(0, Math.Max(slash, 0)), NumberStyles.None, CultureInfo.InvariantCulture, out var owner);
        return new NamedObject(
            key, (ObjectKind)row.GetInt32(5), row.GetInt64(2), 0, slots.Of(row.GetString(3)), row.GetBoolean(4), owner, row.GetInt64(0));
    }

    private static NamedObject? FileDataObject(DbDataReader row, SlotLists slots)
    {
        var (owner, fileId, type) = (row.GetInt64(0), row.GetInt64(1), row.GetString(2));
        var named = new NamedObject(
            $"{owner}/file-data/{fileId}/{type}", ObjectKind.MlData, row.GetInt64(3), row.GetInt64(7),
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
        var sizeBytes = row.IsDBNull(9) ? -1 : row.GetInt64(9);
        var version = sizeBytes < 0 ? named.Version : 0;
        return type == "vid_preview"
            ? named with { Key = $"{named.Key}/{objectId}", Kind = ObjectKind.VideoPreview, SizeBytes = sizeBytes, Version = version }
            : named with { Key = $"{named.Key}/{objectId}", Kind = ObjectKind.ImagePreview, SizeBytes = sizeBytes < 0 ? named.SizeBytes : sizeBytes, Version = version };
    }

    /// <summary>The row's size is that of the media bytes and of the playlist together.</summary>
    private static NamedObject Playlist(NamedObject media, DbDataReader row) => media with
    {
        Key = media.Key + "_playlist",
        Kind = ObjectKind.VideoPlaylist,
        SizeBytes = media.SizeBytes < 0 ? -1 : Math.Max(row.GetInt64(3) - media.SizeBytes, -1),
    };

    private static NamedObject Attachment(DbDataReader row, SlotLists slots)
    {
        var owner = row.GetInt64(0);
        return new NamedObject(
            $"{owner}/user-attachments/{row.GetString(1)}/{row.GetString(2)}", ObjectKind.ProfilePicture, row.GetInt64(3), 0,
            slots.Of(row.GetString(4), row.GetString(5)), row.GetBoolean(6), owner, 0);
    }

    /// <summary>Limits the queries to the rows of some objects. For PostgreSQL alone.</summary>
    private sealed class RowFilter
    {
        private readonly long[] _files;
        private readonly string[] _attachments;

        public RowFilter(IReadOnlyCollection<NamedObject> objects)
        {
            _files = [.. objects.Where(named => named.FileId != 0).Select(named => named.FileId).Distinct()];
            _attachments = [.. objects.Where(named => named.FileId == 0).Select(named => named.Key[(named.Key.LastIndexOf('/') + 1)..])];
        }

        public RowFilter(IReadOnlyCollection<long> fileIds) => (_files, _attachments) = ([.. fileIds], []);

        public bool HasAttachments => _attachments.Length > 0;

        // Ids are numbers, so they can stand in the text, which both databases understand; SQLite has no arrays.
        public void ByFile(DbCommand command, string conjunction) =>
            command.CommandText += _files.Length == 0 ? $" {conjunction} false" : $" {conjunction} file_id IN ({string.Join(',', _files)})";

        public void ByAttachment(DbCommand command)
        {
            command.CommandText += " AND attachment_id = ANY(@attachments)";
            command.Parameters.Add(new NpgsqlParameter("attachments", _attachments));
        }
    }

    /// <summary>Turns PostgreSQL's array text into a list with commas, one string for all rows with the same slots.</summary>
    private sealed class SlotLists
    {
        // There are nine slots; the limit only keeps a hostile database from growing this without end.
        private const int Limit = 1024;

        private readonly Dictionary<(string, string), string> _seen = [];

        public string Of(string array) => Of("", array);

        public string Of(string first, string array)
        {
            if (_seen.TryGetValue((first, array), out var known))
            {
                return known;
            }

            var others = array.Trim('{', '}').Split(',', StringSplitOptions.RemoveEmptyEntries).Select(slot => slot.Trim('"'));
            var list = string.Join(',', others.Prepend(first).Where(slot => slot.Length > 0).Distinct(StringComparer.Ordinal));
            if (_seen.Count < Limit)
            {
                _seen.Add((first, array), list);
            }

            return list;
        }
    }
}
