using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Packs;
using Nestegg.Stores.Local;

namespace Nestegg.Benchmarks.Parts;

/// <summary>Packs of small objects, and an index of 100,000 rows.</summary>
[MemoryDiagnoser]
public class PacksAndIndex
{
    private const int Rows = 100_000;

    private readonly byte[][] objects =
        [.. Enumerable.Range(0, 400).Select(_ => RandomNumberGenerator.GetBytes(Random.Shared.Next(8_000, 60_000)))];
    private readonly string[] keys = [.. Enumerable.Range(0, Rows).Select(_ => $"1580559962386438/{Guid.NewGuid()}")];
    private readonly string folder = Directory.CreateTempSubdirectory("nestegg-bench-").FullName;
    private readonly IndexSigner signer = new(MinisignSecretKey.Generate(), "repository");
    private string packKey = "";
    private byte[] index = [];
    private string indexName = "";

    [GlobalSetup]
    public async Task WriteOnce()
    {
        index = IndexWrite().ToArray();
        packKey = await PackWrite();
    }

    [GlobalCleanup]
    public void RemoveFolder() => Directory.Delete(folder, recursive: true);

    [Benchmark]
    public async Task<string> PackWrite()
    {
        await using var store = new LocalStore(folder);
        using var pack = new PackWriter();
        await pack.BeginAsync(store, CancellationToken.None);
        foreach (var content in objects)
        {
            await pack.AddAsync("key", 0, content, ObjectHash.Of(content));
        }

        return (await pack.CommitAsync(CancellationToken.None)).First().StoredAs;
    }

    [Benchmark]
    public async Task<int> PackRead()
    {
        await using var store = new LocalStore(folder);
        await using var content = await store.TryOpenAsync(packKey, 0, null, CancellationToken.None);
        var entries = 0;
        using var pack = new PackReader(content!, packKey);
        await foreach (var _ in pack.ReadAllAsync(CancellationToken.None))
        {
            entries++;
        }

        return entries;
    }

    [Benchmark]
    public ReadOnlyMemory<byte> IndexWrite()
    {
        using var writer = new IndexWriter();
        var hash = ObjectHash.Of("pack"u8);
        for (var row = 0; row < Rows; row++)
        {
            writer.Append(
                new IndexRow(keys[row], 0, 30_000, ObjectHash.Of(Encoding.ASCII.GetBytes(keys[row])), hash, 512 + (row * 31_000L)));
        }

        var content = writer.Finish(signer, "sample-1");
        indexName = IndexName.Of("sample-1", ObjectHash.Of(content.Span));
        return content;
    }

    [Benchmark]
    public async Task<int> IndexRead()
    {
        var file = await StoredIndex.ReadAsync(new MemoryStream(index), indexName, CancellationToken.None);
        await using var reader = new IndexReader(signer.HasSigned(file) ? file : throw new InvalidOperationException("It was signed."));
        var rows = 0;
        while (await reader.ReadBlockAsync(CancellationToken.None))
        {
            while (reader.TryReadRow(out _))
            {
                rows++;
            }
        }

        return rows;
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public long TableLookup()
    {
        using var table = new ObjectTable();
        for (var row = 0u; row < Rows; row++)
        {
            table.Set(new UInt128(row * 0x9E3779B97F4A7C15, row), row);
        }

        var found = 0L;
        for (var row = 0u; row < Rows; row++)
        {
            found += table.TryGet(new UInt128(row * 0x9E3779B97F4A7C15, row), out _) ? 1 : 0;
        }

        return found;
    }
}
