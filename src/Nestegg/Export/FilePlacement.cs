using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>
/// Gives finished content its names in the folders of its albums, and writes what describes it. Called for one file after another, in the
/// order of their ids, so that the same library always gets the same names.
/// </summary>
internal sealed class FilePlacement(ExportFolder folder, ExportState state, ExportName names, ExportOptions options, ExportSummary summary)
{
    private const int XmpPart = 9;

    /// <summary>Whether a file is in an album's folder as it should be.</summary>
    /// <param name="stamp">What its content has to be.</param>
    internal async Task<bool> IsRightAsync(ExportTarget target, LibraryFile file, string stamp, CancellationToken cancellationToken)
    {
        var known = state.File(target.Album, file.Id);
        var parts = Names(target.Album, file.Id);
        if (known is null || parts.Count == 0 || (known.Stamp ?? stamp) != stamp)
        {
            return false;
        }

        var paths = parts.ConvertAll(part => folder.PathOf(target.Folder, part.Name));
        if (paths.Exists(ExportFolder.IsLink))
        {
            return false;
        }

        var asWritten = paths.Zip(parts).All(pair => FileComparison.IsAsWritten(pair.First, pair.Second));
        if (known.Stamp is not null && (asWritten ? !options.Rehash : !paths.All(File.Exists)))
        {
            return asWritten;
        }

        // Rebuilt from sidecars, touched by somebody, or asked to look: only the hash can tell.
        if (!paths.All(File.Exists) || !await FileComparison.HasRecordedHashAsync(file, paths, cancellationToken))
        {
            return false;
        }

        for (var i = 0; i < parts.Count; i++)
        {
            ExportFolder.SetTime(paths[i], Modified(file));
            state.PutName(target.Album, file.Id, ExportFolder.Recorded(paths[i], parts[i].Part));
        }

        state.PutFile(target.Album, file.Id, known with { Stamp = stamp });
        return true;
    }

    /// <summary>A file's parts in a folder where it is right.</summary>
    internal List<FetchedPart> Parts(ExportTarget target, LibraryFile file)
    {
        // Names on disk carry the extensions that the parts got; of a plain file, the title's own may have been edited since.
        var names = Names(target.Album, file.Id);
        var ownExtension = names.Count > 1 || file.Type == FileType.LivePhoto;
        return names.ConvertAll(part => new FetchedPart(folder.PathOf(target.Folder, part.Name), ownExtension ? Path.GetExtension(part.Name) : null, IsTemporary: false));
    }

    /// <summary>Puts a file into an album's folder and describes it there.</summary>
    /// <param name="target">The album.</param>
    /// <param name="file">The file.</param>
    /// <param name="stamp">What its content is.</param>
    /// <param name="sources">Where the content is, part by part; a temporary file that was given a name is replaced by that.</param>
    /// <param name="isRight">Its content is there already; only its names may have to follow.</param>
    /// <param name="cancellationToken">Stops between files.</param>
    internal async Task PlaceAsync(
        ExportTarget target, LibraryFile file, string stamp, List<FetchedPart> sources, bool isRight, CancellationToken cancellationToken)
    {
        var title = AlbumFolders.Title(file);
        var known = state.File(target.Album, file.Id);
        var old = Names(target.Album, file.Id);
        var isRenamed = known?.Title != title || old.Count != sources.Count;
        var chosen = isRenamed ? await ChooseAsync(target, file.Id, title, sources, old, cancellationToken) : old.ConvertAll(part => part.Name);
        for (var part = 0; part < sources.Count; part++)
        {
            var path = folder.PathOf(target.Folder, chosen[part]);
            var oldPath = part < old.Count ? folder.PathOf(target.Folder, old[part].Name) : null;
            await PlacePartAsync(sources, part, oldPath, path, isRight, file, cancellationToken);
        }

        foreach (var left in old.Skip(sources.Count).Select(part => folder.PathOf(target.Folder, part.Name)).Where(File.Exists))
        {
            folder.MoveAside(left);
        }

        var xmp = state.Names(target.Album, file.Id).Find(name => name.Part == XmpPart);
        state.ForgetNames(target.Album, file.Id);
        for (var part = 0; part < chosen.Count; part++)
        {
            state.PutName(target.Album, file.Id, ExportFolder.Recorded(folder.PathOf(target.Folder, chosen[part]), part));
        }

        await DescribeAsync(target, file, stamp, title, known, chosen, cancellationToken);
        if (options.Xmp && file.Type is FileType.Image or FileType.Video or FileType.LivePhoto)
        {
            await WriteXmpAsync(target, file, title, chosen[0], xmp, cancellationToken);
        }
    }

