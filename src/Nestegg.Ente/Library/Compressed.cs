using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;

namespace Nestegg.Ente.Library;

/// <summary>gzip, where Ente compresses before it encrypts.</summary>
internal static class Compressed
{
    /// <summary>ML data of a file with hundreds of faces has 2 MB; more than this is a bomb.</summary>
    private const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>Expands bytes that begin as gzip does, and gives back others as they are: JSON never begins so.</summary>
    /// <returns>False when it is damaged or expands beyond 64 MiB.</returns>
    internal static bool TryExpand(byte[] bytes, [NotNullWhen(true)] out byte[]? expanded)
    {
        expanded = bytes;
        if (bytes.Length < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b)
        {
            return true;
        }

        expanded = null;
        try
        {
            using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            using var output = new MemoryStream();
            var buffer = new byte[64 * 1024];
            for (int read; (read = gzip.Read(buffer)) > 0;)
            {
                if (output.Length + read > MaxBytes)
                {
                    return false;
                }

                output.Write(buffer, 0, read);
            }

            expanded = output.ToArray();
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
