using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>Somebody with an account on the sample instance.</summary>
public sealed class SamplePerson
{
    public required string Name { get; init; }

    public required string Email { get; init; }

    /// <summary>Changes when the person changes it; see <see cref="SampleInstance.AdvanceAsync"/>.</summary>
    public required string Password { get; set; }

    /// <summary>24 words; empty for an old account that has no recovery key.</summary>
    public string RecoveryWords => HasRecoveryKey ? RecoveryKey.ToWords(RecoverySecret) : "";

    public bool HasRecoveryKey { get; init; } = true;

    public required long UserId { get; init; }

    public required SecretKey MasterKey { get; init; }

    public required SecretKey RecoverySecret { get; init; }

    public required SecretKey SecretKey { get; init; }

    public required byte[] PublicKey { get; init; }

    /// <summary>In Base32; null when there is no second factor.</summary>
    public string? TotpSecret { get; set; }

    /// <summary>The addresses of the codes in Ente Auth, in the order in which they were made.</summary>
    public List<string> AuthCodes { get; } = [];

    /// <summary>Places and people that the apps remember: type and name.</summary>
    public List<string> Entities { get; } = [];

    /// <summary>The contact book: name and, if it is there, the day of birth.</summary>
    public List<string> Contacts { get; } = [];

    public int ContactPictures { get; set; }

    /// <summary>Links to memories: type and name, by the row's id.</summary>
    public SortedDictionary<long, string> Memories { get; } = [];

    /// <summary>Files that have a link whose secret the account can open.</summary>
    public List<long> LinkedFiles { get; } = [];

    /// <summary>Legacy kits: the names on the cards.</summary>
    public List<string> LegacyKits { get; } = [];

    /// <summary>The accounts that this person may recover.</summary>
    public List<long> EntrustedAccounts { get; } = [];
}

/// <summary>An album.</summary>
public sealed class SampleAlbum
{
    public required long Id { get; init; }

    public required SamplePerson Owner { get; init; }

    /// <summary>As its owner typed it.</summary>
    public required string Name { get; set; }

    public required string Type { get; init; }

    public required string App { get; init; }

    /// <summary>0 visible, 1 archived, 2 hidden.</summary>
    public int Visibility { get; init; }

    /// <summary>1: the album of hidden files.</summary>
    public int SubType { get; init; }

    /// <summary>The folder that the official program's export gives it, without <c>Locker/</c>.</summary>
    public required string Folder { get; set; }

    /// <summary>Who can open it besides the owner.</summary>
    public List<SamplePerson> SharedWith { get; } = [];

    /// <summary>Deleted by its owner: a tombstone, whose key still opens what was thrown into the trash with it.</summary>
    public bool IsDeleted { get; set; }

    /// <summary>What was said, the oldest first, by the row's id; guests' words with their names.</summary>
    public OrderedDictionary<string, string> Comments { get; } = [];

    /// <summary>The names of reactions, the oldest first.</summary>
    public List<string> Reactions { get; } = [];

    public bool IsSeenBy(SamplePerson person) => !IsDeleted && (Owner == person || SharedWith.Contains(person));

    public required SecretKey Key { get; init; }
}

/// <summary>A file, and what a person who opens it must find.</summary>
public sealed class SampleFile
{
    public required long Id { get; init; }

    public required SamplePerson Owner { get; init; }

    /// <summary>The file name that the uploading app recorded.</summary>
    public required string Title { get; init; }

    /// <summary>What was changed about it later.</summary>
    public SampleEdits Edits { get; set; } = SampleEdits.None;

    /// <summary>The name that the person gave it later, if any.</summary>
    public string? EditedName => Edits.Name;

    /// <summary>The name that it has now.</summary>
    public string Name => Edits.Name ?? Title;

    public string? Caption => Edits.Caption;

    /// <summary>0 image, 1 video, 2 live photo, 3 other, 4 a Locker item without a file.</summary>
    public required int Type { get; init; }

    /// <summary>When it was taken, as the app recorded it: microseconds since 1970; of Locker milliseconds.</summary>
    public required long CreationTime { get; init; }

    /// <summary>The same in microseconds.</summary>
    public long RecordedTime => Type is 3 or 4 ? CreationTime * 1000 : CreationTime;

    /// <summary>When it was taken, edits and all.</summary>
    public long Time => Edits.Time ?? RecordedTime;

    /// <summary>Where the app recorded that it was taken.</summary>
    public (double Latitude, double Longitude)? RecordedLocation { get; init; }

    public (double Latitude, double Longitude)? Location => Edits.Location ?? RecordedLocation;

    /// <summary>
    /// The hash that the app recorded; of a live photo those of its parts, with a colon between; null where it recorded none.
    /// </summary>
    public string? Hash { get; set; }

    /// <summary>The key of its object.</summary>
    public string? ContentKey { get; set; }

    /// <summary>Described as the first apps did.</summary>
    public bool IsOldStyle { get; init; }

    /// <summary>Of a live photo: the names in its zip, with the SHA-256 of each.</summary>
    public IReadOnlyDictionary<string, string> Parts { get; init; } = new Dictionary<string, string>();

    /// <summary>Of a Locker item without a file: its type and what it says.</summary>
    public JsonObject? Info { get; init; }

    /// <summary>0 visible, 1 archived, 2 hidden.</summary>
    public int Visibility { get; init; }

    /// <summary>Length of the decrypted bytes; -1 for an item without a file.</summary>
    public required long SizeBytes { get; set; }

    /// <summary>SHA-256 of the decrypted bytes, in lower-case hexadecimal; empty for an item without a file.</summary>
    public required string Sha256 { get; set; }

    /// <summary>The albums that hold it, also when it is in the trash.</summary>
    public List<SampleAlbum> Albums { get; } = [];

    /// <summary>
    /// Where the export gives it another name than its own: what two files of an album cannot both have, or what leads out of its folder.
    /// </summary>
    public Dictionary<SampleAlbum, string> ExportNames { get; } = [];

    /// <summary>Of what was derived from it: ML data, previews and playlists.</summary>
    public HashSet<string> DerivedKeys { get; } = new(StringComparer.Ordinal);

    public bool IsInTrash { get; set; }

    /// <summary>It was thrown away at the second moment, and was in an album before.</summary>
    public bool IsTrashedLater { get; set; }

    public bool IsDeletedForGood { get; set; }

    public required SecretKey Key { get; init; }
}

/// <summary>An object that the database names and a bucket holds.</summary>
/// <param name="SizeBytes">Its length as it lies in the bucket.</param>
/// <param name="Sha256">Of its bytes, in lower-case hexadecimal.</param>
public sealed record SampleObject(string Bucket, string Slot, string Key, long SizeBytes, string Sha256);
