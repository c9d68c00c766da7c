using System.Runtime.InteropServices;

namespace Nestegg.Cli;

/// <summary>
/// glibc gives every thread that asks a heap of its own, eight for each processor, and what is freed in one is of no use to the others: a
/// run over a million objects grew by 90 MB that way. One heap is enough for a program whose large blocks are all managed.
/// </summary>
internal static partial class NativeHeap
{
    private const int ArenaMax = -8;

    public static void UseOne()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = SetOption(ArenaMax, 1);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, which has no such heaps.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
