using System.Buffers;

namespace Nestegg.Ente.Integrity;

/// <summary>
/// Whether what a column holds is as long as it has to be. What is wrong is said as the end of a sentence; null when nothing is.
/// </summary>
internal static class EncodedLength
{
    /// <summary>Of Base64 text.</summary>
    internal static string? Defect(string text, int bytes, bool isLeast)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            return Convert.TryFromBase64String(text, buffer, out var length) ? Defect(length, bytes, isLeast) : "is not Base64";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Of bytes.</summary>
    internal static string? Defect(int length, int bytes, bool isLeast) => (isLeast ? length >= bytes : length == bytes)
        ? null
        : $"holds {Counted.Of(length, "byte")} where {(isLeast ? "at least " : "")}{bytes} are needed";
}
