using Nestegg.Repositories;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Packs;
using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

public sealed class ObjectReadAheadTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Neighbours_are_fetched_together_and_every_byte_is_right()
    {
        var objects = Enumerable.Range(0, 300).ToDictionary(i => $"7/{i:000}", i => SampleRepository.Content(i * 150, i));
        var (repository, store, rows) = await BackUpAsync(objects);
        var packs = repository.ReadAhead();
        store.Opened = 0;
        await Parallel.ForEachAsync(rows, Token, async (row, token) => Assert.Equal(objects[row.Key], await ReadAsync(packs, row, token)));
        Assert.InRange(store.Opened, 1, 30);
    }

    [Fact]
    public async Task Objects_far_apart_are_fetched_alone()
    {
        var objects = Enumerable.Range(0, 40).ToDictionary(i => $"7/{i:00}", i => SampleRepository.Content(900_000, i));
        var (repository, store, rows) = await BackUpAsync(objects);
        var packs = repository.ReadAhead();
        store.ReadBytes = 0;
        foreach (var row in rows.Where((_, i) => i % 5 == 0))
        {
            Assert.Equal(objects[row.Key], await ReadAsync(packs, row, Token));
        }

        Assert.Equal(8 * 900_000, store.ReadBytes);
    }

    [Fact]
    public async Task A_pack_that_is_cut_gives_what_is_there()
    {
        var objects = Enumerable.Range(0, 30).ToDictionary(i => $"7/{i:00}", i => SampleRepository.Content(100_000, i));
        var (repository, _, rows) = await BackUpAsync(objects);
        var path = Path.Combine(folder["repository"], rows[0].StoredAs);
        File.SetAttributes(path, FileAttributes.Normal);
        await using (var file = File.OpenWrite(path))
        {
            file.SetLength(rows[20].Offset + 10);
        }

        var packs = repository.ReadAhead();
        var lengths = new List<int>();
        foreach (var row in rows[18..22])
        {
            lengths.Add((await ReadAsync(packs, row, Token)).Length);
        }

        Assert.Equal([100_000, 100_000, 10, 0], lengths);
    }

    private static async Task<byte[]> ReadAsync(ObjectReadAhead packs, IndexRow row, CancellationToken token)
    {
        await using var stream = await packs.OpenAsync(row, token);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, token);
        return content.ToArray();
    }

    private async Task<(Repository Repository, CountingStore Store, List<IndexRow> Rows)> BackUpAsync(Dictionary<string, byte[]> objects)
    {
        var store = new CountingStore(LocalStore.Create(folder["repository"]));
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var manifest = await sample.BackUpAsync(objects, Token);
        return (sample.Repository, store, [.. (await sample.Repository.ReadLiveRowsAsync(manifest, Token).ToListAsync(Token)).OrderBy(
            row => row.StoredAs).ThenBy(row => row.Offset)]);
    }

    /// <summary>Counts what is opened and how much of it was asked for.</summary>
    private sealed class CountingStore(IStore inner) : StoreAround(inner)
    {
        private int opened;
        private long readBytes;

        public int Opened { get => opened; set => opened = value; }

        public long ReadBytes { get => readBytes; set => readBytes = value; }

        public override Task<Stream?> TryOpenAsync(string key, long offset, long? length, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref opened);
            Interlocked.Add(ref readBytes, length ?? 0);
            return Inner.TryOpenAsync(key, offset, length, cancellationToken);
        }
    }
}
