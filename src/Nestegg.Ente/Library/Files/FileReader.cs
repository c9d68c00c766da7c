using System.Diagnostics;
using System.Runtime.CompilerServices;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;

namespace Nestegg.Ente.Library;

/// <summary>Reads and opens files, in pages: the connection is free between two files.</summary>
internal sealed class FileReader(EnteRows rows)
{
    /// <summary>How many files are in memory at a time: about 2 MB.</summary>
    private const int PageFiles = 500;

    /// <summary>The files of a page by their ids, without their rows yet.</summary>
    private delegate Task<SortedDictionary<long, FileRows>> ReadPage(long after, CancellationToken cancellationToken);

    /// <inheritdoc cref="LibraryReader.FilesAsync"/>
    internal IAsyncEnumerable<LibraryFile> ReadAsync(long userId, IReadOnlyCollection<Album> albums, CancellationToken cancellationToken)
    {
        var byId = albums.ToDictionary(album => album.Id);
        return PagesAsync(userId, (after, token) => AlbumsPageAsync(byId, after, token), cancellationToken);
    }

    /// <inheritdoc cref="LibraryReader.TrashAsync"/>
    internal IAsyncEnumerable<LibraryFile> ReadTrashAsync(
        long userId, IReadOnlyCollection<Album> albums, CancellationToken cancellationToken)
    {
        var byId = albums.ToDictionary(album => album.Id);
        return PagesAsync(userId, (after, token) => TrashPageAsync(userId, byId, after, token), cancellationToken);
    }

    /// <inheritdoc cref="LibraryReader.CountFilesAsync"/>
    internal async Task<FileTotals> CountAsync(long userId, IReadOnlyCollection<Album> albums, CancellationToken cancellationToken)
    {
        var ids = $"SELECT file_id FROM collection_files WHERE {InAlbums(albums.Select(album => album.Id))}";
        ids += rows.Catalog.HasTable("trash")
            ? $" UNION SELECT file_id FROM trash WHERE user_id = {userId} AND NOT is_deleted AND NOT is_restored"
            : "";
        var totals = $"""
            WITH ids AS ({ids}) SELECT (SELECT COUNT(DISTINCT file_id) FROM ids),
                (SELECT CAST(COALESCE(SUM(size), 0) AS bigint) FROM object_keys
                WHERE NOT COALESCE(is_deleted, false) AND size BETWEEN 1 AND {NamedObject.LargestBytes} AND file_id IN (SELECT file_id FROM ids))
            """;
        await foreach (var row in rows.ReadAsync(totals, cancellationToken))
        {
            return new FileTotals(row.GetInt64(0), row.GetInt64(1));
        }

        return default;
    }

    // Ids are numbers, so they can stand in the text; a list of none is not SQL to PostgreSQL.
    private static string InAlbums(IEnumerable<long> ids) =>
        $"collection_id IN ({(string.Join(',', ids) is { Length: > 0 } list ? list : "NULL")}) AND NOT COALESCE(is_deleted, false)";

