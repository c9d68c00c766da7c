using Nestegg.Ente;
using Nestegg.Ente.Scratch;

namespace Nestegg.Restore;

/// <summary>Writes files of a configuration: each appears whole, and nobody else can read it before it has its mode.</summary>
internal static class WholeFile
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode FolderMode = Private | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Makes the folders on the way, too.</summary>
    /// <param name="root">Must exist; below it no link is followed.</param>
    public static async Task WriteAsync(
        string root, string path, ReadOnlyMemory<byte> content, UnixFileMode mode, CancellationToken cancellationToken)
    {
        using var parent = HeldFolder.Make(root, Path.GetRelativePath(root, Path.GetDirectoryName(path)!), FolderMode);
        var temporary = parent.PathOf($"{Path.GetFileName(path)}.nestegg-part");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Private;
        }

        try
        {
            // One that a killed run left; were it a link, what is written would be elsewhere.
            File.Delete(temporary);
            await using (var file = new FileStream(temporary, options))
            {
                await file.WriteAsync(content, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, mode);
            }

            File.Move(temporary, parent.PathOf(Path.GetFileName(path)), overwrite: true);
        }
        catch
        {
            // It may hold the instance's secrets.
            Leftover.Remove(temporary);
            throw;
        }
    }
}