    /// <summary>Moves everything of a file that is no longer in an album aside.</summary>
    internal void Remove(ExportTarget target, long file)
    {
        foreach (var name in state.Names(target.Album, file))
        {
            MoveAsideIfThere(folder.PathOf(target.Folder, name.Name));
        }

        if (state.File(target.Album, file) is { } known)
        {
            MoveAsideIfThere(folder.PathOf(target.Folder, Sidecar.FolderName, known.SidecarName));
        }

        state.ForgetFile(target.Album, file);
    }

    private void MoveAsideIfThere(string path)
    {
        if (File.Exists(path))
        {
            folder.MoveAside(path);
        }
    }

    private List<ExportedName> Names(long album, long file) => state.Names(album, file).FindAll(name => name.Part != XmpPart);

    private async Task PlacePartAsync(
        List<FetchedPart> sources, int part, string? oldPath, string path, bool isRight, LibraryFile file, CancellationToken cancellationToken)
    {
        var source = sources[part].Path;
        if (oldPath is not null && ExportFolder.Exists(oldPath))
        {
            if (isRight || (!ExportFolder.IsLink(oldPath) && await FileComparison.HaveSameContentAsync(oldPath, source, cancellationToken)))
            {
                if (oldPath != path)
                {
                    Rename(oldPath, path);
                    summary.Renamed++;
                    sources[part] = source == oldPath ? sources[part] with { Path = path } : sources[part];
                }

                ExportFolder.SetTime(path, isRight ? null : Modified(file));
                return;
            }

            // Edited upstream, or changed here: the old bytes are nobody's to delete.
            folder.MoveAside(oldPath);
        }

        if (File.Exists(path))
        {
            // The name was chosen because the same bytes are there: an earlier run was cut off before it could record them.
            ExportFolder.SetTime(path, Modified(file));
        }
        else if (sources[part].IsTemporary)
        {
            ExportFolder.Place(source, path, Modified(file));
        }
        else
        {
            folder.Link(source, path, options.Copies);
            summary.Linked += part == 0 ? 1 : 0;
        }

        sources[part] = sources[part] with { Path = path, IsTemporary = false };
    }

    private void Rename(string oldPath, string path)
    {
        // Where only the case changes, some file systems find the file itself under its new name.
        if (ExportName.Fold(oldPath) != ExportName.Fold(path) && File.Exists(path))
        {
            // The name was chosen because the same bytes are there.
            folder.MoveAside(oldPath);
            return;
        }

        File.Move(oldPath, path);
    }

    // One number for all parts, so that picture and video keep one name.
    private async Task<List<string>> ChooseAsync(
        ExportTarget target, long file, string title, List<FetchedPart> sources, List<ExportedName> old, CancellationToken cancellationToken)
    {
        var (stem, titleExtension) = ExportName.Split(title);
        for (var number = 0; ; number++)
        {
            var chosen = new List<string>();
            foreach (var source in sources)
            {
                var extension = source.Extension ?? titleExtension;
                var name = names.Numbered(stem, extension, number);
                if (chosen.Exists(other => ExportName.Fold(other) == ExportName.Fold(name)))
                {
                    // A live photo whose parts have the same extension, or none.
                    name = names.Numbered(stem + "_video", extension, number);
                }

                if (!await IsFreeAsync(target, file, name, source.Path, old, cancellationToken))
                {
                    break;
                }

                chosen.Add(name);
            }

            if (chosen.Count == sources.Count)
            {
                return chosen;
            }
        }
    }

