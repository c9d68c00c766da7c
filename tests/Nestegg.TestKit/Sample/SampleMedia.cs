using System.IO.Compression;
using System.Security.Cryptography;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>Pictures, videos and live photos to be uploaded.</summary>
internal sealed class SampleMedia(SampleRandom random)
{
    public Upload Photo(string title) => new(
        title, 0, title.EndsWith(".jpg", StringComparison.OrdinalIgnoreCase) ? JpegPicture.Encode(320, 240, random)
            : Picture.Png(200, 150, random));

    /// <summary>A video as far as anybody but a player can tell.</summary>
    public Upload Video(string title, int sizeBytes) => new(title, 1, random.Bytes(sizeBytes));

    /// <summary>A picture and a video in a zip, as the web app makes them.</summary>
    public Upload LivePhoto(string title, string videoExtension, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        var (still, motion) = (JpegPicture.Encode(320, 240, random), random.Bytes(120_000));
        var parts = new Dictionary<string, byte[]> { ["image" + Path.GetExtension(title)] = still, ["video" + videoExtension] = motion };
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in parts)
            {
                var entry = zip.CreateEntry(name, compression);
                entry.LastWriteTime = new DateTimeOffset(2024, 6, 1, 0, 0, 0, TimeSpan.Zero);
                using var stream = entry.Open();
                stream.Write(content);
            }
        }

        return new Upload(title, 2, buffer.ToArray())
        {
            Hash = $"{Hash(still)}:{Hash(motion)}",
            Parts = parts.ToDictionary(part => part.Key, part => Convert.ToHexStringLower(SHA256.HashData(part.Value))),
        };
    }

    /// <summary>As it stands in a file's description.</summary>
    public static string Hash(byte[] content) => Convert.ToBase64String(Blake2b.Hash(content));
}
