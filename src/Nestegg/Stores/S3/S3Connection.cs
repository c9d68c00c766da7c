using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Nestegg.Stores.S3;

/// <summary>
/// One way to an object store: the SDK's client for everything but bodies that are read, which come over presigned URLs from a plain
/// pooled HTTP client, because the SDK's response pipeline costs several times the CPU of the download itself.
/// TLS trusts what this machine trusts; <c>AWS_CA_BUNDLE</c>, which other S3 programs read, is not used.
/// </summary>
internal sealed class S3Connection : IDisposable
{
    private static readonly TimeSpan UrlLifetime = TimeSpan.FromHours(1);

    private readonly SocketsHttpHandler handler;
    private readonly TimeProvider time;

    public S3Connection(S3Settings settings, S3Credentials credentials, TimeProvider time)
    {
        this.time = time;
        Settings = settings;
        Endpoint = settings.Endpoint ?? new Uri($"https://s3.{settings.Region}.amazonaws.com");
        handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(Math.Min(10, settings.AnswerLimit.TotalSeconds)),
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            AutomaticDecompression = DecompressionMethods.None,
            AllowAutoRedirect = false,
            SslOptions = { RemoteCertificateValidationCallback = UntrustedServerException.Verify },
        };

        // Time limits are set for each request, by its size.
        Http = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        Client = new AmazonS3Client(Sdk(credentials), Configuration(settings, Http));
    }

    public S3Settings Settings { get; }

    public Uri Endpoint { get; }

    public HttpClient Http { get; }

    public AmazonS3Client Client { get; }

    /// <summary>A URL that reads this object for an hour.</summary>
    public string ReadUrl(string bucket, string key) => Client.GetPreSignedURL(new GetPreSignedUrlRequest
    {
        BucketName = bucket,
        Key = key,
        Verb = HttpVerb.GET,
        Protocol = Endpoint.Scheme == "http" ? Protocol.HTTP : Protocol.HTTPS,
        Expires = time.GetUtcNow().UtcDateTime + UrlLifetime,
    });

    /// <summary>
    /// How long a request with a body of this many bytes may take: the silence that is allowed, and at least 16 KiB a second.
    /// </summary>
    public TimeSpan Limit(long bodyBytes) => Settings.AnswerLimit + TimeSpan.FromSeconds(bodyBytes / (16.0 * 1024));

    public void Dispose()
    {
        Client.Dispose();
        Http.Dispose();
        handler.Dispose();
    }

    private static AWSCredentials Sdk(S3Credentials credentials) => string.IsNullOrEmpty(credentials.SessionToken)
        ? new BasicAWSCredentials(credentials.AccessKey, credentials.SecretKey)
        : new SessionAWSCredentials(credentials.AccessKey, credentials.SecretKey, credentials.SessionToken);

    // Checksums that only Amazon knows (aws-chunked trailers, CRC) are sent and asked for only where the protocol requires them.
    private static AmazonS3Config Configuration(S3Settings settings, HttpClient http)
    {
        var configuration = new AmazonS3Config
        {
            ForcePathStyle = settings.PathStyle,
            IgnoreConfiguredEndpointUrls = true,
            MaxErrorRetry = 0,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            HttpClientFactory = new SharedHttp(http),
        };
        if (settings.Endpoint is null)
        {
            configuration.RegionEndpoint = RegionEndpoint.GetBySystemName(settings.Region);
        }
        else
        {
            configuration.ServiceURL = settings.Endpoint.ToString();
        }

        configuration.AuthenticationRegion = settings.Region;
        return configuration;
    }

    private sealed class SharedHttp(HttpClient http) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => http;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
