using System.Runtime.InteropServices;

namespace Nestegg.Cli.Terminal;

/// <summary>
/// Tells the file descriptors that this process was started with from those that the runtime opened: what is to be passed to a program
/// cannot be marked to be closed when one starts (FD_CLOEXEC), and the runtime marks everything that it opens.
/// </summary>
internal static partial class CallersDescriptor
{
    private const int GetFlags = 1;
    private const int CloseOnExec = 1;
    private const int ReadWrite = 2;

    public static bool IsOpen(int descriptor) =>
        OperatingSystem.IsWindows() || Control(descriptor, GetFlags, 0) is >= 0 and var flags && (flags & CloseOnExec) == 0;

    /// <summary>
    /// Opens /dev/null in the place of each standard stream that was closed at the start. A file of ours would get its number otherwise,
    /// and what a library or the runtime says on standard error would be written into that file.
    /// </summary>
    public static void FillStandardOnes()
    {
        for (var descriptor = 0; descriptor <= 2 && !OperatingSystem.IsWindows(); descriptor++)
        {
            // The lowest free number is given, which is this one.
            if (Control(descriptor, GetFlags, 0) < 0)
            {
                Open("/dev/null", ReadWrite);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
