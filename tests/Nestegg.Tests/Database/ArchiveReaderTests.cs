using System.Text;
using CsCheck;
using Nestegg.Ente;
using Nestegg.Ente.Database;
using Nestegg.TestKit.Archives;
using Nestegg.Tests.Fuzzing;

namespace Nestegg.Tests.Database;

public class ArchiveReaderTests
{
    private static readonly string[] Columns = ["id bigint NOT NULL", "name text", "\"Odd name\" jsonb"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(14, 0)]
    [InlineData(14, 1)]
    [InlineData(15, 0)]
    [InlineData(15, 1)]
    [InlineData(16, 0)]
    [InlineData(16, 1)]
    public async Task Every_version_is_read_plain_and_gzipped(byte minor, byte compression)
    {
        var archive = new SampleArchive { Minor = minor, Compression = compression }
            .Table("first", Columns[..2], "1\tone", "2\t\\N", "3\t")
            .LargeObject(new byte[250])
            .Table("second", Columns[..2], "4\tfour\\nlines")
            .Sequence("first_id_seq", 42).Sequence("unused_seq", -7, isCalled: false);
        var reader = await ArchiveReader.OpenAsync(new MemoryStream(archive.ToArray()), Token);

        Assert.Equal(new Version(1, minor), reader.Header.Version);
        Assert.Equal("ente_db", reader.Header.Database);
        Assert.Equal([new ArchiveSequence("public", "first_id_seq", 42, true), new("public", "unused_seq", -7, false)], reader.Sequences);
        Assert.Equal(["first:1|one", "first:2|<null>", "first:3|", "second:4|four\nlines"], await RowsAsync(reader));
    }

    [Fact]
    public async Task Columns_have_the_types_of_the_table_and_the_order_of_the_rows()
    {
        string[] columns = [
            "a bigint DEFAULT 1 NOT NULL",
            "b boolean,", "c bytea", "d bigint[]", "e public.role_enum", "f integer", "g character varying(9)"
        ];
        var archive = new SampleArchive().Definition("t", columns)
            .RowsWith("t", "COPY public.t (g, f, e, d, c, b, a) FROM stdin;\n", "\\.\n\n\n");
        var reader = await ArchiveReader.OpenAsync(new MemoryStream(archive.ToArray()), Token);
        Assert.Equal(
            "g:Text f:Integer e:Text d:Text c:Bytes b:Boolean a:Integer",
            string.Join(' ', reader.Tables.Single().Columns.Select(column => $"{column.Name}:{column.Type}")));
    }

    [Fact]
    public async Task Names_in_quotes_are_read_as_they_are()
    {
        var archive = new SampleArchive().Definition("t", "\"a, b\" bigint", "\"c (d)\" text", "\"e\"\"f\" boolean")
            .RowsWith("t", "COPY \"pub lic\".\"t (\"\"x\" (\"a, b\", \"c (d)\", \"e\"\"f\") FROM stdin;\n", "\\.\n\n\n");
        var reader = await ArchiveReader.OpenAsync(new MemoryStream(archive.ToArray()), Token);
        Assert.Equal(["a, b:Integer", "c (d):Text", "e\"f:Boolean"], reader.Tables.Single().Columns.Select(
            column => $"{column.Name}:{column.Type}"));
    }

