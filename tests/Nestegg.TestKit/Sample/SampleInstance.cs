using Amazon.Runtime;
using Amazon.S3;
using Nestegg.TestKit.Instances;
using Npgsql;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// An Ente instance made from nothing: a database, buckets and an operator's folder, with people, their keys, albums and files, encrypted
/// as the apps do. What a person must find in it is in <see cref="Files"/> and what follows from them (<see cref="SampleTruth"/>), what the
/// buckets hold in <see cref="Objects"/>. The same seed and time make the same instance, but for the keys of shared albums.
/// </summary>
public sealed class SampleInstance : IAsyncDisposable
{
    private readonly NpgsqlDataSource dataSource;
    private readonly NpgsqlConnection database;
    private readonly AmazonS3Client buckets;
    private readonly SampleSecrets secrets;
    private readonly SampleActions act;
    private FirstDays first = null!;

    private SampleInstance(SampleOptions options, NpgsqlDataSource dataSource, NpgsqlConnection database, SampleRandom random,
        SampleSecrets secrets)
    {
        Options = options;
        this.dataSource = dataSource;
        this.database = database;
        this.secrets = secrets;
        buckets = new AmazonS3Client(new BasicAWSCredentials(options.AccessKey, options.SecretKey), new AmazonS3Config
        {
            ServiceURL = options.ObjectStore.ToString(), ForcePathStyle = true, AuthenticationRegion = "eu-central-2",
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
        act = new SampleActions(new SampleStorage(database, buckets, options), random, secrets, new SampleClock(options.Time));
    }

    public SampleOptions Options { get; }

    /// <summary>For the database, as its owner.</summary>
    public string ConnectionString => dataSource.ConnectionString + ";Password=" + secrets.DatabasePassword;

    /// <summary>
    /// Photos, videos, Auth codes, contacts, legacy contacts and a legacy kit, links to memories; some albums are shared.
    /// </summary>
    public SamplePerson Ada => first.Ada;

    /// <summary>Photos of his own and Ada's shared albums; may recover Ada's account; signs in with a second factor.</summary>
    public SamplePerson Ben => first.Ben;

    /// <summary>Only Locker, with a link to a file; a password that is not ASCII.</summary>
    public SamplePerson Chi => first.Chi;

    /// <summary>An account that the first apps made: old formats, no recovery key, no sign-in record; sees an album of Ada's.</summary>
    public SamplePerson Dov => first.Dov;

    public IReadOnlyList<SamplePerson> People => [Ada, Ben, Chi, Dov];

    /// <summary>What each is to a test.</summary>
    public IReadOnlyDictionary<Role, SamplePerson> Roles =>
        new Dictionary<Role, SamplePerson> { [Role.Owner] = Ada, [Role.Sharee] = Ben, [Role.Keeper] = Chi, [Role.Elder] = Dov };

    /// <summary>Rows of <c>users</c>: the people, a sign-up that was never finished, an account that was deleted.</summary>
    public int Users => People.Count + 2;

    public IReadOnlyList<SampleAlbum> Albums => act.Library.Albums;

    public IReadOnlyList<SampleFile> Files => act.Library.Files;

    /// <summary>Every object in the buckets that the database names, by key.</summary>
    public IReadOnlyDictionary<string, SampleObject> Objects => act.Storage.Objects;

    public static async Task<SampleInstance> CreateAsync(SampleOptions options, CancellationToken cancellationToken)
    {
        var random = new SampleRandom(options.Seed);
        var secrets = new SampleSecrets(random);
        var dataSource = await SampleDatabase.CreateAsync(options, secrets, cancellationToken);
        var database = await dataSource.OpenConnectionAsync(cancellationToken);
        var instance = new SampleInstance(options, dataSource, database, random, secrets);
        await SampleFolder.WriteAsync(options, secrets, cancellationToken);
        await instance.act.Storage.CreateBucketsAsync(cancellationToken);
        instance.first = await FirstDays.LiveAsync(instance.act, options, cancellationToken);
        await instance.act.Library.FinishAsync(cancellationToken);
        return instance;
    }

    /// <summary>Some days of use; see <see cref="LaterDays"/>.</summary>
    public async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        await new LaterDays(act, first).LiveAsync(cancellationToken);
        await act.Library.FinishAsync(cancellationToken);
    }

    /// <summary>One more album of Ada's, for <see cref="BulkUpload"/> to fill.</summary>
    internal async Task<SampleAlbum> AddAlbumAsync(string name, CancellationToken cancellationToken)
    {
        var album = await act.Library.AddAlbumAsync(Ada, new(name), cancellationToken);
        await act.Library.FinishAsync(cancellationToken);
        return album;
    }

    public async ValueTask DisposeAsync()
    {
        buckets.Dispose();
        await database.DisposeAsync();
        await dataSource.DisposeAsync();
    }
}

/// <summary>Everything that can be done to a sample, by those who live in it.</summary>
internal sealed class SampleActions
{
    public SampleActions(SampleStorage storage, SampleRandom random, SampleSecrets secrets, SampleClock clock)
    {
        var seal = new SampleSeal(random);
        Storage = storage;
        Media = new SampleMedia(random);
        People = new SamplePeople(storage, random, seal, secrets, clock);
        Library = new SampleLibrary(storage, random, seal, clock);
        Derived = new SampleDerived(storage, random, seal, clock);
        Trash = new SampleTrash(storage, Library, Derived, clock);
        Social = new SampleSocial(storage, random, seal, clock);
        Extras = new SampleExtras(storage, random, seal, clock);
        Links = new SampleLinks(storage, random, seal, clock);
    }

    public SampleStorage Storage { get; }

    public SampleMedia Media { get; }

    public SamplePeople People { get; }

    public SampleLibrary Library { get; }

    public SampleDerived Derived { get; }

    public SampleTrash Trash { get; }

    public SampleSocial Social { get; }

    public SampleExtras Extras { get; }

    public SampleLinks Links { get; }
}
