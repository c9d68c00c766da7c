using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>
/// Writes what describes a file: the official program's sidecar in <c>.meta</c>, and an XMP sidecar beside the file where that was asked
/// for.
/// </summary>
internal sealed class FileDescription(ExportFolder folder, ExportState state, ExportOptions options)
{
    private readonly FreeNames names = new(folder, state);

    /// <summary>Writes the sidecar and records the file as it is now.</summary>
    /// <param name="known">As it was recorded before.</param>
    /// <param name="chosen">The names of its parts.</param>
    internal async Task WriteAsync(
        ExportTarget target, WantedFile file, ExportedFile? known, IReadOnlyList<string> chosen, CancellationToken cancellationToken)
    {
        var sidecar = known?.Title == file.Title ? known.SidecarName : await names.ChooseSidecarAsync(target, file, cancellationToken);
        var path = folder.PathOf(target.Folder, Sidecar.FolderName, sidecar);
        if (known is not null && known.SidecarName != sidecar)
        {
            var oldPath = folder.PathOf(target.Folder, Sidecar.FolderName, known.SidecarName);
            if (File.Exists(oldPath) && !File.Exists(path))
            {
                File.Move(oldPath, path);
            }
        }

        await folder.WriteOwnAsync(path, Sidecar.OfFile(file.File, file.Title, chosen), cancellationToken);
        state.PutFile(target.Album, file.Id, new ExportedFile(file.Stamp, file.Title, sidecar));
    }

    /// <param name="beside">The name of the file that it describes.</param>
    /// <param name="earlier">The XMP sidecar of an earlier run.</param>
    internal async Task WriteXmpAsync(
        ExportTarget target, WantedFile wanted, string beside, ExportedName? earlier, CancellationToken cancellationToken)
    {
        var file = wanted.File;
        if (!options.Xmp || file.Type is not (FileType.Image or FileType.Video or FileType.LivePhoto))
        {
            return;
        }

        var time = XmpSidecar.Time(file.PublicMetadata.DateTime, file.PublicMetadata.OffsetTime, file.CreationTime);
        var content = XmpSidecar.Write(wanted.Title, file.Caption, file.Location, time);
        var name = folder.Names.Numbered(beside, ".xmp", 0);
        var path = folder.PathOf(target.Folder, name);

        // A photo program may have made it its own, with edits in it.
        var isOurs = !ExportFolder.Exists(path) || (earlier?.Name == name && FileComparison.IsAsWritten(path, earlier));
        if (isOurs && !state.IsNameTaken(target.Album, name, file.Id))
        {
            await folder.WriteOwnAsync(path, content, cancellationToken);
            state.PutName(target.Album, file.Id, ExportFolder.Recorded(path, FilePart.Xmp));
        }
    }
}