    // Each is long enough that whoever tried every way to read it would never come to an end.
    [Theory]
    [InlineData("COPY t (", "a")]
    [InlineData("COPY t (", "a, ")]
    [InlineData("COPY t (a", ", \"\"\"\"")]
    [InlineData("COPY ", "a")]
    [InlineData("COPY ", "\"a\"")]
    public async Task A_COPY_that_does_not_end_is_refused_in_one_pass(string beginning, string again)
    {
        var statement = beginning + string.Concat(Enumerable.Repeat(again, 50_000));
        Assert.Contains("\"t\"", (await RefusedAsync(
            new SampleArchive().Definition("t", "a text").RowsWith("t", statement, ""))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sequence_whose_value_does_not_come_is_refused_in_one_pass()
    {
        var name = string.Concat(Enumerable.Repeat("setval('x', 1", 20_000));
        Assert.Contains("stands", (await RefusedAsync(new SampleArchive().Sequence(name + "\n", 1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_may_be_passed_over_before_or_after_some_of_its_rows()
    {
        var archive = new SampleArchive { Compression = 1 }
            .Table("a", Columns[..1], "1").Table("b", Columns[..1], [.. Enumerable.Range(0, 100_000).Select(id => id.ToString())])
            .Table("c", Columns[..1], "3");
        var reader = await ArchiveReader.OpenAsync(new MemoryStream(archive.ToArray()), Token);
        await reader.NextTableAsync(Token);
        var rows = await reader.NextTableAsync(Token);
        Assert.True(await rows!.ReadAsync(Token));
        Assert.Equal("c", (await reader.NextTableAsync(Token))!.Table.Name);
        Assert.Null(await reader.NextTableAsync(Token));
    }

    [Fact]
    public async Task A_row_larger_than_the_buffer_is_read()
    {
        var large = new string('x', 3_000_000) + "\\t" + new string('y', 1_000_000);
        var archive = new SampleArchive { BlockBytes = 70_000 }.Table("t", Columns[..2], "1\tsmall", "2\t" + large, "3\tsmall");
        var reader = await ArchiveReader.OpenAsync(new TricklingStream(archive.ToArray(), 50_000), Token);
        var rows = await RowsAsync(reader);
        Assert.Equal(["t:1|small", "t:2|" + large.Replace("\\t", "\t", StringComparison.Ordinal), "t:3|small"], rows);
    }

    [Fact]
    public void What_PostgreSQL_would_print_is_read_back() =>
        Gen.Select(Gen.String.Null(0.2).Array[3].Array[0, 20], Gen.Int[1, 40], Gen.Bool).Sample((rows, blockBytes, gzip) =>
        {
            var archive = new SampleArchive { BlockBytes = blockBytes, Compression = gzip ? (byte)1 : (byte)0 }
                .Table("t", ["a text", "b text", "c text"], [.. rows.Select(row => string.Join('\t', row.Select(Escaped)))]);
            var read = Wait(ReadAllAsync(new TricklingStream(archive.ToArray(), 7)));
            var expected = rows.Select(row => "t:" + string.Join('|', row.Select(field => field is null ? "<null>" : Utf8(field))));
            Assert.Equal(expected, read);
        }, iter: 300);

    [Fact]
    public async Task Cut_at_any_byte_it_is_refused_in_words()
    {
        foreach (var compression in new byte[] { 0, 1 })
        {
            var whole = Small(compression);
            for (var length = 0; length < whole.Length; length++)
            {
                var failure = await Assert.ThrowsAsync<EnteException>(() => ReadAllAsync(new MemoryStream(whole, 0, length)));
                Assert.NotEmpty(failure.Hint);
                await Assert.ThrowsAsync<EnteException>(() => CountAllAsync(new MemoryStream(whole, 0, length)));
            }

            Assert.Equal([("files", 2L), ("trash", 2L)], await CountAllAsync(new TricklingStream(whole, 3)));

            Assert.Equal(4, (await ReadAllAsync(new MemoryStream(whole))).Count);
        }
    }

    [Fact]
    public void With_any_byte_changed_it_is_read_or_refused_in_words() =>
        Gen.Select(Gen.Byte[0, 1], Gen.Int[0, 5000], Gen.Byte, Gen.Int[0, 5000], Gen.Byte).Sample((compression, at, value, at2, value2) =>
        {
            var damaged = Small(compression);
            damaged[at % damaged.Length] = value;
            damaged[at2 % damaged.Length] ^= value2;
            Assert.True(Wait(IsReadOrRefusedAsync(damaged)));
        }, iter: 2000);

    [Fact]
    public async Task With_compressed_rows_changed_it_is_refused()
    {
        var whole = Small(1);
        var rows = whole.AsSpan().LastIndexOf((byte)0x78);
        whole[rows + 12] ^= 0x40;
        await Assert.ThrowsAsync<EnteException>(() => ReadAllAsync(new MemoryStream(whole)));
    }

    [Theory]
    [InlineData("1.13", 6, 13)]
    [InlineData("1.17", 6, 17)]
    [InlineData("2.14", 5, 2)]
    [InlineData("integers of 8 bytes", 8, 8)]
    [InlineData("format 3", 10, 3)]
    [InlineData("does not begin with", 0, (byte)'Q')]
    public async Task An_unknown_kind_of_archive_is_named(string words, int at, byte value)
    {
        var archive = Small(0);
        archive[at] = value;
        var failure = await Assert.ThrowsAsync<EnteException>(() => ReadAllAsync(new MemoryStream(archive)));
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "lz4")]
    [InlineData(3, "zstd")]
    public async Task Other_compressions_are_refused_by_name(byte compression, string name)
    {
        var failure = await RefusedAsync(new SampleArchive { Minor = 16, Compression = compression });
        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
        Assert.Contains("--compress=0", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_encodings_are_refused() =>
        Assert.Contains("LATIN1", (await RefusedAsync(new SampleArchive { Encoding = "LATIN1" })).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Inserts_instead_of_COPY_are_refused() =>
        Assert.Contains("--inserts", (await RefusedAsync(
            new SampleArchive().Definition("t", "a text").RowsWith("t", null, "INSERT"))).Hint, StringComparison.Ordinal);

    [Fact]
    public async Task Rows_without_a_definition_are_refused() =>
        Assert.Contains(
            "\"t\"", (await RefusedAsync(new SampleArchive().Rows("t", ["a text"], "\\.\n\n\n"))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Announced_rows_that_do_not_come_are_missed()
    {
        var failure = await RefusedAsync(
            new SampleArchive().Table("here", ["a text"], "1").Definition("gone", "a text").RowsThatDoNotCome("gone", ["a text"]));
        Assert.Contains("\"gone\"", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1\n", "end mark")]
    [InlineData("1\t2\n\\.\n\n\n", "2 fields")]
    [InlineData("1\n\\.\n\n\n2\n", "after the end mark")]
    [InlineData("1\\\n\\.\n\n\n", "backslash")]
    public async Task Rows_that_are_not_whole_are_refused_with_table_and_row(string text, string words)
    {
        var failure = await RefusedAsync(new SampleArchive().Definition("t", "a text").Rows("t", ["a text"], text));
        Assert.Contains("table \"t\", at row 1", failure.Message, StringComparison.Ordinal);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1\n")]
    [InlineData("\\.\n\n")]
    [InlineData("1\\.\n\n\n")]
    [InlineData("1\r\n\\.\r\n\r\n\r\n")]
    public async Task Rows_without_their_end_are_not_counted(string text)
    {
        var archive = new SampleArchive().Definition("t", "a text").Rows("t", ["a text"], text);
        var failure = await Assert.ThrowsAsync<EnteException>(() => CountAllAsync(new MemoryStream(archive.ToArray())));
        Assert.Contains("end mark", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_of_a_table_that_an_extension_makes_are_passed_over_and_counted()
    {
        var archive = new SampleArchive().Extension("postgis").Rows("spatial_ref_sys", ["id integer"], "1\n\\.\n\n\n")
            .Table("t", ["a text"], "x", "y").ToArray();
        Assert.Equal(["t:x", "t:y"], await ReadAllAsync(new MemoryStream(archive)));
        Assert.Equal([("spatial_ref_sys", 1L), ("t", 2L)], await CountAllAsync(new MemoryStream(archive)));
    }

    [Fact]
    public async Task Bytes_after_the_end_are_refused()
    {
        byte[] longer = [.. Small(0), 0, 0, 0, 0, 0, 0];
        await Assert.ThrowsAsync<EnteException>(() => ReadAllAsync(new MemoryStream(longer)));
        await Assert.ThrowsAsync<EnteException>(() => CountAllAsync(new MemoryStream(longer)));
    }

    [Fact]
    public async Task A_length_of_two_gigabytes_takes_no_memory()
    {
        var archive = Small(0);
        // The length of the first text of the head, the database's name.
        new byte[] { 0, 0xff, 0xff, 0xff, 0x7f }.CopyTo(archive.AsSpan(51));
        var before = GC.GetAllocatedBytesForCurrentThread();
        await Assert.ThrowsAsync<EnteException>(() => ReadAllAsync(new MemoryStream(archive)));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 10_000_000);
    }

    [Fact]
    public async Task Rows_that_want_a_dictionary_are_refused()
    {
        var archive = Small(1);
        var compressed = archive.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x78, 0x01]);
        archive[compressed + 1] = 0xBB;
        var refused = await Assert.ThrowsAsync<EnteException>(() => ReadAllAsync(new MemoryStream(archive)));
        Assert.Contains("cannot be unpacked", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task Fuzzed_archives_are_read_or_refused_in_words() => Fuzz.RunAsync(
        1000, random => IsReadOrRefusedAsync(Fuzz.Mutate(Small((byte)random.Next(2), (byte)random.Next(14, 17)), random)));

    private static byte[] Small(byte compression, byte minor = 14) => new SampleArchive { Compression = compression, Minor = minor }
        .Table("files", Columns, "1\tone\t{}", "2\t\\N\t[\"\\\\t\"]").LargeObject([1, 2, 3])
        .Table("trash", Columns[..2], "1\t\\ttab\\\\", "-5\t").Sequence("files_file_id_seq", 10000071).ToArray();

    private static async Task<EnteException> RefusedAsync(SampleArchive archive) =>
        await Assert.ThrowsAsync<EnteException>(() => ReadAllAsync(new MemoryStream(archive.ToArray())));

    private static async Task<bool> IsReadOrRefusedAsync(byte[] archive)
    {
        try
        {
            _ = await ReadAllAsync(new MemoryStream(archive));
            _ = await CountAllAsync(new MemoryStream(archive));
        }
        catch (EnteException)
        {
            // Refused in words: what a damaged archive has to come to.
        }

        return true;
    }

    private static async Task<IEnumerable<(string, long)>> CountAllAsync(Stream stream) =>
        (await (await ArchiveReader.OpenAsync(stream, Token)).CountRowsAsync(Token))
            .Select(table => (table.Key.Table, table.Value)).Order();

    private static async Task<List<string>> ReadAllAsync(Stream stream) => await RowsAsync(await ArchiveReader.OpenAsync(stream, Token));

    private static async Task<List<string>> RowsAsync(ArchiveReader reader)
    {
        var all = new List<string>();
        while (await reader.NextTableAsync(Token) is { } rows)
        {
            while (await rows.ReadAsync(Token))
            {
                all.Add($"{rows.Table.Name}:{string.Join('|', Enumerable.Range(0, rows.Table.Columns.Count)
                    .Select(column => rows.IsNull(column) ? "<null>" : Encoding.UTF8.GetString(rows.Utf8(column))))}");
            }
        }

        return all;
    }

    // The properties are synchronous; the streams are in memory, so nothing is ever waited for.
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static string Utf8(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string Escaped(string? field) => field is null ? "\\N" : string.Concat(Utf8(field).Select(character => character switch
    {
        '\\' => "\\\\",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\v' => "\\v",
        _ => character.ToString(),
    }));
}

/// <summary>Gives at most so many bytes at a time, as a pipe does.</summary>
internal sealed class TricklingStream(byte[] bytes, int atATime) : MemoryStream(bytes)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, atATime)], cancellationToken);
}
