using System.Text;
using System.Text.Json;
using Amazon.S3;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Repositories.Files;

namespace Nestegg.TestKit.Instances;

/// <summary>
/// An instance of Ente whose content is known from whoever made it, and never from our own reader: what each person must find, what an
/// export must write, which bytes the buckets hold. Tests run the same on every one of them; see <see cref="KnownInstances"/>.
/// </summary>
/// <param name="Name"><see cref="KnownInstances.Sample"/> or <see cref="KnownInstances.Recorded"/>.</param>
/// <param name="Folder">The operator's folder, with <c>museum.yaml</c> and <c>compose.yaml</c>. Copy it before changing anything.</param>
/// <param name="Moments"><c>t1</c> and, after some days of use, <c>t2</c>.</param>
public sealed record KnownInstance(string Name, string Folder, IReadOnlyList<KnownMoment> Moments)
{
    /// <summary>
    /// Of the sample only: the second moment in the tables of the first schema that was published, with the name <c>older</c>.
    /// </summary>
    public KnownMoment? Older { get; init; }

    /// <param name="moment"><c>t1</c>, <c>t2</c> or <c>older</c>.</param>
    public KnownMoment this[string moment] => Moments.Append(Older).Single(known => known?.Name == moment)!;

    public override string ToString() => Name;
}

/// <summary>An instance at one moment.</summary>
/// <param name="Name"><c>t1</c> or <c>t2</c>.</param>
/// <param name="Folder">The operator's folder, as in <see cref="KnownInstance.Folder"/>.</param>
/// <param name="DumpPath">An archive of <c>pg_dump</c> in its custom format.</param>
/// <param name="Users">Rows of <c>users</c>: people, sign-ups that were never finished, deleted accounts.</param>
/// <param name="Objects">Every object that the buckets hold; the database names all of them.</param>
/// <param name="People">Those whose password and recovery key are known.</param>
public sealed record KnownMoment(
    string Name, string Folder, string DumpPath, int Users, IReadOnlyList<KnownObject> Objects, IReadOnlyList<KnownPerson> People)
{
    public KnownPerson this[Role role] => People.Single(person => person.Role == role);

    /// <summary>The file that holds an object's bytes, by the object's key.</summary>
    public IReadOnlyDictionary<string, string> Paths { get; } = Objects.ToDictionary(item => item.Key, item => item.FilePath);

    /// <summary>The key of the largest object, or of the next one.</summary>
    public string Largest(int rank = 1) => Objects.OrderByDescending(item => item.SizeBytes).ElementAt(rank - 1).Key;

    public long SizeOf(string key) => Objects.Single(item => item.Key == key).SizeBytes;

    /// <summary>Puts every object into the bucket of its slot, under its own key.</summary>
    /// <param name="bucketOf">The name of a slot's bucket.</param>
    public Task UploadAsync(IAmazonS3 client, Func<string, string> bucketOf, CancellationToken cancellationToken)
    {
        var four = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(Objects, four, async (item, token) => await client.PutObjectAsync(
            new() { BucketName = bucketOf(item.Slot), Key = item.Key, FilePath = item.FilePath, UseChunkEncoding = false }, token));
    }
}

/// <summary>What a person is to a test. Each known instance has one of each of the first three.</summary>
public enum Role
{
    /// <summary>Has albums of every kind, shares some, has codes in Ente Auth; the password changes between the moments.</summary>
    Owner,

    /// <summary>Has an album, sees the owner's shared ones, may recover the owner's account, signs in with a second factor.</summary>
    Sharee,

    /// <summary>Has nothing but Locker, and a password that is not ASCII.</summary>
    Keeper,

    /// <summary>Of the sample only: an account that old apps made, in their formats, without a recovery key.</summary>
    Elder,
}

/// <summary>An object of an instance, and the file that holds its bytes.</summary>
/// <param name="Slot">The slot whose bucket holds it, such as <c>b2-eu-cen</c>.</param>
/// <param name="FilePath">Its bytes as the bucket has them. Read only.</param>
public sealed record KnownObject(string Slot, string Key, long SizeBytes, ObjectHash Hash, string FilePath);

/// <summary>A person, and what they must find at a moment.</summary>
public sealed record KnownPerson
{
    public required Role Role { get; init; }

    public required string Email { get; init; }

    public required string Password { get; init; }

    /// <summary>24 words; empty for an account that has no recovery key.</summary>
    public required string RecoveryWords { get; init; }

    public required long UserId { get; init; }

    /// <summary>In Base32; null when there is no second factor.</summary>
    public string? TotpSecret { get; init; }

    /// <summary>All that are not deleted, their own and those that others share, of Photos and of Locker.</summary>
    public required IReadOnlyList<KnownAlbum> Albums { get; init; }

    /// <summary>The addresses of their codes in Ente Auth, in the order in which they were made.</summary>
    public IReadOnlyList<string> AuthCodes { get; init; } = [];

    /// <summary>How many there must be of what is no file in an album.</summary>
    public required KnownCounts Counts { get; init; }

    /// <summary>The same in words; null where nobody wrote them down.</summary>
    public KnownTexts? Texts { get; init; }

    /// <summary>All that an export writes but for <c>ente_auth.txt</c>; null where nobody else wrote it down.</summary>
    public IReadOnlyList<ExportedPath>? Export { get; init; }

    /// <summary>What <c>ente_auth.txt</c> says.</summary>
    public string AuthFile { get; init; } = "";

