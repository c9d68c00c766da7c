using System.Buffers.Binary;

namespace Nestegg.Ente.Library;

/// <summary>
/// Counts the entries of a zip before anything is made of them: <see cref="System.IO.Compression.ZipArchive"/> makes an object for each,
/// and a zip of some gigabytes may have a hundred million. Layout: PKWARE's APPNOTE.TXT, 4.3.12 and 4.3.16.
/// </summary>
internal static class ZipDirectory
{
    private const uint EntrySignature = 0x02014b50;
    private const uint EndSignature = 0x06054b50;
    private const int EntryBytes = 46;
    private const int EndBytes = 22;
    private const int CommentMaxBytes = ushort.MaxValue;

    /// <summary>
    /// Whether the directory that the end of the zip names has so many entries at most. One of Zip64, which no live photo needs, has not.
    /// </summary>
    /// <param name="zip">Seekable; where it stands afterwards means nothing.</param>
    /// <param name="most">The limit.</param>
    internal static bool HasAtMost(Stream zip, int most)
    {
        if (DirectoryOffset(zip) is not { } offset)
        {
            return false;
        }

        Span<byte> entry = stackalloc byte[EntryBytes];
        for (var count = 0; ; count++)
        {
            zip.Position = offset;
            if (zip.ReadAtLeast(entry, EntryBytes, throwOnEndOfStream: false) < EntryBytes
                || BinaryPrimitives.ReadUInt32LittleEndian(entry) != EntrySignature)
            {
                return true;
            }

            if (count == most)
            {
                return false;
            }

            // The entry, its name, its extra fields and its comment.
            offset += EntryBytes + Length(entry, 28) + Length(entry, 30) + Length(entry, 32);
        }
    }

    /// <summary>Where the directory begins, by the last end record; null when there is none, or when it refers to one of Zip64.</summary>
    private static long? DirectoryOffset(Stream zip)
    {
        var end = new byte[Math.Min(zip.Length, EndBytes + CommentMaxBytes)];
        zip.Position = zip.Length - end.Length;
        zip.ReadExactly(end);
        for (var at = end.Length - EndBytes; at >= 0; at--)
        {
            var record = end.AsSpan(at, EndBytes);
            if (BinaryPrimitives.ReadUInt32LittleEndian(record) == EndSignature)
            {
                var offset = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
                var isZip64 = offset == uint.MaxValue
                    || Length(record, 4) == ushort.MaxValue
                    || Length(record, 8) == ushort.MaxValue
                    || Length(record, 10) == ushort.MaxValue;
                return isZip64 ? null : offset;
            }
        }

        return null;
    }

    private static int Length(ReadOnlySpan<byte> entry, int at) => BinaryPrimitives.ReadUInt16LittleEndian(entry[at..]);
}
