using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Nestegg.Repositories.Files;

/// <summary>How everything in a repository is compressed; <see cref="ZstdReader"/> reads it.</summary>
internal static class ZstdWriter
{
    // What is compressed is mostly base64 and hexadecimal digits of what is random: the first level finds as much in them as any, four
    // times as fast.
    private const int Level = 1;

    /// <summary>A stream that compresses into another, which stays open, with a checksum at the end.</summary>
    public static CompressionStream Over(Stream inner)
    {
        var stream = new CompressionStream(inner, Level, leaveOpen: true);
        stream.SetParameter(ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        return stream;
    }
}
