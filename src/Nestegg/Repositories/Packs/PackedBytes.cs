using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores;

namespace Nestegg.Repositories.Packs;

/// <summary>One object of a pack, read by itself.</summary>
internal static class PackedBytes
{
    /// <returns><see langword="null"/> when they are not what was stored, or cannot be read.</returns>
    public static async Task<byte[]?> TryReadAsync(IStore store, IndexRow row, CancellationToken cancellationToken)
    {
        try
        {
            await using var stored = await store.OpenRangeAsync(row.StoredAs, row.Offset, row.SizeBytes, cancellationToken);
            return await TryReadAsync(stored, row, cancellationToken);
        }
        catch (NesteggException failure) when (failure.SparesOthers)
        {
            return null;
        }
    }

    /// <summary>Reads them from elsewhere.</summary>
    /// <inheritdoc cref="TryReadAsync(IStore, IndexRow, CancellationToken)" path="/returns"/>
    public static async Task<byte[]?> TryReadAsync(Stream stream, IndexRow row, CancellationToken cancellationToken)
    {
        var content = new byte[row.SizeBytes];
        var length = await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken);
        return length == content.Length && ObjectHash.Of(content) == row.Hash ? content : null;
    }
}