    private async Task<bool> IsFreeAsync(ExportTarget target, long file, string name, string source, List<ExportedName> old, CancellationToken cancellationToken)
    {
        if (name is Sidecar.FolderName || state.IsNameTaken(target.Album, name, file))
        {
            return false;
        }

        var path = folder.PathOf(target.Folder, name);
        return !ExportFolder.Exists(path)
            || (!ExportFolder.IsLink(path) && await IsSameAsync(path, name, source, old, cancellationToken));
    }

    private static async Task<bool> IsSameAsync(string path, string name, string source, List<ExportedName> old, CancellationToken cancellationToken) =>
        old.Exists(part => ExportName.Fold(part.Name) == ExportName.Fold(name))
            || (File.Exists(path) && await FileComparison.HaveSameContentAsync(path, source, cancellationToken));

    private async Task DescribeAsync(
        ExportTarget target, LibraryFile file, string stamp, string title, ExportedFile? known, List<string> chosen, CancellationToken cancellationToken)
    {
        var sidecar = known?.Title == title ? known.SidecarName : await ChooseSidecarAsync(target, file.Id, title, cancellationToken);
        var path = folder.PathOf(target.Folder, Sidecar.FolderName, sidecar);
        if (known is not null && known.SidecarName != sidecar && folder.PathOf(target.Folder, Sidecar.FolderName, known.SidecarName) is var oldPath && File.Exists(oldPath) && !File.Exists(path))
        {
            File.Move(oldPath, path);
        }

        await folder.WriteOwnAsync(path, Sidecar.OfFile(file, title, chosen), cancellationToken);
        state.PutFile(target.Album, file.Id, new ExportedFile(stamp, title, sidecar));
    }

    private async Task<string> ChooseSidecarAsync(ExportTarget target, long file, string title, CancellationToken cancellationToken)
    {
        var (stem, extension) = ExportName.Split(title);
        for (var number = 0; ; number++)
        {
            var name = names.Numbered(stem, extension, number, Sidecar.Extension.Length) + Sidecar.Extension;
            if (ExportName.Fold(name) == ExportName.Fold(Sidecar.AlbumFile) || state.IsSidecarTaken(target.Album, name, file))
            {
                continue;
            }

            var path = folder.PathOf(target.Folder, Sidecar.FolderName, name);
            if (!ExportFolder.Exists(path) || (await Sidecar.FileAsync(path, cancellationToken))?.FileId == file)
            {
                return name;
            }
        }
    }

    private async Task WriteXmpAsync(
        ExportTarget target, LibraryFile file, string title, string beside, ExportedName? earlier, CancellationToken cancellationToken)
    {
        var content = XmpSidecar.Write(title, file.Caption, file.Location, XmpSidecar.Time(file.PublicMetadata.DateTime, file.PublicMetadata.OffsetTime, file.CreationTime));
        var name = names.Numbered(beside, ".xmp", 0);
        var path = folder.PathOf(target.Folder, name);

        // A photo program may have made it its own, with edits in it.
        var isOurs = !ExportFolder.Exists(path) || (earlier?.Name == name && FileComparison.IsAsWritten(path, earlier));
        if (isOurs && !state.IsNameTaken(target.Album, name, file.Id))
        {
            await folder.WriteOwnAsync(path, content, cancellationToken);
            state.PutName(target.Album, file.Id, ExportFolder.Recorded(path, XmpPart));
        }
    }

    // Beyond these years file systems disagree.
    private static DateTime? Modified(LibraryFile file) =>
        file.ModificationTime is >= -11_000_000_000_000_000 and <= 200_000_000_000_000_000 and var time
            ? DateTime.UnixEpoch.AddTicks(time * TimeSpan.TicksPerMicrosecond)
            : null;
}
