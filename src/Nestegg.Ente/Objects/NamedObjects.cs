using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using Nestegg.Ente.Database;

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
    public static async IAsyncEnumerable<NamedObject> ReadAsync(
        DbConnection connection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var catalog = await EnteCatalog.ReadAsync(connection, cancellationToken);
        var slots = new SlotLists();
        if (catalog.HasTable("object_keys"))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = ObjectKeys;
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

        if (catalog.HasTable("user_attachments"))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = Attachments;
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
        FROM user_attachments WHERE NOT is_deleted OR pending_sync
        """;

    private static string FileData(EnteCatalog catalog) => $"""
        SELECT user_id, file_id, CAST(data_type AS text), size, CAST(latest_bucket AS text), CAST(replicated_buckets AS text),
            is_deleted, updated_at, {catalog.ColumnOr("file_data", "obj_id")}, {catalog.ColumnOr("file_data", "obj_size")}
        FROM file_data WHERE NOT is_deleted OR pending_sync
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

        var sizeBytes = row.IsDBNull(9) ? -1 : row.GetInt64(9);
        return type == "vid_preview"
            ? named with { Key = $"{named.Key}/{objectId}", Kind = ObjectKind.VideoPreview, SizeBytes = sizeBytes, Version = 0 }
            : named with { Key = $"{named.Key}/{objectId}", Kind = ObjectKind.ImagePreview, SizeBytes = sizeBytes < 0 ? named.SizeBytes : sizeBytes, Version = 0 };
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
