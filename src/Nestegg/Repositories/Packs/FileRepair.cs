using System.Diagnostics;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores;

namespace Nestegg.Repositories.Packs;

/// <summary>
/// Writes a file under <c>objects/</c> or <c>packs/</c> once more under its own name, over what is there, and only when it comes out as the
/// name says: so every snapshot that needs it is whole again.
/// </summary>
/// <param name="fetch">
/// Gets the bytes that a row names from elsewhere, from the first to the last and as long as the row says; <see langword="null"/> when they
/// are not to be had.
/// </param>
internal sealed class FileRepair(IStore store, Func<IndexRow, CancellationToken, Task<Stream?>> fetch)
{
    /// <param name="file">All rows of the file.</param>
    /// <returns><see langword="false"/> when nothing was written.</returns>
    public Task<bool> TryPutBackAsync(FileRows file, CancellationToken cancellationToken)
    {
        Debug.Assert(file.Rows.All(one => one.Row.Pack == file.Rows[0].Row.Pack), "All rows are of the file.");
        return file.Rows[0].Row.Pack is null
            ? TryPutObjectAsync(file.Rows[0].Row, cancellationToken)
            : TryPutPackAsync(file, cancellationToken);
    }

    private async Task<bool> TryPutObjectAsync(IndexRow row, CancellationToken cancellationToken)
    {
        await using var content = await fetch(row, cancellationToken);
        if (content is null)
        {
            return false;
        }

        await using var item = await store.CreateAsync(row.SizeBytes, cancellationToken);
        await using var hashing = new HashingStream(item);
        await content.CopyToAsync(hashing, 128 * 1024, cancellationToken);
        if (hashing.Finish() != row.Hash)
        {
            return false;
        }

        await item.CommitAsync(row.StoredAs, cancellationToken);
        return true;
    }

    private async Task<bool> TryPutPackAsync(FileRows file, CancellationToken cancellationToken)
    {
        using var pack = new PackWriter();
        await pack.BeginAsync(store, cancellationToken);
        foreach (var row in file.Rows.Select(one => one.Row).DistinctBy(row => row.Offset).OrderBy(row => row.Offset))
        {
            // What the damaged pack still has need not come from elsewhere.
            var content = await PackedBytes.TryReadAsync(store, row, cancellationToken) ?? await TryFetchAsync(row, cancellationToken);
            if (content is null)
            {
                return false;
            }

            await pack.AddAsync(row.Key, row.Version, content, row.Hash);
        }

        if (await pack.SealAsync() != file.Rows[0].Row.Pack)
        {
            return false;
        }

        await pack.CommitAsync(cancellationToken);
        return true;
    }

    private async Task<byte[]?> TryFetchAsync(IndexRow row, CancellationToken cancellationToken)
    {
        await using var fetched = await fetch(row, cancellationToken);
        return fetched is null ? null : await PackedBytes.TryReadAsync(fetched, row, cancellationToken);
    }
}
