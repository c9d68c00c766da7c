using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores.Local;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>
/// Writes the index of a repository that holds a whole set already, and packs that have their lengths and nothing in them: a run that finds
/// nothing new lists the packs, reads the index and the database and never an object, so sets can be measured that no store on this
/// machine could hold.
/// </summary>
internal static class IndexedRepository
{
    private const int RowsInFile = 3 * ObjectsInPack;
    private const int ObjectsInPack = 20_000;

    /// <param name="signingKeyPath">The key that <c>init</c> made.</param>
    public static async Task WriteAsync(string folder, string signingKeyPath, FilledInstance instance)
    {
        await using var store = new LocalStore(folder);
        var repository = await Repository.OpenAsync(store, CancellationToken.None);
        using var signingKey = MinisignSecretKey.Parse(await File.ReadAllBytesAsync(signingKeyPath), signingKeyPath);
        var signer = new IndexSigner(signingKey, repository.Description.Id);
        var run = SnapshotId.New(DateTimeOffset.UtcNow, null, Random.Shared).ToString();
        var (number, row) = (0, 0L);
        var packs = new Dictionary<ObjectHash, long>();
        foreach (var file in instance.Objects().Chunk(RowsInFile))
        {
            using var index = new IndexWriter();
            foreach (var (key, version, sizeBytes) in file)
            {
                var pack = ObjectHash.Of(BitConverter.GetBytes(row / ObjectsInPack));
                var offset = 512 + (row % ObjectsInPack * 1024);
                index.Append(new IndexRow(key, version, sizeBytes, ObjectHash.Of(BitConverter.GetBytes(row)), pack, offset));
                packs[pack] = Math.Max(packs.GetValueOrDefault(pack), offset + sizeBytes);
                row++;
            }

            var numbered = $"{run}-{++number}";
            var content = index.Finish(signer, numbered);
            await store.PutAsync(
                RepositoryKeys.IndexFile(IndexName.Of(numbered, ObjectHash.Of(content.Span))), content, CancellationToken.None);
        }

        foreach (var (pack, bytes) in packs)
        {
            var path = Path.Combine(folder, RepositoryKeys.Pack(pack));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using var file = File.Create(path);
            file.SetLength(IndexRow.PackBytes(bytes));
        }
    }
}
