using System.Runtime.InteropServices;

namespace Nestegg.Export;

/// <summary>A second name for the same file.</summary>
internal static partial class FileLink
{
    /// <summary>Makes a hard link.</summary>
    /// <returns>False when the file system has none, or the file has as many as it can have; then a copy does as well.</returns>
    internal static bool TryCreate(string existing, string link) =>
        OperatingSystem.IsWindows() ? CreateHardLinkW(link, existing, 0) : LinkUnix(existing, link) == 0;

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkUnix(string existing, string link);

    [LibraryImport("kernel32", StringMarshalling = StringMarshalling.Utf16, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateHardLinkW(string link, string existing, nint securityAttributes);
}
