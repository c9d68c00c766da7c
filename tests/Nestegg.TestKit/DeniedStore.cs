using System.Runtime.CompilerServices;
using Nestegg.Stores;

namespace Nestegg.TestKit;

/// <summary>
/// A store some of whose items may not be read or deleted, as another user's files or keys that a policy denies; folders whose key is
/// denied may not be listed.
/// </summary>
/// <param name="isDenied">Asked with an item's key, and with the key of each folder above it, which ends in a slash.</param>
public sealed class DeniedStore(IStore inner, Func<string, bool> isDenied) : StoreAround(inner)
{
    public override Task<Stream?> TryOpenAsync(string key, long offset, long? length, CancellationToken cancellationToken) =>
        IsDenied(key) ? throw Denied(key) : Inner.TryOpenAsync(key, offset, length, cancellationToken);

    public override async IAsyncEnumerable<StoreItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? denied = null;
        await foreach (var item in Inner.ListAsync(prefix, cancellationToken))
        {
            if (Folders(item.Key).FirstOrDefault(isDenied) is { } folder)
            {
                denied = folder;
            }
            else
            {
                yield return item;
            }
        }

        if (denied is not null)
        {
            throw Denied(denied);
        }
    }

    public override Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        IsDenied(key) ? throw Denied(key) : Inner.DeleteAsync(key, cancellationToken);

    private bool IsDenied(string key) => isDenied(key) || Folders(key).Any(isDenied);

    private static IEnumerable<string> Folders(string key) =>
        key.Select((c, i) => (c, i)).Where(at => at.c == '/').Select(at => key[..(at.i + 1)]);

    private NesteggException Denied(string key) =>
        new(FailureKind.OutOfReach, $"cannot read {Inner.Location}/{key}: permission denied", "give this user access to it")
        {
            IsOfOneItem = true,
        };
}
