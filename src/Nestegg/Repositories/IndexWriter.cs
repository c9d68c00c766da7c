using System.Buffers;
using System.Buffers.Text;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Nestegg.Repositories;

/// <summary>Collects the rows of one index file. Holds them compressed: some 70 bytes a row.</summary>
internal sealed class IndexWriter : IDisposable
{
    private readonly MemoryStream compressed = new();
    private readonly CompressionStream zstd;
    private readonly ArrayBufferWriter<byte> line = new(512);

    public IndexWriter()
    {
        zstd = new CompressionStream(compressed, leaveOpen: true);
        zstd.SetParameter(ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
    }

    public int Rows { get; private set; }

    public void Append(in IndexRow row)
    {
        line.ResetWrittenCount();
        Tsv.Write(line, row.Key);
        WriteNumber(row.Version);
        WriteNumber(row.SizeBytes);
        WriteText(row.Hash.ToString());
        WriteText(row.Pack?.ToString() ?? "-");
        WriteNumber(row.Offset);
        line.Write("\n"u8);
        zstd.Write(line.WrittenSpan);
        Rows++;
    }

    /// <summary>The whole file. No row can be added afterwards.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        zstd.Dispose();
        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }

    public void Dispose() => zstd.Dispose();

    private void WriteNumber(long value)
    {
        var span = line.GetSpan(24);
        span[0] = (byte)'\t';
        Utf8Formatter.TryFormat(value, span[1..], out var length);
        line.Advance(length + 1);
    }

    private void WriteText(string text)
    {
        var span = line.GetSpan(text.Length + 1);
        span[0] = (byte)'\t';
        System.Text.Encoding.ASCII.GetBytes(text, span[1..]);
        line.Advance(text.Length + 1);
    }
}
