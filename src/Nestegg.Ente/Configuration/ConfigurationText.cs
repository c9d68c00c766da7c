using Microsoft.Win32.SafeHandles;

namespace Nestegg.Ente.Configuration;

/// <summary>Opens files of a configuration. Never waits: what is a pipe, a socket or a device is refused.</summary>
internal static class ConfigurationText
{
    // Settings, certificates and price lists are kilobytes. What is larger got there by accident.
    public const long LargestBytes = 16 << 20;

    /// <summary>Reads a text, whatever its byte order mark says it is in.</summary>
    /// <exception cref="EnteException">It cannot be read, or is no file of a configuration.</exception>
    public static string Read(string path)
    {
        if (TryOpen(path, out var reason) is not { } handle)
        {
            throw new EnteException(
                $"The file {path} of the instance's configuration cannot be read: {reason}.",
                "Let the user who runs backups read the instance's folder.");
        }

        using var reader = new StreamReader(new FileStream(handle, FileAccess.Read));
        return reader.ReadToEnd();
    }

    /// <summary>Opens a file; links are followed, as museum follows them.</summary>
    /// <returns><see langword="null"/> when it is not to be read, for <paramref name="reason"/>.</returns>
    public static SafeFileHandle? TryOpen(string path, out string reason) => TryOpen(
        () =>
        {
            var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            return HeldFolder.TryOpenFile(Path.GetDirectoryName(target)!, Path.GetFileName(target));
        },
        out reason);

    /// <summary>Opens a file where it was when its folder was read; what is a link by now is refused.</summary>
    /// <inheritdoc cref="TryOpen(string, out string)" path="/returns"/>
    public static SafeFileHandle? TryOpenAsListed(InstanceFile file, out string reason)
    {
        var root = Path.GetPathRoot(file.FullPath)!;
        return TryOpen(() => HeldFolder.TryOpenFile(root, file.FullPath[root.Length..]), out reason);
    }

    private static SafeFileHandle? TryOpen(Func<SafeFileHandle?> open, out string reason)
    {
        reason = "it is not there";
        try
        {
            var handle = open();
            if (handle is null || RandomAccess.GetLength(handle) is var size && size <= LargestBytes)
            {
                return handle;
            }

            handle.Dispose();
            reason = $"{Counted.Of(size, "byte is", "bytes are")} too many for a file of a configuration";
        }
        catch (StrangeEntryException)
        {
            reason = "it is no file but a link, a pipe, a socket, a device or a folder";
        }
        catch (UnauthorizedAccessException)
        {
            reason = "it may not be read";
        }
        catch (IOException failure)
        {
            reason = SystemWords.Of(failure);
        }

        return null;
    }
}
