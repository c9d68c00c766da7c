using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Nestegg.TestKit.Archives;

/// <summary>
/// Writes archives as pg_dump's custom format has them, in any of the versions that are read, so that tests need no
/// PostgreSQL. What it writes is held against pg_restore by an integration test.
/// </summary>
public sealed class SampleArchive
{
    private readonly List<Entry> entries = [];
    private readonly List<(int Id, byte Kind, byte[] Data)> blocks = [];
    private int nextId = 1;

    public byte Minor { get; init; } = 14;

    /// <summary>0 none, 1 gzip, 2 lz4, 3 zstd. Only the first two are really applied.</summary>
    public byte Compression { get; init; }

    public string Encoding { get; init; } = "UTF8";

    /// <summary>How many bytes a block of rows has at most.</summary>
    public int BlockBytes { get; init; } = 100;

    /// <summary>Adds a table; the columns as in CREATE TABLE: <c>file_id bigint NOT NULL</c>.</summary>
    public SampleArchive Table(string name, string[] columns, params string[] rows) =>
        Definition(name, columns).Rows(name, columns, string.Concat(rows.Select(row => row + "\n")) + "\\.\n\n\n");

    public SampleArchive Definition(string name, params string[] columns) =>
        Add(new Entry(
            nextId++, false, name, "TABLE",
            $"CREATE TABLE public.{name} (\n{string.Join(",\n", columns.Select(column => "    " + column))}\n);\n\n\n", null));

    /// <summary>Adds the rows of a table as they are given, whether or not they are well-formed.</summary>
    public SampleArchive Rows(string name, string[] columns, string text) =>
        RowsWith(name, $"COPY public.{name} ({string.Join(", ", columns.Select(Name))}) FROM stdin;\n", text);

    public SampleArchive RowsWith(string name, string? copyStatement, string text)
    {
        blocks.Add((nextId, 1, System.Text.Encoding.UTF8.GetBytes(text)));
        return Add(new Entry(nextId++, true, name, "TABLE DATA", null, copyStatement));
    }

    public SampleArchive Sequence(string name, long value, bool isCalled = true) =>
        Add(new Entry(
            nextId++, false, name, "SEQUENCE SET",
            $"SELECT pg_catalog.setval('public.{name}', {value}, {(isCalled ? "true" : "false")});\n\n\n", null));

    public SampleArchive Extension(string name) =>
        Add(new Entry(nextId++, false, name, "EXTENSION", $"CREATE EXTENSION IF NOT EXISTS {name} WITH SCHEMA public;\n\n\n", null));

    /// <summary>Announces rows that do not come.</summary>
    public SampleArchive RowsThatDoNotCome(string name, string[] columns)
    {
        Rows(name, columns, "\\.\n\n\n");
        blocks.RemoveAt(blocks.Count - 1);
        return this;
    }

    /// <summary>One large object, which a reader has to pass over.</summary>
    public SampleArchive LargeObject(byte[] bytes)
    {
        blocks.Add((nextId, 3, bytes));
        return Add(new Entry(nextId++, true, "BLOBS", "BLOBS", null, null));
    }

    public byte[] ToArray()
    {
        var output = new MemoryStream();
        output.Write([.. "PGDMP"u8, 1, Minor, 0, 4, 8, 1]);
        if (Minor >= 15)
        {
            output.WriteByte(Compression);
        }
        else
        {
            Int(output, Compression == 0 ? 0 : -1);
        }

        foreach (var part in new[] { 11, 0, 12, 23, 10, 126, 0 })
        {
            Int(output, part);
        }

        foreach (var text in new[] { "ente_db", "15.18 (Sample)", "15.18 (Sample)" })
        {
            String(output, text);
        }

        Int(output, entries.Count + 1);
        Write(output, new Entry(nextId, false, "ENCODING", "ENCODING", $"SET client_encoding = '{Encoding}';\n", null));
        foreach (var entry in entries)
        {
            Write(output, entry);
        }

        foreach (var (id, kind, data) in blocks)
        {
            output.WriteByte(kind);
            Int(output, id);
            if (kind == 3)
            {
                Int(output, 16400);
            }

            Blocks(output, Compression == 1 ? Compressed(data) : data);
            if (kind == 3)
            {
                Int(output, 0);
            }
        }

        return output.ToArray();
    }

    // A name in quotes may have blanks.
    private static string Name(string column) =>
        column[..(column.IndexOf(column[0] == '"' ? "\" " : " ", StringComparison.Ordinal) + (column[0] == '"' ? 1 : 0))];

    private static byte[] Compressed(byte[] data)
    {
        var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(data);
        }

        return compressed.ToArray();
    }

    private static void Int(Stream output, int value)
    {
        Span<byte> bytes = stackalloc byte[5];
        bytes[0] = value < 0 ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], Math.Abs(value));
        output.Write(bytes);
    }

    private static void String(Stream output, string? text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text ?? "");
        Int(output, text is null ? -1 : bytes.Length);
        output.Write(bytes);
    }

    private SampleArchive Add(Entry entry)
    {
        entries.Add(entry);
        return this;
    }

    private void Blocks(Stream output, byte[] data)
    {
        foreach (var block in data.Chunk(BlockBytes))
        {
            Int(output, block.Length);
            output.Write(block);
        }

        Int(output, 0);
    }

    private void Write(Stream output, Entry entry)
    {
        Int(output, entry.Id);
        Int(output, entry.HasData ? 1 : 0);
        foreach (var text in new[] { "1259", "16404", entry.Tag, entry.Description })
        {
            String(output, text);
        }

        Int(output, entry.HasData ? 3 : 2);
        foreach (var text in new[] { entry.Definition ?? "", "", entry.Copy, "public", null, entry.Description == "TABLE" ? "heap" : "" })
        {
            String(output, text);
        }

        if (Minor >= 16)
        {
            Int(output, entry.Description == "TABLE" ? 'r' : 0);
        }

        foreach (var text in new[] { "pguser", "false", null })
        {
            String(output, text);
        }

        output.WriteByte(entry.HasData ? (byte)1 : (byte)3);
        output.Write(new byte[8]);
    }

    private sealed record Entry(int Id, bool HasData, string Tag, string Description, string? Definition, string? Copy);
}
