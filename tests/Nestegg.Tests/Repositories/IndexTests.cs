using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;

namespace Nestegg.Tests.Repositories;

public class IndexTests
{
    private const string Numbered = "20261123T190000Z-0000100a-1";

    private static readonly MinisignSecretKey Key = MinisignSecretKey.Generate();

    private static readonly IndexSigner Signer = new(Key, "repository");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly Gen<ObjectHash> GenHash = Gen.Byte.Array[32].Select(bytes => new ObjectHash(bytes));

    private static readonly Gen<IndexRow> GenRow =
        from key in Gen.String[Gen.Char["ab1/é\t\n\\t\r "], 1, 40]
        from version in Gen.Long[0, long.MaxValue]
        from size in Gen.Long[0, 1L << 39]
        from hash in GenHash
        from pack in Gen.Bool.SelectMany(isPacked => GenHash.Select(hash => isPacked ? hash : (ObjectHash?)null))
        from offset in Gen.Long[0, 1L << 24]
        select new IndexRow(key, version, size, hash, pack, pack is null ? 0 : offset);

    [Fact]
    public void An_escaped_field_has_no_tab_or_line_end_and_is_read_back() => Gen.Byte.Array[0, 50].Sample(field =>
    {
        var written = new ArrayBufferWriter<byte>();
        Tsv.Write(written, field);
        return !written.WrittenSpan.ContainsAny((byte)'\t', (byte)'\n')
            && Tsv.TryRead(written.WrittenSpan, new byte[written.WrittenCount], out var read) && read.SequenceEqual(field);
    });

    [Theory]
    [InlineData("\\")]
    [InlineData("a\\x")]
    public void An_escape_that_is_never_written_is_refused(string field) =>
        Assert.False(Tsv.TryRead(Encoding.UTF8.GetBytes(field), new byte[10], out _));

    [Fact]
    public async Task Rows_survive_an_index_file() => await GenRow.Array[0, 300].SampleAsync(async rows =>
    {
        Assert.Equal(rows, await ReadAsync(Write(rows)));
    }, iter: 30);

