namespace Nestegg.Export;

/// <summary>
/// Chooses names that nothing else has in an album's folder, or under which the same bytes are there: an earlier run was cut off before it
/// could record them.
/// </summary>
internal sealed class FreeNames(ExportFolder folder, ExportState state)
{
    /// <summary>A name for each part of a file. One number for all parts, so that picture and video keep one name.</summary>
    /// <param name="sources">Where the content is, part by part.</param>
    /// <param name="old">The names that the file has in this folder.</param>
    internal async Task<List<string>> ChooseAsync(
        ExportTarget target, WantedFile file, IReadOnlyList<FetchedPart> sources, List<ExportedName> old,
        CancellationToken cancellationToken)
    {
        for (var number = 0; ; number++)
        {
            var chosen = Numbered(file.Title, sources, number);
            var areFree = true;
            for (var part = 0; areFree && part < chosen.Count; part++)
            {
                areFree = !state.IsNameTaken(target.Album, chosen[part], file.Id) && chosen[part] is not Sidecar.FolderName
                    && await IsUsableAsync(target, chosen[part], sources[part], old, cancellationToken);
            }

            if (areFree)
            {
                return chosen;
            }
        }
    }

    /// <summary>A name for what describes a file.</summary>
    internal async Task<string> ChooseSidecarAsync(ExportTarget target, WantedFile file, CancellationToken cancellationToken)
    {
        var (stem, extension) = ExportName.Split(file.Title);
        for (var number = 0; ; number++)
        {
            var name = folder.Names.Numbered(stem, extension, number, Sidecar.Extension.Length) + Sidecar.Extension;
            if (ExportName.Fold(name) == ExportName.Fold(Sidecar.AlbumFile) || state.IsSidecarTaken(target.Album, name, file.Id))
            {
                continue;
            }

            var path = folder.PathOf(target.Folder, Sidecar.FolderName, name);
            if (!ExportFolder.Exists(path) || (await Sidecar.FileAsync(path, cancellationToken))?.FileId == file.Id)
            {
                return name;
            }
        }
    }

    private List<string> Numbered(string title, IReadOnlyList<FetchedPart> sources, int number)
    {
        var (stem, titleExtension) = ExportName.Split(title);
        var names = new List<string>();
        foreach (var source in sources)
        {
            var extension = source.Extension ?? titleExtension;
            var name = folder.Names.Numbered(stem, extension, number);

            // A live photo whose parts have the same extension, or none.
            names.Add(names.Exists(other => ExportName.Fold(other) == ExportName.Fold(name))
                ? folder.Names.Numbered(stem + "_video", extension, number)
                : name);
        }

        return names;
    }

    private async Task<bool> IsUsableAsync(
        ExportTarget target, string name, FetchedPart source, List<ExportedName> old, CancellationToken cancellationToken)
    {
        var path = folder.PathOf(target.Folder, name);
        if (!ExportFolder.Exists(path))
        {
            return true;
        }

        return !ExportFolder.IsLink(path)
            && (old.Exists(part => ExportName.Fold(part.Name) == ExportName.Fold(name))
                || (File.Exists(path) && await FileComparison.HaveSameContentAsync(path, source.Path, cancellationToken)));
    }
}
