using System.Formats.Tar;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Packs;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

public class PackTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly byte[][] Contents = [[], [1], new byte[511], SampleRepository.Content(
        512, 1), SampleRepository.Content(513, 2), SampleRepository.Content(PackWriter.ObjectLimitBytes - 1, 3)];

    [Fact]
    public async Task Another_tar_reader_reads_it()
    {
        var (pack, _) = await PackAsync(Contents);
        await using var reader = new TarReader(new MemoryStream(pack));
        foreach (var content in Contents)
        {
            var entry = await reader.GetNextEntryAsync(true, Token);
            Assert.Equal(TarEntryFormat.Ustar, entry!.Format);
            Assert.Equal(ObjectHash.Of(content).ToString(), entry.Name);
            Assert.Equal(DateTimeOffset.UnixEpoch, entry.ModificationTime);
            var read = new MemoryStream();
            await (entry.DataStream ?? Stream.Null).CopyToAsync(read, Token);
            Assert.Equal(content, read.ToArray());
        }

        Assert.Null(await reader.GetNextEntryAsync(true, Token));
    }

    [Fact]
    public async Task Rows_say_where_the_bytes_are()
    {
        var (pack, rows) = await PackAsync(Contents);
        for (var i = 0; i < Contents.Length; i++)
        {
            Assert.Equal(Contents[i], pack.AsSpan((int)rows[i].Offset, (int)rows[i].SizeBytes).ToArray());
            Assert.Equal(ObjectHash.Of(pack), rows[i].Pack);
        }
    }

    [Fact]
    public async Task The_same_content_is_written_once()
    {
        var (pack, rows) = await PackAsync([[7], [7]]);
        Assert.Equal(512 + 512 + 1024, pack.Length);
        Assert.Equal(rows[0].Offset, rows[1].Offset);
        Assert.NotEqual(rows[0].Key, rows[1].Key);
    }

    [Fact]
    public async Task Our_reader_returns_every_entry_and_names_the_first_broken_header()
    {
        var (pack, rows) = await PackAsync(Contents);
        var entries = await ReadAsync(pack);
        Assert.Equal(rows.Select(
            row => (row.Hash, row.Offset, (int)row.SizeBytes)), entries.Select(entry => (entry.Name, entry.Offset, entry.SizeBytes)));
        Assert.All(entries, entry => Assert.Equal(entry.Name, entry.Content));

        pack[rows[3].Offset - 512 + 130] ^= 1;
        var e = await Assert.ThrowsAsync<NesteggException>(() => ReadAsync(pack));
        Assert.Contains($"at byte {rows[3].Offset - 512}", e.Message);
    }

    [Fact]
    public async Task A_full_pack_is_at_most_16_MiB_and_takes_no_more()
    {
        using var folder = new TemporaryFolder();
        await using var store = new LocalStore(folder.Path);
        using var writer = new PackWriter();
        await writer.BeginAsync(store, Token);
        var content = new byte[900_000];
        var added = 0;
        for (; writer.HasRoomFor(content.Length); BitConverter.TryWriteBytes(content, ++added))
        {
            await writer.AddAsync($"{added}", 0, content, ObjectHash.Of(content));
        }

        var rows = (await writer.CommitAsync(Token)).ToList();
        Assert.InRange(new FileInfo(folder[rows[0].StoredAs]).Length, 15_000_000, PackWriter.CapacityBytes);
        Assert.Equal(added, rows.Count);
        await writer.BeginAsync(store, Token);
        Assert.True(writer.HasRoomFor(content.Length));
    }

    [Fact]
    public async Task A_pack_that_could_not_be_stored_is_stored_by_the_next_attempt()
    {
        using var folder = new TemporaryFolder();
        await using var store = new LocalStore(folder.Path);
        using var writer = new PackWriter();
        await writer.BeginAsync(store, Token);
        await writer.AddAsync("1/a", 0, new byte[] { 1 }, ObjectHash.Of([1]));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writer.CommitAsync(new CancellationToken(canceled: true)));
        Assert.True(writer.IsWhole);
        var row = Assert.Single(await writer.CommitAsync(Token));
        Assert.Equal(row.Pack, ObjectHash.Of(await File.ReadAllBytesAsync(folder[row.StoredAs], Token)));
    }

    [Fact]
    public async Task A_pack_in_which_a_write_failed_is_not_whole_any_more()
    {
        using var folder = new TemporaryFolder();
        await using var store = new LocalStore(folder.Path);

        // The first operation creates the item; then come header, content, padding and end.
        for (var operation = 2; operation <= 5; operation++)
        {
            using var writer = new PackWriter();
            await writer.BeginAsync(FaultyStore.FailingOnceAt(store, operation), Token);
            await Assert.ThrowsAsync<NesteggException>(async () =>
            {
                await writer.AddAsync("1/a", 0, new byte[] { 1 }, ObjectHash.Of([1]));
                Assert.True(writer.IsWhole);
                await writer.CommitAsync(Token);
            });
            Assert.False(writer.IsWhole);
        }
    }

    private static async Task<(byte[] Pack, List<IndexRow> Rows)> PackAsync(byte[][] contents)
    {
        using var folder = new TemporaryFolder();
        await using var store = new LocalStore(folder.Path);
        using var writer = new PackWriter();
        await writer.BeginAsync(store, Token);
        foreach (var (i, content) in contents.Index())
        {
            await writer.AddAsync($"1/{i}", 0, content, ObjectHash.Of(content));
        }

        var rows = (await writer.CommitAsync(Token)).ToList();
        return (await File.ReadAllBytesAsync(folder[rows[0].StoredAs], Token), rows);
    }

    private static async Task<List<PackEntry>> ReadAsync(byte[] pack)
    {
        var entries = new List<PackEntry>();
        using var reader = new PackReader(new MemoryStream(pack), "pack");
        await foreach (var entry in reader.ReadAllAsync(Token))
        {
            entries.Add(entry);
        }

        return entries;
    }
}
