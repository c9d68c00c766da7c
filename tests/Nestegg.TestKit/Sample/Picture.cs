using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Nestegg.TestKit.Sample;

/// <summary>Small valid pictures, drawn here: two colours that run into each other.</summary>
internal static class Picture
{
    /// <summary>A PNG (ISO/IEC 15948): signature, IHDR, IDAT, IEND.</summary>
    public static byte[] Png(int width, int height, SampleRandom random)
    {
        var (from, to) = (random.Bytes(3), random.Bytes(3));
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8; // bits a channel
        header[9] = 2; // red, green, blue
        Chunk(png, "IHDR"u8, header);
        Chunk(png, "IDAT"u8, Rows(width, height, from, to, random));
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static byte[] Rows(int width, int height, byte[] from, byte[] to, SampleRandom random)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest))
        {
            var row = new byte[1 + (3 * width)];
            for (var y = 0; y < height; y++)
            {
                // A little noise in one row of eight keeps the size from being next to nothing.
                var noise = y % 8 == 0 ? random.Bytes(row.Length) : null;
                for (var i = 1; i < row.Length; i++)
                {
                    var channel = (i - 1) % 3;
                    var share = (((i - 1) / 3) + y) * 255 / (width + height);
                    row[i] = (byte)(((from[channel] * (255 - share)) + (to[channel] * share)) / 255 + ((noise?[i] ?? 0) & 7));
                }

                zlib.Write(row);
            }
        }

        return compressed.ToArray();
    }

    private static void Chunk(MemoryStream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        png.Write(number);
        png.Write(type);
        png.Write(content);
        var checksum = new Crc32();
        checksum.Append(type);
        checksum.Append(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, checksum.GetCurrentHashAsUInt32());
        png.Write(number);
    }
}
