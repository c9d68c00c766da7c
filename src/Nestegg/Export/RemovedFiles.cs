using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>
/// What the folder holds and the library no longer has: left where it is, or moved into <c>Removed/</c> when that was asked for.
/// </summary>
internal sealed class RemovedFiles(ExportFolder folder, ExportState state, ExportOptions options, ExportSummary summary)
{
    private const int PageFiles = 1000;

    /// <param name="albums">All that the account has; those that were not exported this time are not gone.</param>
    /// <param name="exported">Those that were gone through to their end.</param>
    /// <param name="cancellationToken">Stops between files.</param>
    internal void GoThrough(IReadOnlyList<Album> albums, IEnumerable<ExportTarget> exported, CancellationToken cancellationToken)
    {
        foreach (var target in exported)
        {
            GoThrough(target, cancellationToken);
        }

        var living = albums.Where(album => !album.IsDeleted).Select(album => album.Id).Append(AlbumFolders.TrashId).ToHashSet();
        foreach (var id in state.UnseenAlbums().Where(id => !living.Contains(id)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Album(id);
        }
    }

    private void Album(long id)
    {
        var path = folder.PathOf(state.Album(id)!.Folder);
        var files = state.CountFiles(id);
        if (options.MoveRemoved && Directory.Exists(path))
        {
            folder.MoveAside(path);
            state.ForgetAlbum(id);
            summary.MovedAside += files;
        }
        else
        {
            summary.RemovedUpstream += files;
        }
    }

    private void GoThrough(ExportTarget target, CancellationToken cancellationToken)
    {
        List<long> unseen;
        for (var after = long.MinValue; (unseen = state.UnseenFiles(target.Album, after, PageFiles)).Count > 0; after = unseen[^1])
        {
            foreach (var file in unseen)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (options.MoveRemoved)
                {
                    MoveAside(target, file);
                    summary.MovedAside++;
                }
                else
                {
                    summary.RemovedUpstream++;
                }
            }
        }
    }

    private void MoveAside(ExportTarget target, long file)
    {
        var paths = state.Names(target.Album, file).ConvertAll(name => folder.PathOf(target.Folder, name.Name));
        if (state.File(target.Album, file) is { } known)
        {
            paths.Add(folder.PathOf(target.Folder, Sidecar.FolderName, known.SidecarName));
        }

        foreach (var path in paths.Where(File.Exists))
        {
            folder.MoveAside(path);
        }

        state.ForgetFile(target.Album, file);
    }
}
