namespace Nestegg.TestKit.Sample;

/// <summary>
/// A baseline grey JPEG (ITU T.81) of flat blocks of 8 × 8 pixels: each block has a DC coefficient and nothing else, which makes
/// the whole encoder two Huffman codes long.
/// </summary>
internal static class JpegPicture
{
    // T.81, table K.3: how many codes there are of each length, and the symbols, which are numbers of bits.
    private static ReadOnlySpan<byte> DcCounts => [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];

    private static readonly (int Code, int Length)[] DcCodes =
        [(0b00, 2), (0b010, 3), (0b011, 3), (0b100, 3), (0b101, 3), (0b110, 3), (0b1110, 4), (0b11110, 5), (0b111110, 6), (0b1111110, 7),
        (0b11111110, 8), (0b111111110, 9)];

    public static byte[] Encode(int width, int height, SampleRandom random)
    {
        using var jpeg = new MemoryStream();
        jpeg.Write([0xff, 0xd8]);
        Segment(jpeg, 0xe0, [(byte)'J', (byte)'F', (byte)'I', (byte)'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]);
        Segment(jpeg, 0xdb, [0, .. Enumerable.Repeat((byte)8, 64)]);
        Segment(jpeg, 0xc0, [8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 1, 1, 0x11, 0]);
        Segment(jpeg, 0xc4, [0x00, .. DcCounts, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        // One AC code, a single 0 bit: end of block.
        Segment(jpeg, 0xc4, [0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00]);
        Segment(jpeg, 0xda, [1, 1, 0x00, 0, 63, 0]);
        Blocks(jpeg, (width + 7) / 8, (height + 7) / 8, random);
        jpeg.Write([0xff, 0xd9]);
        return jpeg.ToArray();
    }

    private static void Segment(MemoryStream jpeg, byte marker, ReadOnlySpan<byte> content)
    {
        jpeg.Write([0xff, marker, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2)]);
        jpeg.Write(content);
    }

    private static void Blocks(MemoryStream jpeg, int columns, int rows, SampleRandom random)
    {
        var bits = new BitWriter(jpeg);
        var previous = 0;
        var start = random.Next(120);
        for (var y = 0; y < rows; y++)
        {
            for (var x = 0; x < columns; x++)
            {
                // With a quantiser of 8, one step of the DC coefficient is one step of grey.
                var grey = start + ((x + y) * 120 / (columns + rows)) + random.Next(4) - 128;
                var difference = grey - previous;
                previous = grey;
                var size = difference == 0 ? 0 : 32 - int.LeadingZeroCount(Math.Abs(difference));
                bits.Write(DcCodes[size].Code, DcCodes[size].Length);
                bits.Write(difference < 0 ? difference + (1 << size) - 1 : difference, size);
                bits.Write(0, 1);
            }
        }

        bits.Finish();
    }

    private sealed class BitWriter(MemoryStream jpeg)
    {
        private int pending;
        private int count;

        public void Write(int value, int length)
        {
            for (var i = length - 1; i >= 0; i--)
            {
                pending = (pending << 1) | ((value >> i) & 1);
                if (++count == 8)
                {
                    Emit();
                }
            }
        }

        public void Finish()
        {
            while (count != 0)
            {
                Write(1, 1);
            }
        }

        private void Emit()
        {
            jpeg.WriteByte((byte)pending);
            if ((byte)pending == 0xff)
            {
                jpeg.WriteByte(0); // so that it is no marker
            }

            (pending, count) = (0, 0);
        }
    }
}
