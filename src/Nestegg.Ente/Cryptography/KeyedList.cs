using System.Collections;

namespace Nestegg.Ente.Cryptography;

/// <summary>Things that hold keys, opened one after the other and disposed together.</summary>
public sealed class KeyedList<T> : IReadOnlyList<T>, IDisposable
    where T : IDisposable
{
    private readonly List<T> items = [];

    private KeyedList()
    {
    }

    /// <inheritdoc/>
    public int Count => items.Count;

    /// <inheritdoc/>
    public T this[int index] => items[index];

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Zeroes all their keys.</summary>
    public void Dispose()
    {
        foreach (var item in items)
        {
            item.Dispose();
        }
    }

    /// <summary>Takes up what is being opened. When that fails, what was opened before it is disposed.</summary>
    internal static async Task<KeyedList<T>> CollectAsync(IAsyncEnumerable<T> opening, CancellationToken cancellationToken)
    {
        var list = new KeyedList<T>();
        try
        {
            await foreach (var item in opening.WithCancellation(cancellationToken))
            {
                list.items.Add(item);
            }

            return list;
        }
        catch
        {
            list.Dispose();
            throw;
        }
    }

    internal void Sort(Comparison<T> comparison) => items.Sort(comparison);
}
