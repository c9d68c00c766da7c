using Nestegg.Repositories.Manifests;

namespace Nestegg.Repositories.Files;

/// <summary>Where things are in a repository (docs/format.md).</summary>
internal static class RepositoryKeys
{
    public const string Description = "nestegg.json";
    public const string IdentityFile = "identity.age";
    public const string Objects = "objects/";
    public const string Packs = "packs/";
    public const string Index = "index/";
    public const string Snapshots = "snapshots/";
    public const string Forgotten = "forgotten/";
    public const string Proofs = "proofs/";
    public const string Locks = "locks/";
    public const string Damage = "damage/";

    public const string Manifest = "snapshot.json";
    public const string Signature = "snapshot.json.minisig";
    public const string Database = "database.dump.zst.age";
    public const string Configuration = "config.tar.zst.age";
    public const string LiveRows = "objects.live.zst";
    public const string MissingRows = "missing.tsv.zst";

    private const string PackEnd = ".tar";
    private const int HashDigits = 2 * ObjectHash.SizeBytes;

    public static string Object(ObjectHash hash)
    {
        var name = hash.ToString();
        return $"{Objects}{name[..2]}/{name}";
    }

    public static string Pack(ObjectHash hash)
    {
        var name = hash.ToString();
        return $"{Packs}{name[..2]}/{name}{PackEnd}";
    }

    public static string IndexFile(string name) => Index + name;

    public static string SnapshotFile(SnapshotId id, string name) => $"{Snapshots}{id}/{name}";

    public static string NameOf(SecretPart part) => part switch
    {
        SecretPart.Database => Database,
        SecretPart.Configuration => Configuration,
        _ => throw new ArgumentOutOfRangeException(nameof(part)),
    };

    /// <summary>The hash in the name of an object or a pack; <see langword="false"/> when the name is not one that we give.</summary>
    public static bool TryGetHash(string key, out ObjectHash hash, out bool isPack)
    {
        isPack = key.StartsWith(Packs, StringComparison.Ordinal);
        var (folder, end) = isPack ? (Packs, PackEnd) : (Objects, "");
        var start = folder.Length + 3;
        hash = default;
        return key.Length == start + HashDigits + end.Length
            && key.StartsWith(folder, StringComparison.Ordinal) && key.EndsWith(end, StringComparison.Ordinal)
            && key[start - 1] == '/' && key.AsSpan(folder.Length, 2).SequenceEqual(key.AsSpan(start, 2))
            && !key.AsSpan(start, HashDigits).ContainsAnyInRange('A', 'F') && ObjectHash.TryParse(key.AsSpan(start, HashDigits), out hash);
    }

    public static string Lock(string id) => $"{Locks}{id}.json";
}

/// <summary>What a snapshot holds that only an identity opens.</summary>
internal enum SecretPart
{
    /// <summary>The dump of the database.</summary>
    Database,

    /// <summary>The instance's folder and settings.</summary>
    Configuration,
}
