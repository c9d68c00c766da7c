using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nestegg.Ente;

// The calls of the C library that .NET has no function for, and the numbers that they take and give on Linux.
internal sealed partial class HeldFolder
{
    private const int Enoent = 2;
    private const int Eacces = 13;
    private const int Enotdir = 20;
    private const int Einval = 22;
    private const int Enametoolong = 36;
    private const int Eloop = 40;
    private const int Enotsup = 95;
    private const int AdviceSequential = 2;

    // As Linux numbers them; two differ with the processor.
    private const int ReadOnly = 0;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int PathOnly = 0x200000;
    private const int OpenAt2Number = 437;
    private const int ResolveNoLinks = 4;
    private const int ResolveBeneath = 8;
    private static readonly int FolderOnly = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>What the system's number for a failure is in .NET.</summary>
    public static Exception Failure(int errno, string path)
    {
        var words = $"{Marshal.GetPInvokeErrorMessage(errno)} : '{path}'";
        return errno switch
        {
            Enoent or Enotdir => new DirectoryNotFoundException(words),
            Eacces => new UnauthorizedAccessException(words),
            Enametoolong => new PathTooLongException(words),
            _ => new IOException(words, errno),
        };
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(SafeFileHandle folder, string name, int flags);

    // glibc has no function for it.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenAt2(nint number, SafeFileHandle folder, string path, in OpenHow how, nint size);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronise(SafeFileHandle folder);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    /// <summary><c>struct open_how</c> of <c>openat2(2)</c>.</summary>
    private readonly record struct OpenHow(long Flags, long Mode, long Resolve);
}
