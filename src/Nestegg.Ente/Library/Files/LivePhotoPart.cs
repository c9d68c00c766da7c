using System.IO.Compression;

namespace Nestegg.Ente.Library;

/// <summary>The picture or the video of a live photo.</summary>
public sealed class LivePhotoPart
{
    private const int BufferBytes = 128 * 1024;
    private readonly ZipArchiveEntry entry;

    internal LivePhotoPart(ZipArchiveEntry entry, string extension) => (this.entry, Extension) = (entry, extension);

    /// <summary>With its dot: <c>.HEIC</c>; empty when the entry's name has none that can be trusted. Letters and digits only.</summary>
    public string Extension { get; }

    /// <summary>The length that the zip states.</summary>
    public long LengthBytes => entry.Length;

    /// <summary>Writes the part, piece by piece.</summary>
    /// <returns>False when the entry is damaged or longer than the zip states; what was written is then of no use.</returns>
    public async Task<bool> TryCopyToAsync(
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sink);
        var buffer = new byte[BufferBytes];
        var written = 0L;
        Stream content;
        try
        {
            content = await entry.OpenAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidDataException or NotSupportedException or IOException)
        {
            return false;
        }

        await using (content)
        {
            while (await TryReadAsync(content, buffer, cancellationToken) is { } read)
            {
                written += read;
                if (read == 0 || written > LengthBytes)
                {
                    return written == LengthBytes;
                }

                await sink(buffer.AsMemory(0, read), cancellationToken);
            }
        }

        return false;
    }

    // Apart from the sink, so that a full disk is not taken for a damaged zip.
    private static async ValueTask<int?> TryReadAsync(Stream content, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await content.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            return null;
        }
    }
}
