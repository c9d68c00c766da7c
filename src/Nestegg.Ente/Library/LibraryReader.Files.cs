using System.Runtime.CompilerServices;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;

namespace Nestegg.Ente.Library;

public sealed partial class LibraryReader
{
    /// <summary>How many files are in memory at a time: about 2 MB.</summary>
    private const int PageFiles = 500;

    /// <summary>
    /// The files of some albums, by id, each once with those of the albums that it is in. Reads in pages of 500 and holds one page;
    /// the connection is free between two files. The caller disposes each file.
    /// </summary>
    /// <param name="userId">Who looks: what only an owner may know is given to the owner.</param>
    /// <param name="albums">From <see cref="AlbumsAsync"/>.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public async IAsyncEnumerable<LibraryFile> FilesAsync(
        long userId, IReadOnlyCollection<Album> albums, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(albums);
        if (albums.Count == 0)
        {
            yield break;
        }

        var byId = albums.ToDictionary(album => album.Id);
        var inAlbums = $"collection_id IN ({string.Join(',', byId.Keys)}) AND NOT COALESCE(is_deleted, false)";
        for (var after = long.MinValue; ;)
        {
            var page = new SortedDictionary<long, FileRows>();
            var ids = $"SELECT DISTINCT file_id FROM collection_files WHERE {inAlbums} AND file_id > {after} ORDER BY file_id LIMIT {PageFiles}";
            await foreach (var row in RowsAsync(ids, cancellationToken))
            {
                page.Add(row.GetInt64(0), new FileRows(row.GetInt64(0)));
            }

            await AddMembershipsAsync(page, byId, inAlbums, cancellationToken);
            await foreach (var file in OpenPageAsync(userId, page, cancellationToken))
            {
                yield return file;
            }

            if (page.Count < PageFiles)
            {
                yield break;
            }

            after = page.Keys.Last();
        }
    }

    /// <summary>The files in a person's trash, by id, as <see cref="FilesAsync"/> gives files. Those deleted for good are not among them.</summary>
    /// <param name="userId">The person.</param>
    /// <param name="albums">All of the person's albums, the deleted ones too: their keys open what was in them.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public async IAsyncEnumerable<LibraryFile> TrashAsync(
        long userId, IReadOnlyCollection<Album> albums, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(albums);
        if (!Catalog.HasTable("trash"))
        {
            yield break;
        }

        var byId = albums.ToDictionary(album => album.Id);
        for (var after = long.MinValue; ;)
        {
            var page = new SortedDictionary<long, FileRows>();
            var trashed = $"""
                SELECT t.file_id, t.delete_by, t.collection_id, cf.encrypted_key, cf.key_decryption_nonce
                FROM trash t LEFT JOIN collection_files cf ON cf.file_id = t.file_id AND cf.collection_id = t.collection_id
                WHERE t.user_id = {userId} AND NOT t.is_deleted AND NOT t.is_restored AND t.file_id > {after} ORDER BY t.file_id LIMIT {PageFiles}
                """;
            await foreach (var row in RowsAsync(trashed, cancellationToken))
            {
                var file = new FileRows(row.GetInt64(0)) { TrashedUntil = row.Integer(1) ?? 0 };
                if (byId.TryGetValue(row.GetInt64(2), out var album))
                {
                    file.Memberships.Add((album, WrappedKey.Read(row.Text(3), row.Text(4))));
                }

                page.Add(row.GetInt64(0), file);
            }

            await foreach (var file in OpenPageAsync(userId, page, cancellationToken))
            {
                yield return file;
            }

            if (page.Count < PageFiles)
            {
                yield break;
            }

            after = page.Keys.Last();
        }
    }

    private async Task AddMembershipsAsync(
        SortedDictionary<long, FileRows> page, Dictionary<long, Album> albums, string inAlbums, CancellationToken cancellationToken)
    {
        if (page.Count == 0)
        {
            return;
        }

        var memberships = $"SELECT file_id, collection_id, encrypted_key, key_decryption_nonce FROM collection_files WHERE {inAlbums} AND file_id IN ({string.Join(',', page.Keys)}) ORDER BY collection_id";
        await foreach (var row in RowsAsync(memberships, cancellationToken))
        {
            page[row.GetInt64(0)].Memberships.Add((albums[row.GetInt64(1)], WrappedKey.Read(row.Text(2), row.Text(3))));
        }
    }

    private async IAsyncEnumerable<LibraryFile> OpenPageAsync(
        long userId, SortedDictionary<long, FileRows> page, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (page.Count == 0)
        {
            yield break;
        }

        var inPage = $"file_id IN ({string.Join(',', page.Keys)})";
        var files = $"""
            SELECT file_id, owner_id, file_decryption_header, thumbnail_decryption_header, encrypted_metadata, metadata_decryption_header,
                CAST(magic_metadata AS text), CAST(pub_magic_metadata AS text), updation_time FROM files WHERE {inPage}
            """;
        await foreach (var row in RowsAsync(files, cancellationToken))
        {
            page[row.GetInt64(0)].Row = new FileRow(
                row.GetInt64(1), row.Text(2) ?? "", row.Text(3) ?? "", row.Text(4) ?? "", row.Text(5) ?? "", row.Text(6), row.Text(7), row.Integer(8) ?? 0);
        }

        await foreach (var named in NamedObjects.ReadFilesAsync(_connection, Catalog, page.Keys, cancellationToken))
        {
            page[named.FileId!.Value].Objects.Add(named);
        }

        if (Catalog.HasColumn("file_data", "obj_nonce"))
        {
            var headers = $"SELECT file_id, obj_nonce FROM file_data WHERE {inPage} AND obj_nonce IS NOT NULL AND CAST(data_type AS text) = 'img_preview' AND NOT is_deleted";
            await foreach (var row in RowsAsync(headers, cancellationToken))
            {
                page[row.GetInt64(0)].ImagePreviewHeader = row.Text(1);
            }
        }

        foreach (var rows in page.Values)
        {
            yield return rows.Open(userId);
        }
    }
}
