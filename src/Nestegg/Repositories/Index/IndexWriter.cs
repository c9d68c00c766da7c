using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using Nestegg.Repositories.Files;
using ZstdSharp;

namespace Nestegg.Repositories.Index;

/// <summary>
/// Collects the rows of one index file. Holds them compressed: some 58 bytes a row, in a buffer that grows to twice as much at most.
/// </summary>
internal sealed class IndexWriter : IDisposable
{
    private readonly MemoryStream compressed = new();
    private CompressionStream zstd;
    private long rowBytes;
    private readonly ArrayBufferWriter<byte> line = new(512);

    public IndexWriter() => zstd = ZstdWriter.Over(compressed);

    public int Rows { get; private set; }

    /// <summary>No row can be added any more.</summary>
    public bool IsFinished { get; private set; }

    public void Append(in IndexRow row)
    {
        Debug.Assert(!IsFinished, "A file that was finished takes no more rows.");
        Debug.Assert(row.Key.Length > 0 && row is { Version: >= 0, SizeBytes: >= 0, Offset: >= 0 }, "A reader takes no other row.");
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

    /// <summary>The whole file, signed. No row can be added afterwards.</summary>
    /// <inheritdoc cref="IndexName.Of" path="/param"/>
    public ReadOnlyMemory<byte> Finish(IndexSigner signer, string numbered)
    {
        if (!IsFinished)
        {
            zstd.Dispose();
            (IsFinished, rowBytes) = (true, compressed.Length);
        }

        compressed.SetLength(rowBytes);
        compressed.Write(signer.Sign(compressed.GetBuffer().AsSpan(0, (int)rowBytes), numbered));
        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }

    /// <summary>Begins the next file, in the same memory: what <see cref="Finish"/> gave is not valid any more.</summary>
    public void Restart()
    {
        Debug.Assert(IsFinished, "Rows that were not written would be lost.");
        compressed.SetLength(0);
        zstd = ZstdWriter.Over(compressed);
        (Rows, IsFinished) = (0, false);
    }

    public void Dispose() => zstd.Dispose();

    private void WriteNumber(long value)
    {
        var span = line.GetSpan(24);
        span[0] = (byte)'\t';
        var isFormatted = Utf8Formatter.TryFormat(value, span[1..], out var length);
        Debug.Assert(isFormatted, "Any number has room.");
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
