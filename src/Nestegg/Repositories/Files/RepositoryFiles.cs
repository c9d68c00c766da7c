using System.Diagnostics;
using System.Runtime.CompilerServices;
using Nestegg.Stores;

namespace Nestegg.Repositories.Files;

/// <summary>A repository's files on its store: those that must be there, and the small ones that are read and written whole.</summary>
internal static class RepositoryFiles
{
    private const int SmallFileLimitBytes = 64 * 1024 * 1024;

    /// <exception cref="NesteggException"><see cref="FailureKind.Damaged"/> when it is not there.</exception>
    public static async Task<Stream> OpenAsync(this IStore store, string key, CancellationToken cancellationToken) =>
        await store.TryOpenAsync(key, 0, null, cancellationToken) ?? throw Damage.Missing(key, store.Location);

    /// <summary>Opens a part of a file.</summary>
    /// <exception cref="NesteggException"><see cref="FailureKind.Damaged"/> when the file is not there.</exception>
    public static async Task<Stream> OpenRangeAsync(
        this IStore store, string key, long offset, long length, CancellationToken cancellationToken)
    {
        Debug.Assert(offset >= 0 && length >= 0, "A range begins in the file; its length may be none.");

        // HTTP has no range of no bytes.
        var stream = length > 0 ? await store.TryOpenAsync(key, offset, length, cancellationToken)
            : await store.TryGetSizeAsync(key, cancellationToken) is null ? null : Stream.Null;
        return stream ?? throw Damage.Missing(key, store.Location);
    }

    /// <summary>Reads a small file; <see langword="null"/> when it is absent.</summary>
    public static Task<byte[]?> TryReadAsync(this IStore store, string key, CancellationToken cancellationToken) =>
        store.TryReadAsync(key, SmallFileLimitBytes, cancellationToken);

    /// <inheritdoc cref="TryReadAsync(IStore, string, CancellationToken)"/>
    /// <param name="limitBytes">What is longer is damaged, and not read to its end.</param>
    public static async Task<byte[]?> TryReadAsync(
        this IStore store, string key, int limitBytes, CancellationToken cancellationToken)
    {
        await using var stream = await store.TryOpenAsync(key, 0, null, cancellationToken);
        if (stream is null)
        {
            return null;
        }

        using var content = new MemoryStream();
        var block = new byte[64 * 1024];
        int count;
        while ((count = await stream.ReadAsync(block, cancellationToken)) > 0)
        {
            content.Write(block, 0, count);
            if (content.Length > limitBytes)
            {
                throw Damage.Of($"{key} at {store.Location} is longer than {limitBytes} bytes");
            }
        }

        return content.ToArray();
    }

    /// <summary>Reads a small file.</summary>
    /// <exception cref="NesteggException"><see cref="FailureKind.Damaged"/> when it is not there.</exception>
    public static async Task<byte[]> ReadAsync(this IStore store, string key, CancellationToken cancellationToken) =>
        await store.TryReadAsync(key, cancellationToken) ?? throw Damage.Missing(key, store.Location);

    /// <summary>What of a listing can be had. What kept the rest away is told at the end and not thrown.</summary>
    public static async IAsyncEnumerable<T> AsFarAsPossible<T>(
        this IAsyncEnumerable<T> items, Action<NesteggException> unread, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var each = items.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await each.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (NesteggException failure) when (failure.IsOfOneItem)
            {
                unread(failure);
                yield break;
            }

            yield return each.Current;
        }
    }

    /// <summary>Writes a small file in one step.</summary>
    public static async Task PutAsync(this IStore store, string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await using var item = await store.CreateAsync(content.Length, cancellationToken);
        await item.WriteAsync(content, cancellationToken);
        await item.CommitAsync(key, cancellationToken);
    }
}
