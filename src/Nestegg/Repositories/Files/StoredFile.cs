using Nestegg.Stores;

namespace Nestegg.Repositories.Files;

/// <summary>A file under <c>objects/</c> or <c>packs/</c>.</summary>
internal readonly record struct StoredFile(string Key, ObjectHash Hash, bool IsPack, long SizeBytes)
{
    /// <summary><see langword="false"/> when its name is not one that we give.</summary>
    public static bool TryParse(in StoreItem item, out StoredFile file)
    {
        var isOurs = RepositoryKeys.TryGetHash(item.Key, out var hash, out var isPack);
        file = new StoredFile(item.Key, hash, isPack, item.SizeBytes);
        return isOurs;
    }
}
