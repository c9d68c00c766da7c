namespace Nestegg.Stores;

/// <summary>What a key may look like, in every store.</summary>
internal static class StoreKey
{
    /// <summary>Refuses what would leave the store or mean different things in a folder and in a bucket.</summary>
    /// <exception cref="NesteggException">
    /// It is no key. Others may have made an item of such a name, so it concerns no other item.
    /// </exception>
    public static void Check(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        foreach (var part in key.AsSpan().Split('/'))
        {
            var name = key.AsSpan(part);
            if (name.IsEmpty || name is "." or ".." || name.ContainsAny('\0', '\\'))
            {
                throw new NesteggException(
                    FailureKind.BadInput, $"'{key}' is no name that an item of a repository has",
                    "remove what is called so, and look who made it")
                { IsOfOneItem = true };
            }
        }
    }
}
