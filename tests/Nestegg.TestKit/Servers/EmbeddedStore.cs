using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Nestegg.Server.S3;

namespace Nestegg.TestKit.Servers;

/// <summary>Our own S3 server in this process, on a free loopback port and a temporary folder; ready in milliseconds.</summary>
public sealed class EmbeddedStore : IAsyncDisposable
{
    public const string AccessKey = "NESTEGGTEST";
    public const string SecretKey = "not-a-secret-either";

    private readonly TemporaryFolder folder;
    private readonly EmbeddedObjectStore server;

    private EmbeddedStore(TemporaryFolder folder, EmbeddedObjectStore server)
    {
        this.folder = folder;
        this.server = server;
        Client = NewClient();
    }

    public Uri Endpoint => server.Address;

    /// <summary>Where the buckets are.</summary>
    public string Folder => folder.Path;

    /// <summary>A client for what a test does to the buckets behind our back.</summary>
    public AmazonS3Client Client { get; }

    /// <param name="clock">What the server takes for the time; the system's clock when absent.</param>
    public static Task<EmbeddedStore> StartAsync(CancellationToken cancellationToken, TimeProvider? clock = null) =>
        StartAsync(ServerLimits.Default, clock ?? TimeProvider.System, cancellationToken);

    /// <summary>One that bears with a slow client for hardly any time.</summary>
    public static Task<EmbeddedStore> StartImpatientAsync(CancellationToken cancellationToken) =>
        StartAsync(new ServerLimits(TimeSpan.FromSeconds(1.5), 1024), TimeProvider.System, cancellationToken);

    /// <summary>One that takes two multipart uploads at once, and six million bytes of parts.</summary>
    public static Task<EmbeddedStore> StartSmallAsync(CancellationToken cancellationToken) =>
        StartAsync(ServerLimits.Default with { MaxUploads = 2, MaxUploadBytes = 6_000_000 }, TimeProvider.System, cancellationToken);

    private static async Task<EmbeddedStore> StartAsync(ServerLimits limits, TimeProvider clock, CancellationToken cancellationToken)
    {
        var folder = new TemporaryFolder();
        var options = new EmbeddedStoreOptions(new S3Credentials(AccessKey, SecretKey)) { Clock = clock, Limits = limits };
        var server = await EmbeddedObjectStore.StartAsync(
            folder.Path, new IPEndPoint(IPAddress.Loopback, 0), options, cancellationToken);
        return new EmbeddedStore(folder, server);
    }

    /// <summary>As the SDK comes, checksums and streamed signatures included.</summary>
    public AmazonS3Client NewClient(string secretKey = SecretKey) => new(
        new BasicAWSCredentials(AccessKey, secretKey),
        new AmazonS3Config
        {
            ServiceURL = Endpoint.ToString(),
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            MaxErrorRetry = 0,
        });

    /// <returns>The bucket's name.</returns>
    public async Task<string> CreateBucketAsync(CancellationToken cancellationToken, string? name = null)
    {
        name ??= "bucket-" + Guid.NewGuid().ToString("n");
        await Client.PutBucketAsync(name, cancellationToken);
        return name;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await server.DisposeAsync();
        folder.Dispose();
    }
}
