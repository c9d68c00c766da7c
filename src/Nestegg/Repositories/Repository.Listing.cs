using System.Runtime.CompilerServices;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores;

namespace Nestegg.Repositories;

// What there is, by kind.
internal sealed partial class Repository
{
    /// <summary>Every file under <c>objects/</c> and <c>packs/</c>.</summary>
    /// <param name="unknown">Gets what lies there and is named otherwise.</param>
    public IAsyncEnumerable<StoredFile> ListStoredAsync(Action<StoreItem> unknown, CancellationToken cancellationToken) =>
        ListStoredAsync(store, unknown, cancellationToken);

    /// <summary>Every file in a snapshot's folder.</summary>
    /// <inheritdoc cref="ListStoredAsync(Action{StoreItem}, CancellationToken)" path="/param"/>
    public async IAsyncEnumerable<SnapshotFile> ListSnapshotFilesAsync(
        Action<StoreItem> unknown, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in store.ListAsync(RepositoryKeys.Snapshots, cancellationToken))
        {
            if (SnapshotFile.TryParse(item, out var file))
            {
                yield return file;
            }
            else
            {
                unknown(item);
            }
        }
    }

    /// <summary>All rows of an index file, together as they lie in the files of the repository; holds those of one such file.</summary>
    /// <param name="index">Is disposed at the end.</param>
    public static async IAsyncEnumerable<FileRows> ReadRowsByFileAsync(
        StoredIndex index, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reader = new IndexReader(index);
        var indexKey = RepositoryKeys.IndexFile(index.Name);
        var rows = new List<(int Number, IndexRow Row)>();
        while (await reader.ReadBlockAsync(cancellationToken))
        {
            while (TryReadRow(reader, out var row))
            {
                if (rows.Count > 0 && rows[0].Row.StoredAs != row.StoredAs)
                {
                    yield return new FileRows(rows[0].Row.StoredAs, indexKey, rows);
                    rows = [];
                }

                rows.Add((reader.Row, row));
            }
        }

        if (rows.Count > 0)
        {
            yield return new FileRows(rows[0].Row.StoredAs, indexKey, rows);
        }
    }

    internal static async IAsyncEnumerable<StoredFile> ListStoredAsync(
        IStore store, Action<StoreItem> unknown, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var folder in (string[])[RepositoryKeys.Objects, RepositoryKeys.Packs])
        {
            await foreach (var item in store.ListAsync(folder, cancellationToken))
            {
                if (StoredFile.TryParse(item, out var file))
                {
                    yield return file;
                }
                else
                {
                    unknown(item);
                }
            }
        }
    }

    private static bool TryReadRow(IndexReader reader, out IndexRow row)
    {
        var isRow = reader.TryReadRow(out var line);
        row = isRow ? line.ToRow() : default;
        return isRow;
    }
}
