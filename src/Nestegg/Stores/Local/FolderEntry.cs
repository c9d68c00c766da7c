using System.IO.Enumeration;
using System.Runtime.InteropServices;
using System.Text;
using Nestegg.Ente;

namespace Nestegg.Stores.Local;

/// <summary>A name in a folder. A link, a pipe and whatever else is no file is listed as one of no length.</summary>
/// <param name="Name">Ends in a slash when it is a folder, as it does in keys, so that the order is that of whole keys.</param>
/// <param name="SizeBytes">0 for what is no file.</param>
internal readonly unsafe partial record struct FolderEntry(string Name, bool IsFolder, long SizeBytes, DateTime ModifiedAt)
{
    private const int Enoent = 2;

    // struct dirent of 64-bit Linux, and struct statx, which is the same for all processors.
    private const int DirentTypeOffset = 18;
    private const int DirentNameOffset = 19;
    private const byte DirentFolder = 4;
    private const int StatxBytes = 256;
    private const int StatxModeOffset = 28;
    private const int StatxSizeOffset = 40;
    private const int StatxModifiedOffset = 112;
    private const int NoFollow = 0x100;
    private const uint TypeSizeAndModified = 0x1 | 0x200 | 0x40;
    private const int ModeType = 0xF000;
    private const int ModeFolder = 0x4000;
    private const int ModeFile = 0x8000;

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    // What .NET says of a file that was deleted since its folder was read.
    private static readonly DateTime Never = DateTime.FromFileTimeUtc(0);

    /// <summary>What is in a folder, in the order of the names. What was deleted since it was read is not listed.</summary>
    public static List<FolderEntry> In(HeldFolder folder, CancellationToken cancellationToken)
    {
        // A million files in half the time that .NET takes, which makes a path of each.
        var entries = OperatingSystem.IsLinux() && Environment.Is64BitProcess ? ReadOnLinux(folder, cancellationToken) : Read(folder);
        entries.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return entries;
    }

    private static List<FolderEntry> Read(HeldFolder folder) =>
    [
        .. new FileSystemEnumerable<FolderEntry>(
            folder.Path,
            (ref FileSystemEntry entry) => new FileInfo(entry.ToFullPath()).LinkTarget is not null
                ? new FolderEntry(entry.FileName.ToString(), false, 0, entry.LastWriteTimeUtc.UtcDateTime)
                : entry.IsDirectory ? new FolderEntry(entry.FileName.ToString() + "/", true, 0, default)
                : new FolderEntry(entry.FileName.ToString(), false, entry.Length, entry.LastWriteTimeUtc.UtcDateTime),
            Everything).Where(entry => entry.IsFolder || entry.ModifiedAt != Never),
    ];

    private static List<FolderEntry> ReadOnLinux(HeldFolder folder, CancellationToken cancellationToken)
    {
        var stream = OpenFolder(folder.Path);
        if (stream == null)
        {
            throw HeldFolder.Failure(Marshal.GetLastPInvokeError(), folder.Name);
        }

        try
        {
            var entries = new List<FolderEntry>();
            var descriptor = DescriptorOf(stream);
            byte* found;
            while ((found = ReadNext(stream)) != null)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(found + DirentNameOffset);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8) && Look(descriptor, found, name, folder) is { } entry)
                {
                    entries.Add(entry);
                }
            }

            // The end and a failure look alike but for this.
            var errno = Marshal.GetLastPInvokeError();
            return errno == 0 ? entries : throw HeldFolder.Failure(errno, folder.Name);
        }
        finally
        {
            _ = CloseFolder(stream);
        }
    }

    private static FolderEntry? Look(int descriptor, byte* found, ReadOnlySpan<byte> utf8, HeldFolder folder)
    {
        var name = Encoding.UTF8.GetString(utf8);
        if (found[DirentTypeOffset] == DirentFolder)
        {
            return new FolderEntry(name + "/", true, 0, default);
        }

        var status = stackalloc byte[StatxBytes];
        if (Status(descriptor, found + DirentNameOffset, NoFollow, TypeSizeAndModified, status) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            return errno == Enoent ? null : throw HeldFolder.Failure(errno, Path.Combine(folder.Name, name));
        }

        var type = *(ushort*)(status + StatxModeOffset) & ModeType;
        var modifiedAt = DateTime.UnixEpoch.AddSeconds(*(long*)(status + StatxModifiedOffset));
        return type == ModeFolder
            ? new FolderEntry(name + "/", true, 0, default)
            : new FolderEntry(name, false, type == ModeFile ? *(long*)(status + StatxSizeOffset) : 0, modifiedAt);
    }

    [LibraryImport("libc", EntryPoint = "opendir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial void* OpenFolder(string path);

    [LibraryImport("libc", EntryPoint = "dirfd")]
    private static partial int DescriptorOf(void* stream);

    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    private static partial byte* ReadNext(void* stream);

    [LibraryImport("libc", EntryPoint = "closedir")]
    private static partial int CloseFolder(void* stream);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Status(int folder, byte* name, int flags, uint mask, byte* status);
}
