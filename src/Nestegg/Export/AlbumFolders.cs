using System.Diagnostics;
using System.Globalization;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>Gives each album its folder: its name, made unique, kept from run to run, changed when the album is renamed.</summary>
internal sealed class AlbumFolders(ExportFolder folder, ExportState state, ExportSummary summary)
{
    internal const long TrashId = 0;
    internal const string TrashName = "Trash";
    internal const string LockerFolder = "Locker";
    internal const string AuthFile = "ente_auth.txt";

    // Names in the root that no album gets, because other things go there.
    private static readonly HashSet<string> Reserved = new[]
    {
        ExportFolder.OwnFolder, ExportFolder.RemovedFolder, LockerFolder, TrashName, AuthFile,
    }.Select(ExportName.Fold).ToHashSet(StringComparer.Ordinal);

    internal async Task<ExportTarget> PrepareAsync(Album album, long accountId, CancellationToken cancellationToken)
    {
        var prefix = album.App == "locker" ? LockerFolder + "/" : "";
        var chosen = await ChooseAsync(album.Id, album.Name, prefix, cancellationToken);
        await folder.WriteOwnAsync(
            folder.PathOf(chosen, Sidecar.FolderName, Sidecar.AlbumFile), Sidecar.OfAlbum(album.Id, album.OwnerId, album.Name, accountId),
            cancellationToken);
        return new ExportTarget(album.Id, chosen);
    }

    internal async Task<ExportTarget> PrepareTrashAsync(long accountId, CancellationToken cancellationToken)
    {
        state.PutAlbum(TrashId, new ExportedAlbum(TrashName, TrashName));
        await folder.WriteOwnAsync(
            folder.PathOf(TrashName, Sidecar.FolderName, Sidecar.AlbumFile), Sidecar.OfAlbum(TrashId, accountId, TrashName, accountId),
            cancellationToken);
        return new ExportTarget(TrashId, TrashName);
    }

    private async Task<string> ChooseAsync(long id, string name, string prefix, CancellationToken cancellationToken)
    {
        var known = state.Album(id);
        Debug.Assert(id != TrashId, "The trash has its folder without choosing.");
        if (known is not null && known.Name == name && !ExportFolder.IsLink(folder.PathOf(known.Folder)))
        {
            folder.MakeFolder(folder.PathOf(known.Folder));
            state.PutAlbum(id, known);
            return known.Folder;
        }

        var stem = folder.Names.Folder(name);
        for (var number = 0; ; number++)
        {
            var candidate = prefix + folder.Names.Numbered(stem, "", number);
            var isOwn = known is not null && ExportName.Fold(known.Folder) == ExportName.Fold(candidate);
            var (from, to) = (known is null ? null : folder.PathOf(known.Folder), folder.PathOf(candidate));
            if (ExportFolder.IsLink(to) || (!isOwn && !await IsFreeAsync(id, candidate, prefix.Length == 0, cancellationToken)))
            {
                continue;
            }

            if (from is not null && Directory.Exists(from) && !ExportFolder.IsLink(from) && from != to)
            {
                folder.MakeFolder(Path.GetDirectoryName(to)!);
                Directory.Move(from, to);
                summary.Renamed++;
            }

            folder.MakeFolder(to);
            state.PutAlbum(id, new ExportedAlbum(candidate, name));
            return candidate;
        }
    }

    // A folder that is there and not in our record belongs to somebody else, unless its own record says that it is this album's.
    private async Task<bool> IsFreeAsync(long id, string candidate, bool isInRoot, CancellationToken cancellationToken)
    {
        if ((isInRoot && Reserved.Contains(ExportName.Fold(candidate))) || state.IsFolderTaken(candidate))
        {
            return false;
        }

        var path = folder.PathOf(candidate);
        return !ExportFolder.Exists(path) || IsEmpty(path) || await Sidecar.AlbumIdAsync(path, cancellationToken) == id;
    }

    // A run that ends between making the folder and writing its record leaves this: there is nothing in it that could be anybody's.
    private static bool IsEmpty(string path) => Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).All(
        entry => Path.GetFileName(entry) == Sidecar.FolderName && !ExportFolder.IsLink(entry)
            && Directory.Exists(entry) && !Directory.EnumerateFileSystemEntries(entry).Any());

    /// <summary>
    /// Puts into the record what the sidecars on disk say and the record does not: after it was lost, or a run was cut off.
    /// </summary>
    internal async Task RebuildAsync(CancellationToken cancellationToken)
    {
        foreach (var parent in new[] { "", LockerFolder })
        {
            var path = Path.Combine(folder.Root, parent);
            foreach (var album in Directory.Exists(path)
                ? Directory.EnumerateDirectories(path).Where(album => !ExportFolder.IsLink(album))
                : [])
            {
                var relative = (parent.Length == 0 ? "" : parent + "/") + Path.GetFileName(album);
                if (await Sidecar.AlbumIdAsync(album, cancellationToken) is { } id)
                {
                    await RebuildAsync(id, album, relative, cancellationToken);
                }
            }
        }
    }

    private async Task RebuildAsync(long id, string path, string relative, CancellationToken cancellationToken)
    {
        if (state.Album(id) is { } known)
        {
            // The folder that the record names is the album's; another with the same id is a copy that somebody made.
            if (known.Folder != relative)
            {
                return;
            }
        }
        else
        {
            // The name is not believed: it is compared with the album's own, and the folder follows that.
            state.PutAlbum(id, new ExportedAlbum(relative, ""));
        }

        foreach (var sidecar in Directory.EnumerateFiles(Path.Combine(path, Sidecar.FolderName), "*" + Sidecar.Extension))
        {
            if (await Sidecar.FileAsync(sidecar, cancellationToken) is { } found && state.File(id, found.FileId) is null)
            {
                RebuildFile(id, path, Path.GetFileName(sidecar), found);
            }
        }
    }

    private void RebuildFile(long album, string path, string sidecar, (long FileId, string Title, string[] Names) found)
    {
        // Whoever can write into the folder can write a sidecar: a name that is a path is not one of ours, nor is a third.
        var present = found.Names
            .Where(name => name == Path.GetFileName(name) && name is not ("" or "." or "..") && File.Exists(Path.Combine(path, name)))
            .Take(2);
        state.PutFile(album, found.FileId, new ExportedFile(null, found.Title, sidecar));
        foreach (var (part, name) in present.Index())
        {
            if (!state.IsNameTaken(album, name, found.FileId))
            {
                state.PutName(album, found.FileId, new ExportedName(name, (FilePart)part, Written: null));
            }
        }
    }
}