    private async IAsyncEnumerable<LibraryFile> PagesAsync(
        long userId, ReadPage read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var after = long.MinValue; ;)
        {
            var page = await read(after, cancellationToken);
            Debug.Assert(page.Count <= PageFiles, "A page holds what fits into memory.");
            Debug.Assert(page.Count == 0 || page.Keys.First() > after, "Each page begins behind the one before, so the last comes.");
            if (page.Count > 0)
            {
                await AddRowsAsync(page, cancellationToken);
            }

            foreach (var file in page.Values)
            {
                yield return file.Open(userId);
            }

            if (page.Count < PageFiles)
            {
                yield break;
            }

            after = page.Keys.Last();
        }
    }

    private async Task<SortedDictionary<long, FileRows>> AlbumsPageAsync(
        Dictionary<long, Album> albums, long after, CancellationToken cancellationToken)
    {
        var page = new SortedDictionary<long, FileRows>();
        var inAlbums = InAlbums(albums.Keys);
        var ids =
            $"SELECT DISTINCT file_id FROM collection_files WHERE {inAlbums} AND file_id > {after} ORDER BY file_id LIMIT {PageFiles}";
        await foreach (var row in rows.ReadAsync(ids, cancellationToken))
        {
            page.Add(row.GetInt64(0), new FileRows(row.GetInt64(0)));
        }

        if (page.Count == 0)
        {
            return page;
        }

        var memberships = $"""
            SELECT file_id, collection_id, encrypted_key, key_decryption_nonce FROM collection_files
            WHERE {inAlbums} AND file_id IN ({string.Join(',', page.Keys)}) ORDER BY collection_id
            """;
        await foreach (var row in rows.ReadAsync(memberships, cancellationToken))
        {
            page[row.GetInt64(0)].Memberships.Add((albums[row.GetInt64(1)], WrappedKey.Read(row.Text(2), row.Text(3))));
        }

        return page;
    }

    private async Task<SortedDictionary<long, FileRows>> TrashPageAsync(
        long userId, Dictionary<long, Album> albums, long after, CancellationToken cancellationToken)
    {
        var page = new SortedDictionary<long, FileRows>();
        if (!rows.Catalog.HasTable("trash"))
        {
            return page;
        }

        var trashed = $"""
            SELECT t.file_id, t.delete_by, t.collection_id, cf.encrypted_key, cf.key_decryption_nonce
            FROM trash t LEFT JOIN collection_files cf ON cf.file_id = t.file_id AND cf.collection_id = t.collection_id
            WHERE t.user_id = {userId} AND NOT t.is_deleted AND NOT t.is_restored AND t.file_id > {after} ORDER BY t.file_id LIMIT {PageFiles}
            """;
        await foreach (var row in rows.ReadAsync(trashed, cancellationToken))
        {
            var file = new FileRows(row.GetInt64(0)) { TrashedUntil = row.Integer(1) ?? 0 };
            if (albums.TryGetValue(row.GetInt64(2), out var album))
            {
                file.Memberships.Add((album, WrappedKey.Read(row.Text(3), row.Text(4))));
            }

            page.Add(row.GetInt64(0), file);
        }

        return page;
    }

    private async Task AddRowsAsync(SortedDictionary<long, FileRows> page, CancellationToken cancellationToken)
    {
        var inPage = $"file_id IN ({string.Join(',', page.Keys)})";
        var files = $"""
            SELECT file_id, owner_id, file_decryption_header, thumbnail_decryption_header, encrypted_metadata, metadata_decryption_header,
                CAST(magic_metadata AS text), CAST(pub_magic_metadata AS text), updation_time FROM files WHERE {inPage}
            """;
        await foreach (var row in rows.ReadAsync(files, cancellationToken))
        {
            page[row.GetInt64(0)].Row = new FileRow(
                row.GetInt64(1), row.Text(2) ?? "", row.Text(3) ?? "", row.Text(4) ?? "", row.Text(5) ?? "", row.Text(6),
                row.Text(7), row.Integer(8) ?? 0);
        }

        await foreach (var named in NamedObjects.ReadFilesAsync(rows.Connection, rows.Catalog, page.Keys, cancellationToken))
        {
            page[named.FileId!.Value].Objects.Add(named);
        }

        if (rows.Catalog.HasColumn("file_data", "obj_nonce"))
        {
            var headers =
                $"SELECT file_id, obj_nonce FROM file_data WHERE {inPage} AND obj_nonce IS NOT NULL AND CAST(data_type AS text) = "
                + $"'img_preview' AND NOT is_deleted";
            await foreach (var row in rows.ReadAsync(headers, cancellationToken))
            {
                page[row.GetInt64(0)].ImagePreviewHeader = row.Text(1);
            }
        }
    }
}