    [Fact]
    public async Task More_rows_than_a_block_holds_are_read()
    {
        var rows = Enumerable.Range(1, 20_000).Select(i => new IndexRow($"1/{i}", 0, i, ObjectHash.Of(BitConverter.GetBytes(i)), null, 0))
            .ToArray();
        Assert.Equal(rows, await ReadAsync(Write(rows)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("key\t0\t1")]
    [InlineData("key\t0\t1\tHASH\t-\t1")]
    [InlineData("key\t0\t-1\tHASH\t-\t0")]
    [InlineData("key\tx\t1\tHASH\t-\t0")]
    [InlineData("key\t0\t1\tHAS\t-\t0")]
    [InlineData("key\t0\t1\tHASH\t-\t0\tmore")]
    [InlineData("\t0\t1\tHASH\t-\t0")]
    [InlineData("k\\ey\t0\t1\tHASH\t-\t0")]
    public void A_line_of_another_form_is_refused(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line.Replace("HASH", new string('a', 64), StringComparison.Ordinal));
        Assert.False(IndexLine.TryParse(bytes, new byte[bytes.Length], out _));
    }

    [Fact]
    public async Task A_flipped_byte_anywhere_is_damage()
    {
        var content = Write(
            [new IndexRow("1/a", 0, 5, ObjectHash.Of([]), null, 0), new IndexRow("1/b", 0, 6, ObjectHash.Of([1]), null, 0)]);
        var hash = ObjectHash.Of(content);
        for (var i = 0; i < content.Length; i++)
        {
            var damaged = content.ToArray();
            damaged[i] ^= 4;
            var e = await Assert.ThrowsAsync<NesteggException>(() => ReadAsync(damaged, hash));
            Assert.Equal(FailureKind.Damaged, e.Kind);
        }

        await Assert.ThrowsAsync<NesteggException>(() => ReadAsync(content[..^1], hash));
        await Assert.ThrowsAsync<NesteggException>(() => ReadAsync([.. content, 0], hash));
    }

    [Fact]
    public async Task Only_what_the_key_signed_for_this_place_of_this_repository_is_signed()
    {
        var content = Write([new IndexRow("1/a", 0, 5, ObjectHash.Of([]), null, 0)]);
        using var file = await StoredAsync(content, Numbered);
        Assert.True(Signer.HasSigned(file));
        Assert.False(new IndexSigner(Key, "another repository").HasSigned(file));
        using var otherKey = MinisignSecretKey.Generate();
        Assert.False(new IndexSigner(otherKey, "repository").HasSigned(file));
        using var renamed = await StoredAsync(content, Numbered[..^1] + "2");
        Assert.False(Signer.HasSigned(renamed));

        // Whoever changes a byte can give the file the name that fits it.
        for (var i = 0; i < content.Length; i++)
        {
            var changed = content.ToArray();
            changed[i] ^= 1;
            using var forged = await StoredAsync(changed, Numbered);
            Assert.True(!Signer.HasSigned(forged) || forged.Rows.Span.SequenceEqual(file.Rows.Span), $"byte {i}");
        }
    }

    [Fact]
    public async Task What_stands_in_the_place_of_the_unsigned_words_of_a_signature_is_no_row()
    {
        // The first line of a signature is a comment that nobody signs: room for a frame of rows.
        var content = Write([new IndexRow("1/a", 0, 5, ObjectHash.Of([]), null, 0)]);
        var rows = content[..^SignatureFrame.SizeBytes];
        var planted = Enumerable.Range(0, 1000)
            .Select(n => Write([new IndexRow($"1/{n}", 0, 6, ObjectHash.Of(BitConverter.GetBytes(n)), null, 0)]))
            .Select(file => file[..^SignatureFrame.SizeBytes])
            .First(frame => !frame.Contains((byte)'\n'));
        var text = content.AsSpan(rows.Length + 8);
        byte[] forged = [.. rows, .. content.AsSpan(rows.Length, 4), 0, 0, 0, 0, .. planted, .. text[text.IndexOf((byte)'\n')..]];
        forged = forged[..content.Length];

        using var file = await StoredAsync(forged, Numbered);
        Assert.True(Signer.HasSigned(file), "the comment is free, so the forgery is a good one");
        Assert.Equal("1/a", Assert.Single(await ReadAsync(forged)).Key);
    }

    [Fact]
    public void A_row_set_is_a_set() => Gen.Int[1, 400].List[0, 200].Sample(rows =>
    {
        var set = new RowSet();
        foreach (var row in rows)
        {
            set.Add(row);
        }

        var expanded = set.Ranges().SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1));
        Assert.Equal(rows.Distinct().Order(), expanded);
        Assert.Equal(rows.Distinct().Count(), set.Count);
        Assert.Equal(rows.Count == 0 ? 0 : rows.Max(), set.Last);
        Assert.All(Enumerable.Range(1, 450), row => Assert.Equal(rows.Contains(row), set.Contains(row)));
        foreach (var row in rows)
        {
            set.Remove(row);
        }

        Assert.Empty(set.Ranges());
        Assert.Equal(0, set.Count);
    });

    [Fact]
    public async Task Live_ranges_survive_their_file() => await Gen.Int[1, 300].List[1, 100].Array[0, 5].SampleAsync(async files =>
    {
        var live = new LiveSet();
        for (var i = 0; i < files.Length; i++)
        {
            var rows = new RowSet();
            files[i].ForEach(row => rows.Add(row));
            live.Add($"file-{i}.tsv.zst", rows);
        }

        var text = new MemoryStream();
        await live.WriteAsync(text, Token);
        text.Position = 0;
        var read = await LiveSet.ReadAsync(text, "objects.live.zst", Token);
        Assert.Equal(live.Files.Keys.Order(), read.Files.Keys.Order());
        Assert.All(live.Files, file => Assert.Equal(file.Value.Ranges(), read.Files[file.Key].Ranges()));
    }, iter: 100);

    [Fact]
    public async Task Ranges_are_written_as_the_format_says()
    {
        var rows = new RowSet();
        foreach (var row in Enumerable.Range(1, 800).Append(802).Concat(Enumerable.Range(900, 101)))
        {
            rows.Add(row);
        }

        var live = new LiveSet();
        live.Add("x.tsv.zst", rows);
        var text = new MemoryStream();
        await live.WriteAsync(text, Token);
        Assert.Equal("x.tsv.zst\t1-800,802,900-1000\n", Encoding.UTF8.GetString(text.ToArray()));
    }

    [Theory]
    [InlineData("x\t1-3,2\n")]
    [InlineData("x\t3-1\n")]
    [InlineData("x\t0\n")]
    [InlineData("x\t1-999999999999\n")]
    [InlineData("x\t1-300000000\n")]
    [InlineData("x\t\n")]
    [InlineData("x\t1")]
    [InlineData("x\n")]
    [InlineData("x\t1\nx\t2\n")]
    public async Task A_broken_live_set_is_damage(string text)
    {
        var e = await Assert.ThrowsAsync<NesteggException>(
            () => LiveSet.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), "objects.live.zst", Token));
        Assert.Equal(FailureKind.Damaged, e.Kind);
        Assert.Contains("objects.live.zst", e.Message);
    }

    private static byte[] Write(IEnumerable<IndexRow> rows)
    {
        using var writer = new IndexWriter();
        foreach (var row in rows)
        {
            writer.Append(row);
        }

        return writer.Finish(Signer, Numbered).ToArray();
    }

    private static async Task<List<IndexRow>> ReadAsync(byte[] content, ObjectHash? hash = null)
    {
        var rows = new List<IndexRow>();
        await using var reader = new IndexReader(await StoredAsync(content, Numbered, hash));
        while (await reader.ReadBlockAsync(Token))
        {
            while (reader.TryReadRow(out var line))
            {
                rows.Add(line.ToRow());
            }
        }

        return rows;
    }

    private static Task<StoredIndex> StoredAsync(byte[] content, string numbered, ObjectHash? hash = null) =>
        StoredIndex.ReadAsync(new MemoryStream(content), IndexName.Of(numbered, hash ?? ObjectHash.Of(content)), Token);
}
