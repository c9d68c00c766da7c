namespace Nestegg.Stores;

/// <summary>What a key may look like, in every store.</summary>
internal static class StoreKey
{
    /// <summary>Refuses what would leave the store or mean different things in a folder and in a bucket.</summary>
    public static void Check(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        foreach (var part in key.AsSpan().Split('/'))
        {
            var name = key.AsSpan(part);
            if (name.IsEmpty || name is "." or ".." || name.ContainsAny('\0', '\\'))
            {
                throw new ArgumentException($"'{key}' is no key: its parts must be names", nameof(key));
            }
        }
    }
}
