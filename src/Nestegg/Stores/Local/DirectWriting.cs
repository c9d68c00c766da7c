using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nestegg.Stores.Local;

/// <summary>
/// Writing around the page cache (O_DIRECT), on Linux. A backup is not read again soon: its pages would push out those of the database and
/// the object store beside it, and copying into them costs more than hashing. .NET has no flag for it, hence the C library.
/// </summary>
internal static partial class DirectWriting
{
    private const int SetFlags = 4;
    private const int Einval = 22;

    private static readonly int Flag = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => 0,
    };

    /// <returns>Whether it is on from now; not every file system can.</returns>
    public static bool TryTurnOn(SafeFileHandle file) => OperatingSystem.IsLinux() && Flag != 0 && Control(file, SetFlags, Flag) == 0;

    public static void TurnOff(SafeFileHandle file) => Control(file, SetFlags, 0);

    /// <summary>Whether a file system refused a write because it wants another alignment than ours.</summary>
    public static bool IsRefusal(IOException failure) => failure.HResult == Einval;

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, nint argument);
}
