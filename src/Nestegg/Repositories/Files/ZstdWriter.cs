using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Nestegg.Repositories.Files;

/// <summary>How everything in a repository is compressed; <see cref="ZstdReader"/> reads it.</summary>
internal static class ZstdWriter
{
    // What is compressed is mostly base64 and hexadecimal digits of what is random: there is next to nothing to find in them, and all to
    // gain from codes of six bits or four for a digit. So it searches little, as negative levels do, and codes what they would not.
    private const int Level = -3;

    // zstd's name for it is of its header for static linking.
    private const ZSTD_cParameter LiteralCompressionMode = ZSTD_cParameter.ZSTD_c_experimentalParam5;

    /// <summary>A stream that compresses into another, which stays open, with a checksum at the end.</summary>
    public static CompressionStream Over(Stream inner)
    {
        var stream = new CompressionStream(inner, Level, leaveOpen: true);
        stream.SetParameter(ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        stream.SetParameter(LiteralCompressionMode, (int)ZSTD_paramSwitch_e.ZSTD_ps_enable);
        return stream;
    }
}
