using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;

namespace Nestegg.Repositories;

/// <summary>Of rows whose files are gone or damaged, those that some snapshot needs and whose bytes no other pack has.</summary>
internal sealed class MissingObjects : IDisposable
{
    private readonly Repository? repository;
    private readonly PackedPlaces? places;
    private readonly HashSet<string> lostFiles = new(StringComparer.Ordinal);

    private MissingObjects(Repository? repository, PackedPlaces? places) => (this.repository, this.places) = (repository, places);

    /// <summary>Nothing is missing.</summary>
    public static MissingObjects None { get; } = new(null, null);

    public LiveSet Rows { get; } = new();

    /// <summary>How many rows that some snapshot needs have their bytes in other packs.</summary>
    public long Elsewhere { get; private set; }

    /// <summary>Files that are gone or damaged, and of which nothing is missing.</summary>
    public HashSet<string> FilesElsewhere { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads the index files that have such rows, twice, and all of them once.</summary>
    public static async Task<MissingObjects> FindAsync(Repository repository, LiveSet lost, CancellationToken cancellationToken)
    {
        var needed = new NeededRows();
        await foreach (var (manifest, rows) in repository.WhoNeedsAsync(lost, cancellationToken))
        {
            needed.Add(manifest.Id, rows);
        }

        if (needed.IndexFiles.Count == 0)
        {
            return None;
        }

        var missing = new MissingObjects(repository, await repository.LoadPlacesAsync(cancellationToken));
        foreach (var (name, rows) in lost.Files)
        {
            await foreach (var file in missing.ReadAsync(name, rows, cancellationToken))
            {
                missing.lostFiles.Add(file.Key);
            }
        }

        foreach (var name in needed.IndexFiles)
        {
            await missing.SortOutAsync(name, needed.Of(name), cancellationToken);
        }

        return missing;
    }

    /// <summary>Bytes that are in another pack.</summary>
    public async Task<Stream?> TryReadElsewhereAsync(IndexRow row, CancellationToken cancellationToken)
    {
        foreach (var other in OthersOf(row))
        {
            if (await repository!.TryReadPackedAsync(other, cancellationToken) is { } content)
            {
                return new MemoryStream(content, writable: false);
            }
        }

        return null;
    }

    public void Dispose() => places?.Dispose();

    private async Task SortOutAsync(string indexName, RowSet needed, CancellationToken cancellationToken)
    {
        var rows = new RowSet();
        await foreach (var file in ReadAsync(indexName, needed, cancellationToken))
        {
            var (all, gone) = (0, 0);
            foreach (var (number, row) in file.Rows.Where(one => needed.Contains(one.Number)))
            {
                all++;
                if (!OthersOf(row).Any())
                {
                    gone++;
                    rows.Add(number);
                }
            }

            Elsewhere += all - gone;
            if (gone == 0)
            {
                FilesElsewhere.Add(file.Key);
            }
        }

        if (rows.Count > 0)
        {
            Rows.Add(indexName, rows);
        }
    }

    private async IAsyncEnumerable<FileRows> ReadAsync(
        string indexName, RowSet rows, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var index = await repository!.ReadIndexAsync(indexName, cancellationToken);
        await foreach (var file in Repository.ReadRowsByFileAsync(index, cancellationToken))
        {
            if (file.Rows.Any(one => rows.Contains(one.Number)))
            {
                yield return file;
            }
        }
    }

    private IEnumerable<IndexRow> OthersOf(IndexRow row) => places!.Others(row).Where(other => !lostFiles.Contains(other.StoredAs));
}
