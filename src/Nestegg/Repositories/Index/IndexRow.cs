using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>Where one content of one key is in the repository.</summary>
/// <param name="Key">Its key in the bucket.</param>
/// <param name="Version">0 for keys that are written once.</param>
/// <param name="Pack">The pack it is in; <see langword="null"/> for a file of its own.</param>
/// <param name="Offset">Where its bytes begin in the pack.</param>
internal readonly record struct IndexRow(string Key, long Version, long SizeBytes, ObjectHash Hash, ObjectHash? Pack, long Offset)
{
    private const int TarBlockBytes = 512;

    /// <summary>The file of the repository that holds the bytes.</summary>
    public string StoredAs => Pack is { } pack ? RepositoryKeys.Pack(pack) : RepositoryKeys.Object(Hash);

    /// <summary>The length of a pack whose last entry ends here: a tar fills that up to a block and ends with two of zeros.</summary>
    public static long PackBytes(long entriesEnd) =>
        (entriesEnd + TarBlockBytes - 1) / TarBlockBytes * TarBlockBytes + 2 * TarBlockBytes;
}
