using System.Runtime.CompilerServices;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Library;

/// <summary>The key of one type of a person's entities. Disposing it zeroes the key.</summary>
internal sealed class EntityKey(string type, SecretKey key) : IDisposable
{
    private string Type => type;

    private SecretKey Key => key;

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();

    /// <summary>Those that open: a person has one for each of about six types.</summary>
    internal static Task<KeyedList<EntityKey>> ReadAsync(EnteRows rows, long userId, KeyChain keys, CancellationToken cancellationToken) =>
        KeyedList<EntityKey>.CollectAsync(OpenAllAsync(rows, userId, keys, cancellationToken), cancellationToken);

    /// <summary>The key of a type; null when there is none that opens.</summary>
    internal static SecretKey? Of(string type, IEnumerable<EntityKey> keys) => keys.LastOrDefault(entity => entity.Type == type)?.Key;

    private static async IAsyncEnumerable<EntityKey> OpenAllAsync(
        EnteRows rows, long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in rows.ReadAsync(
            $"SELECT type, encrypted_key, header FROM entity_key WHERE user_id = {userId}", cancellationToken))
        {
            if (WrappedKey.Read(row.Text(1), row.Text(2)) is { } wrapped && wrapped.TryOpen(keys.MasterKey, out var key))
            {
                yield return new EntityKey(row.GetString(0), key);
            }
        }
    }
}
