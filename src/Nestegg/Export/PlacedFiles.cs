using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>An album's folder, for one file.</summary>
/// <param name="IsRight">The file's content is there as it should be; only its names may have to follow.</param>
internal sealed record FilePlace(ExportTarget Target, bool IsRight);

/// <summary>What earlier runs left of a file in the albums' folders.</summary>
internal sealed class PlacedFiles(ExportFolder folder, ExportState state, ExportOptions options)
{
    internal async Task<FilePlace> InspectAsync(ExportTarget target, WantedFile file, CancellationToken cancellationToken) =>
        new(target, await IsRightAsync(target, file, cancellationToken));

    /// <summary>An album's folder where a file is right: one that is not exported this time, or that the file has left.</summary>
    internal async Task<ExportTarget?> FindElsewhereAsync(WantedFile file, CancellationToken cancellationToken)
    {
        foreach (var id in state.AlbumsWith(file.Id, file.Stamp))
        {
            if (state.Album(id) is { } album && new ExportTarget(id, album.Folder) is var target
                && await IsRightAsync(target, file, cancellationToken))
            {
                return target;
            }
        }

        return null;
    }

    /// <summary>A file's parts in a folder where it is right.</summary>
    internal List<FetchedPart> Parts(ExportTarget target, LibraryFile file)
    {
        // Names on disk carry the extensions that the parts got; of a plain file, the title's own may have been edited since.
        var names = state.ContentNames(target.Album, file.Id);
        var ownExtension = names.Count > 1 || file.Type == FileType.LivePhoto;
        return names.ConvertAll(part => new FetchedPart(
            folder.PathOf(target.Folder, part.Name), ownExtension ? Path.GetExtension(part.Name) : null, IsTemporary: false));
    }

    private async Task<bool> IsRightAsync(ExportTarget target, WantedFile file, CancellationToken cancellationToken)
    {
        var known = state.File(target.Album, file.Id);
        var parts = state.ContentNames(target.Album, file.Id);
        if (known is null || parts.Count == 0 || (known.Stamp ?? file.Stamp) != file.Stamp)
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
        if (!paths.All(File.Exists) || !await FileComparison.HasRecordedHashAsync(file.File, paths, cancellationToken))
        {
            return false;
        }

        foreach (var (path, part) in paths.Zip(parts))
        {
            ExportFolder.SetTime(path, file.Modified);
            state.PutName(target.Album, file.Id, ExportFolder.Recorded(path, part.Part));
        }

        state.PutFile(target.Album, file.Id, known with { Stamp = file.Stamp });
        return true;
    }
}
