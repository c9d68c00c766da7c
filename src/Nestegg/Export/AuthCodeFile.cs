using System.Globalization;
using System.Text;

namespace Nestegg.Export;

/// <summary>
/// The codes of Ente Auth, one <c>otpauth://</c> address a line, readable by the owner only. An earlier file with other codes is kept
/// beside it.
/// </summary>
internal static class AuthCodeFile
{
    internal static async Task WriteAsync(
        ExportFolder folder, IReadOnlyList<string> lines, TimeProvider time, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder.Root, AlbumFolders.AuthFile);
        var content = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line.ReplaceLineEndings(" ") + "\n")));
        if (File.Exists(path))
        {
            if (new FileInfo(path).Length == content.Length
                && (await File.ReadAllBytesAsync(path, cancellationToken)).AsSpan().SequenceEqual(content))
            {
                return;
            }

            File.Move(path, FreeName(folder.Root, time));
        }

        var temporary = folder.NewFile();
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var file = new FileStream(temporary, options))
        {
            await file.WriteAsync(content, cancellationToken);
        }

        File.Move(temporary, path);
    }

    private static string FreeName(string root, TimeProvider time)
    {
        var stamp = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        for (var number = 0; ; number++)
        {
            var path = Path.Combine(root, number == 0
                ? $"ente_auth_{stamp}.txt"
                : string.Create(CultureInfo.InvariantCulture, $"ente_auth_{stamp}_{number}.txt"));
            if (!ExportFolder.Exists(path))
            {
                return path;
            }
        }
    }
}
