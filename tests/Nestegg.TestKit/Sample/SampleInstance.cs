using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.S3;
using Nestegg.Ente.Cryptography;
using Nestegg.TestKit.Instances;
using Npgsql;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// An Ente instance made from nothing: a database, buckets and an operator's folder, with three people, their keys, albums and files, encrypted as the
/// apps do. What a person must find in it is in <see cref="Files"/>, what the buckets hold in <see cref="Objects"/>. The same seed and time make the
/// same instance, but for the keys of shared albums.
/// </summary>
public sealed class SampleInstance : IAsyncDisposable
{
    private readonly NpgsqlDataSource dataSource;
    private readonly NpgsqlConnection database;
    private readonly AmazonS3Client buckets;
    private readonly SampleStorage storage;
    private readonly SampleRandom random;
    private readonly SampleSeal seal;
    private readonly SampleSecrets secrets;
    private readonly SampleClock clock;
    private readonly SamplePeople people;
    private readonly SampleLibrary library;

    private SampleInstance(SampleOptions options, NpgsqlDataSource dataSource, NpgsqlConnection database, SampleRandom random, SampleSecrets secrets)
    {
        Options = options;
        this.dataSource = dataSource;
        this.database = database;
        this.random = random;
        this.secrets = secrets;
        seal = new SampleSeal(random);
        clock = new SampleClock(options.Time);
        buckets = new AmazonS3Client(new BasicAWSCredentials(options.AccessKey, options.SecretKey), new AmazonS3Config
        {
            ServiceURL = options.ObjectStore.ToString(), ForcePathStyle = true, AuthenticationRegion = "eu-central-2",
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
        storage = new SampleStorage(database, buckets, options.BucketPrefix);
        people = new SamplePeople(storage, random, seal, secrets, clock);
        library = new SampleLibrary(storage, random, seal, clock);
    }

    public SampleOptions Options { get; }

    /// <summary>For the database, as its owner.</summary>
    public string ConnectionString => dataSource.ConnectionString + ";Password=" + secrets.DatabasePassword;

    /// <summary>Photos, videos, Auth codes, contacts, a legacy contact and a legacy kit, links to memories; the first album is shared.</summary>
    public SamplePerson Ada { get; private set; } = null!;

    /// <summary>Photos of his own and Ada's shared albums; may recover Ada's account.</summary>
    public SamplePerson Ben { get; private set; } = null!;

    /// <summary>Only Locker, with a link to a file; a password that is not ASCII.</summary>
    public SamplePerson Chi { get; private set; } = null!;

    public IReadOnlyList<SamplePerson> People => [Ada, Ben, Chi];

    /// <summary>What each is to a test.</summary>
    public IReadOnlyDictionary<Role, SamplePerson> Roles => new Dictionary<Role, SamplePerson> { [Role.Owner] = Ada, [Role.Sharee] = Ben, [Role.Keeper] = Chi };

    /// <summary>Rows of <c>users</c>.</summary>
    public int Users => People.Count;

    public IReadOnlyList<SampleAlbum> Albums => library.Albums;

    public IReadOnlyList<SampleFile> Files => library.Files;

    /// <summary>Every object in the buckets, by key; all of them are named by the database.</summary>
    public IReadOnlyDictionary<string, SampleObject> Objects => storage.Objects;

    public static async Task<SampleInstance> CreateAsync(SampleOptions options, CancellationToken cancellationToken)
    {
        var random = new SampleRandom(options.Seed);
        var secrets = new SampleSecrets(random);
        var dataSource = await SampleDatabase.CreateAsync(options, secrets, cancellationToken);
        var database = await dataSource.OpenConnectionAsync(cancellationToken);
        var instance = new SampleInstance(options, dataSource, database, random, secrets);
        await SampleFolder.WriteAsync(options, secrets, cancellationToken);
        await instance.storage.CreateBucketsAsync(cancellationToken);
        await instance.FillAsync(cancellationToken);
        return instance;
    }

    /// <summary>
    /// Some days of use: a new album with three pictures, ML data written again in place, a picture in the trash, another deleted for good, and a
    /// new password for Ada.
    /// </summary>
    public async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        var album = await library.AddAlbumAsync(Ada, new("After the summer"), cancellationToken);
        for (var i = 0; i < 3; i++)
        {
            await library.UploadAsync(album, Ada, Photo($"IMG_{2000 + i}.png"), cancellationToken);
        }

        var papers = Albums.Single(one => one.App == "locker");
        var first = Files.Where(file => file.Owner == Ada && file.Type == 0).Take(3).ToList();
        await library.PutMlDataAsync(first[0], faces: 9, cancellationToken);
        await library.MoveToTrashAsync(first[1], cancellationToken);
        await library.MoveToTrashAsync(first[2], cancellationToken);
        first[1].IsTrashedLater = true;
        await library.DeleteForGoodAsync(first[2], cancellationToken);
        await library.AddLockerItemAsync(papers, "accountCredential", new JsonObject { ["name"] = "Bank", ["username"] = "chi", ["password"] = "s3cret" }, cancellationToken);
        await people.ChangePasswordAsync(Ada, "a new password, longer than the old one", cancellationToken);
        await library.FinishAsync(cancellationToken);
    }

    /// <summary>One more album of Ada's, for <see cref="BulkUpload"/> to fill.</summary>
    internal async Task<SampleAlbum> AddAlbumAsync(string name, CancellationToken cancellationToken)
    {
        var album = await library.AddAlbumAsync(Ada, new(name), cancellationToken);
        await library.FinishAsync(cancellationToken);
        return album;
    }

    public async ValueTask DisposeAsync()
    {
        buckets.Dispose();
        await database.DisposeAsync();
        await dataSource.DisposeAsync();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        Ada = await people.AddAsync("Ada", "ada@example.org", "the lake was warm that year", cancellationToken);
        Ben = await people.AddAsync("Ben", "Ben.Example+photos@example.org", "tomatoes & beans", cancellationToken);
        await people.AddTotpAsync(Ben, cancellationToken);
        Chi = await people.AddAsync("Chi", "chi@example.org", "pässwörd 密码 \U0001F511", cancellationToken);
        await AddPhotosAsync(cancellationToken);
        await AddVideosAsync(cancellationToken);
        await AddOddOnesAsync(cancellationToken);
        await AddTrashAsync(cancellationToken);
        await AddLockerAsync(cancellationToken);
        var extras = new SampleExtras(storage, random, seal);
        await extras.AddAsync(Ada, Ben, cancellationToken);
        await AddLinksAsync(extras, cancellationToken);
        await library.FinishAsync(cancellationToken);
    }

    private async Task AddPhotosAsync(CancellationToken cancellationToken)
    {
        var lake = await library.AddAlbumAsync(Ada, new("Summer at the lake") { Order = 1 }, cancellationToken);
        await library.ShareAsync(lake, Ben, "VIEWER", cancellationToken);
        for (var i = 0; i < Options.Pictures; i++)
        {
            var photo = Photo(i % 3 == 2 ? $"IMG_{1000 + i}.jpg" : $"IMG_{1000 + i}.png");
            var file = await library.UploadAsync(lake, Ada, i switch
            {
                1 => photo with { Caption = "The boat\nthat did not float", Location = (46.5, 6.6) },
                2 => photo with { EditedName = "Grandmother swims.jpg" },
                _ => photo,
            }, cancellationToken);
            if (i < 4) await library.PutMlDataAsync(file, faces: i, cancellationToken);
        }

        var favorites = await library.AddAlbumAsync(Ada, new("Favorites") { Type = "favorites" }, cancellationToken);
        foreach (var file in Files.Take(2).ToList()) await library.PutIntoAsync(file, favorites, cancellationToken);

        var family = await library.AddAlbumAsync(Ada, new("Family"), cancellationToken);
        await library.ShareAsync(family, Ben, "COLLABORATOR", cancellationToken);
        await library.PutIntoAsync(Files[0], family, cancellationToken);
        var garden = await library.AddAlbumAsync(Ben, new("Ben's garden"), cancellationToken);
        var tomato = await library.UploadAsync(garden, Ben, Photo("tomato.jpg"), cancellationToken);
        await library.UploadAsync(garden, Ben, Photo("beans.png"), cancellationToken);
        // Somebody else's file in an album of hers.
        await library.PutIntoAsync(tomato, family, cancellationToken);
        var social = new SampleSocial(storage, random, seal, clock);
        var comment = await social.CommentAsync(family, Files[0], Ben, "Is that the boat?\nIt floats!", cancellationToken);
        await social.CommentAsync(family, Files[0], Ada, "For an hour.", cancellationToken, comment);
        await social.ReactAsync(family, Files[0], null, Ben, "green_heart", cancellationToken);
        await social.ReactAsync(family, null, comment, Ada, "laugh", cancellationToken);
        var guest = await social.AddGuestAsync(lake, "Grandmother's neighbour", cancellationToken);
        await social.CommentAsync(lake, null, guest, "What a summer.", cancellationToken);
        await social.DeleteCommentAsync(lake, await social.CommentAsync(lake, null, Ben, "Wrong album", cancellationToken), cancellationToken);
    }

    private async Task AddVideosAsync(CancellationToken cancellationToken)
    {
        var videos = await library.AddAlbumAsync(Ada, new("Videos"), cancellationToken);
        var large = await library.UploadAsync(videos, Ada, new Upload("regatta.mp4", 1, random.Bytes(Options.VideoBytes)), cancellationToken);
        await library.PutVideoPreviewAsync(large, cancellationToken);
        await library.UploadAsync(videos, Ada, new Upload("exactly one chunk.mp4", 1, random.Bytes(SecretStream.ChunkBytes)), cancellationToken);
        await library.UploadAsync(videos, Ada, LivePhoto("IMG_3000.jpg", "mov"), cancellationToken);
    }

    private async Task AddOddOnesAsync(CancellationToken cancellationToken)
    {
        var odd = await library.AddAlbumAsync(Ada, new("Odd: a/b\\c? <3 ") { Folder = "Odd_ a_b_c? <3" }, cancellationToken);
        (string Title, string? ExportName)[] titles =
        [
            ("con.png", null), ("trailing dot..png", null), ("../../up.png", "up.png"), ("\U0001F600 日本 é.png", null), ("e\u0301.png", null),
            (new string('x', 180) + ".png", null), ("same.png", null), ("same.png", "same_1.png"), ("100% #1 'x'.png", null), (".png", null),
        ];
        foreach (var (title, exportName) in titles)
        {
            await library.UploadAsync(odd, Ada, Photo(title) with { ExportName = exportName }, cancellationToken);
        }

        await library.UploadAsync(odd, Ada, new Upload("empty.bin", 0, []), cancellationToken);
        await library.AddAlbumAsync(Ada, new("") { Folder = "_" }, cancellationToken);
        var uncategorized = await library.AddAlbumAsync(Ada, new("Uncategorized") { Type = "uncategorized" }, cancellationToken);
        await library.UploadAsync(uncategorized, Ada, Photo("stray.png"), cancellationToken);
        var archived = await library.AddAlbumAsync(Ada, new("Receipts") { Visibility = 1 }, cancellationToken);
        await library.UploadAsync(archived, Ada, Photo("receipt.png") with { Visibility = 1 }, cancellationToken);
        var hidden = await library.AddAlbumAsync(Ada, new(".hidden") { Visibility = 2, SubType = 1 }, cancellationToken);
        await library.UploadAsync(hidden, Ada, Photo("surprise.png") with { Visibility = 2 }, cancellationToken);
    }

    private async Task AddTrashAsync(CancellationToken cancellationToken)
    {
        var album = await library.AddAlbumAsync(Ada, new("Blurred"), cancellationToken);
        for (var i = 0; i < 3; i++)
        {
            await library.MoveToTrashAsync(await library.UploadAsync(album, Ada, Photo($"blurred {i}.png"), cancellationToken), cancellationToken);
        }

        await library.DeleteForGoodAsync(Files[^1], cancellationToken);
    }

    private async Task AddLockerAsync(CancellationToken cancellationToken)
    {
        var papers = await library.AddAlbumAsync(Chi, new("Papers") { App = "locker" }, cancellationToken);
        await library.AddLockerItemAsync(papers, "note", new JsonObject { ["title"] = "Wi-Fi", ["content"] = "the cat's name, twice" }, cancellationToken);
        await library.AddLockerItemAsync(papers, "physicalRecord", new JsonObject { ["name"] = "Will", ["location"] = "second drawer" }, cancellationToken);
        var pdf = Encoding.ASCII.GetBytes("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");
        await library.UploadAsync(papers, Chi, new Upload("passport.pdf", 3, pdf), cancellationToken);
    }

    private async Task AddLinksAsync(SampleExtras extras, CancellationToken cancellationToken)
    {
        var links = new SampleLinks(storage, random, seal, clock);
        using var memoryKey = await extras.AddEntityKeyAsync(Ada, "memory", cancellationToken);
        await links.AddAlbumLinkAsync(Albums[0], cancellationToken);
        await links.AddMemoryAsync(1, Ada, memoryKey, "share", new JsonObject { ["name"] = "That day" }, Files.Take(3), cancellationToken);
        await links.AddMemoryAsync(2, Ada, memoryKey, "lane", new JsonObject { ["name"] = "Grandmother through the years" }, Files.Skip(3).Take(2), cancellationToken);
        await links.AddFileLinkAsync(Files.Single(file => file.Title == "passport.pdf"), cancellationToken);
    }

    private Upload Photo(string title) => new(
        title, 0, title.EndsWith(".jpg", StringComparison.Ordinal) ? JpegPicture.Encode(320, 240, random) : Picture.Png(200, 150, random));

    /// <summary>A picture and a video in a zip, as the web app makes them.</summary>
    private Upload LivePhoto(string title, string videoExtension)
    {
        var (still, motion) = (JpegPicture.Encode(320, 240, random), random.Bytes(120_000));
        var parts = new Dictionary<string, byte[]> { ["image" + Path.GetExtension(title)] = still, ["video." + videoExtension] = motion };
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in parts)
            {
                var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
                entry.LastWriteTime = new DateTimeOffset(2024, 6, 1, 0, 0, 0, TimeSpan.Zero);
                using var stream = entry.Open();
                stream.Write(content);
            }
        }

        return new Upload(title, 2, buffer.ToArray())
        {
            Hash = $"{Convert.ToBase64String(Blake2b.Hash(still))}:{Convert.ToBase64String(Blake2b.Hash(motion))}",
            Parts = parts.ToDictionary(part => part.Key, part => Convert.ToHexStringLower(SHA256.HashData(part.Value))),
        };
    }
}
