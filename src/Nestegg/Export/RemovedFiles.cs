using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>What the folder holds and the library no longer has: left where it is, or moved into <c>Removed/</c> when that was asked for.</summary>
internal sealed class RemovedFiles(ExportFolder folder, ExportState state, FilePlacement placement, ExportOptions options, ExportSummary summary)
{
    private const int PageFiles = 1000;

    /// <param name="albums">All that the account has; those that were not exported this time are not gone.</param>
    /// <param name="exported">Those that were gone through to their end.</param>
    /// <param name="cancellationToken">Stops between files.</param>
    internal async Task GoThroughAsync(IReadOnlyList<Album> albums, IEnumerable<ExportTarget> exported, CancellationToken cancellationToken)
    {
        foreach (var target in exported)
        {
            await GoThroughAsync(target, cancellationToken);
        }

        var living = albums.Where(album => !album.IsDeleted).Select(album => album.Id).Append(AlbumFolders.TrashId).ToHashSet();
        foreach (var id in (await state.UnseenAlbumsAsync(cancellationToken)).Where(id => !living.Contains(id)))
        {
            await AlbumAsync(id, cancellationToken);
        }
    }

    private async Task AlbumAsync(long id, CancellationToken cancellationToken)
    {
        var path = folder.PathOf((await state.AlbumAsync(id, cancellationToken))!.Folder);
        var files = await state.CountFilesAsync(id, cancellationToken);
        if (options.MoveRemoved && Directory.Exists(path))
        {
            folder.MoveAside(path);
            await state.ForgetAlbumAsync(id, cancellationToken);
            summary.MovedAside += files;
        }
        else
        {
            summary.RemovedUpstream += files;
        }
    }

    private async Task GoThroughAsync(ExportTarget target, CancellationToken cancellationToken)
    {
        List<long> unseen;
        for (var after = long.MinValue; (unseen = await state.UnseenFilesAsync(target.Album, after, PageFiles, cancellationToken)).Count > 0; after = unseen[^1])
        {
            foreach (var file in unseen)
            {
                if (options.MoveRemoved)
                {
                    await placement.RemoveAsync(target, file, cancellationToken);
                    summary.MovedAside++;
                }
                else
                {
                    summary.RemovedUpstream++;
                }
            }
        }
    }
}
