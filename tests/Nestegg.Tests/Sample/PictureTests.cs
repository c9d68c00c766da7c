using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using Nestegg.TestKit.Sample;

namespace Nestegg.Tests.Sample;

public class PictureTests
{
    [Fact]
    public void A_png_has_sound_chunks_and_all_its_rows()
    {
        var png = Picture.Png(37, 21, new SampleRandom(1));
        Assert.Equal([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], png[..8]);
        var types = new List<string>();
        var pixels = Array.Empty<byte>();
        for (var at = 8; at < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            var body = png.AsSpan(at + 4, 4 + length);
            Assert.Equal(Crc32.HashToUInt32(body), BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at + 8 + length)));
            types.Add(Encoding.ASCII.GetString(body[..4]));
            if (types[^1] == "IDAT")
            {
                pixels = Inflate(body[4..].ToArray());
            }

            at += 12 + length;
        }

        Assert.Equal(["IHDR", "IDAT", "IEND"], types);
        Assert.Equal(21 * (1 + (37 * 3)), pixels.Length);
    }

    [Fact]
    public void A_jpeg_begins_and_ends_as_one_and_has_no_stray_marker()
    {
        var jpeg = JpegPicture.Encode(333, 111, new SampleRandom(1));
        Assert.Equal([0xff, 0xd8], jpeg[..2]);
        Assert.Equal([0xff, 0xd9], jpeg[^2..]);
        var scan = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xda]);
        for (var i = scan + 10; i < jpeg.Length - 2; i++)
        {
            Assert.True(jpeg[i] != 0xff || jpeg[i + 1] == 0, $"a marker at {i} inside the scan");
        }
    }

    [Fact]
    public void The_same_seed_draws_the_same_pictures()
    {
        Assert.Equal(Picture.Png(10, 10, new SampleRandom(5)), Picture.Png(10, 10, new SampleRandom(5)));
        Assert.NotEqual(JpegPicture.Encode(80, 80, new SampleRandom(5)), JpegPicture.Encode(80, 80, new SampleRandom(6)));
    }

    private static byte[] Inflate(byte[] compressed)
    {
        using var zlib = new ZLibStream(new MemoryStream(compressed), CompressionMode.Decompress);
        using var pixels = new MemoryStream();
        zlib.CopyTo(pixels);
        return pixels.ToArray();
    }
}
