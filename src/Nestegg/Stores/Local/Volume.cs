using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Nestegg.Stores.Local;

/// <summary>The file system that a folder is on, so that two disks that are mounted at the same place in turn are told apart.</summary>
internal static partial class Volume
{
    // struct statvfs of 64-bit Linux, of glibc and musl alike: eight words and then f_fsid.
    private const int StructureBytes = 256;
    private const int FileSystemIdOffset = 64;

    /// <summary>
    /// What the file system gives as its id, which most make from their UUID; empty where the system does not tell.
    /// </summary>
    public static string Of(string folder)
    {
        Span<byte> structure = stackalloc byte[StructureBytes];
        return OperatingSystem.IsLinux() && Environment.Is64BitProcess && Statvfs(folder, structure) == 0
            ? BinaryPrimitives.ReadUInt64LittleEndian(structure[FileSystemIdOffset..]).ToString("x16")
            : "";
    }

    [LibraryImport("libc", EntryPoint = "statvfs", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statvfs(string path, Span<byte> structure);
}