    /// <summary>
    /// Of the files in the trash: those that were in albums at the first moment, each with the album that it was thrown away from.
    /// </summary>
    public IReadOnlyList<(long Album, long File)> TrashedSince { get; init; } = [];

    /// <summary>The files of all albums, each once.</summary>
    public IReadOnlyList<KnownFile> Files => [.. Albums.SelectMany(album => album.Files).DistinctBy(file => file.Id)];

    /// <summary>By recovery key where there is one, which takes no time; the password's key takes seconds and much memory.</summary>
    public async Task<KeyChain> OpenAsync(LibraryReader reader, CancellationToken cancellationToken)
    {
        var attributes = await reader.KeyAttributesAsync(UserId, cancellationToken)
            ?? throw new InvalidOperationException($"{Email} has no keys");
        if (RecoveryWords.Length == 0)
        {
            return KeyChain.OpenWithPassword(attributes, Encoding.UTF8.GetBytes(Password)).KeyChain
                ?? throw new InvalidOperationException($"{Email} does not open");
        }

        if (!RecoveryKey.TryParse(RecoveryWords, out var key, out var problem))
        {
            throw new FormatException(problem);
        }

        using (key)
        {
            return KeyChain.OpenWithRecoveryKey(attributes, key).KeyChain ?? throw new InvalidOperationException($"{Email} does not open");
        }
    }
}

/// <summary>How many there are of what a person finds besides files in albums.</summary>
public sealed record KnownCounts
{
    /// <summary>Files in the trash, not those that were deleted for good.</summary>
    public int Trash { get; init; }

    /// <summary>ML data, previews and playlists of the files that the person sees.</summary>
    public int DerivedObjects { get; init; }

    /// <summary>Of these: ML data, which older schemas have too.</summary>
    public int MlData { get; init; }

    public int Entities { get; init; }

    public int Contacts { get; init; }

    public int ContactPictures { get; init; }

    public int Comments { get; init; }

    public int Reactions { get; init; }

    public int MemoryShares { get; init; }

    public int FileLinks { get; init; }

    public int LegacyKits { get; init; }

    /// <summary>Accounts of others that this person may recover.</summary>
    public int EntrustedAccounts { get; init; }
}

/// <summary>
/// What a person finds besides files in albums. Comments and reactions are those of all albums that the person sees, in no order.
/// </summary>
public sealed record KnownTexts
{
    /// <summary>A guest's with the name: <c>name: text</c>.</summary>
    public required IReadOnlyList<string> Comments { get; init; }

    public required IReadOnlyList<string> Reactions { get; init; }

    /// <summary>Type and name.</summary>
    public required IReadOnlyList<string> Entities { get; init; }

    /// <summary>Name and, if it is there, the day of birth.</summary>
    public required IReadOnlyList<string> Contacts { get; init; }

    /// <summary>Type and name of links to memories.</summary>
    public required IReadOnlyList<string> Memories { get; init; }

    /// <summary>Files with a link.</summary>
    public required IReadOnlyList<long> LinkedFiles { get; init; }

    /// <summary>The names on the cards.</summary>
    public required IReadOnlyList<string> LegacyKits { get; init; }

    /// <summary>Whose accounts the person may recover.</summary>
    public required IReadOnlyList<long> EntrustedAccounts { get; init; }
}

/// <summary>An album as a person sees it.</summary>
/// <param name="App"><c>photos</c> or <c>locker</c>.</param>
/// <param name="Visibility">0 visible, 1 archived, 2 hidden, as its owner wants it.</param>
/// <param name="SubType">1: the album of hidden files; 2: made for a link.</param>
public sealed record KnownAlbum(
    long Id, string Name, string App, string Type, long OwnerId, int Visibility, int SubType, IReadOnlyList<KnownFile> Files);

/// <summary>A file as a person finds it in an album.</summary>
public sealed record KnownFile
{
    public required long Id { get; init; }

    public required long OwnerId { get; init; }

    /// <summary>The name that the uploading app recorded.</summary>
    public string? Title { get; init; }

    /// <summary>The name that it has now.</summary>
    public string? Name { get; init; }

    /// <summary>0 image, 1 video, 2 live photo, 3 other, 4 an item of Locker without a file.</summary>
    public required int Type { get; init; }

    /// <summary>As it was recorded: microseconds since 1970; of Locker milliseconds.</summary>
    public required long CreationTime { get; init; }

    /// <summary>When it was taken, edits and all: microseconds since 1970.</summary>
    public required long Time { get; init; }

    /// <summary>The hash that the app recorded; null where it recorded none.</summary>
    public string? Hash { get; init; }

    public string? Caption { get; init; }

    /// <summary>0 visible, 1 archived, 2 hidden.</summary>
    public int Visibility { get; init; }

    /// <summary>Length of the decrypted bytes; 0 for an item without a file.</summary>
    public long SizeBytes { get; init; }

    /// <summary>SHA-256 of the decrypted bytes; empty for an item without a file.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>Of a live photo: <c>image.jpg</c> and <c>video.mov</c>, or whatever their extensions are, with their SHA-256.</summary>
    public IReadOnlyDictionary<string, string> Parts { get; init; } = new Dictionary<string, string>();

    /// <summary>Of an item of Locker without a file: <c>{"type", "data"}</c>.</summary>
    public JsonElement? Info { get; init; }

    public bool HasContent => Info is null;
}

/// <summary>A file that an export writes.</summary>
/// <param name="Path">With slashes, below the folder that is exported to.</param>
public sealed record ExportedPath(string Path, string Sha256);
