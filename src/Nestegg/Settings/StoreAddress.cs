using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.Stores.S3;

namespace Nestegg.Settings;

/// <summary>
/// Where a store is: a folder, or <c>s3://bucket/prefix?endpoint=https://host:port&amp;region=…&amp;path-style=true</c>. Never holds a
/// secret. What the address leaves open comes from <c>AWS_ENDPOINT_URL_S3</c>, <c>AWS_ENDPOINT_URL</c>, <c>AWS_REGION</c>,
/// <c>AWS_DEFAULT_REGION</c>.
/// </summary>
public sealed record StoreAddress
{
    private const string Scheme = "s3://";
    private const string Usage =
        "write a folder, or s3://bucket/prefix, with ?endpoint=https://host:port&region=…&path-style=true for a server of your own";

    private StoreAddress()
    {
    }

    /// <summary>The folder; <see langword="null"/> for a bucket.</summary>
    public string? Folder { get; private init; }

    /// <summary>The bucket; <see langword="null"/> for a folder.</summary>
    public string? Bucket { get; private init; }

    /// <summary>What the keys in the bucket begin with, without a slash at either end; may be empty.</summary>
    public string Prefix { get; private init; } = "";

    public S3Settings S3 { get; init; } = new();

    /// <exception cref="NesteggException">It is no address, or holds a secret.</exception>
    public static StoreAddress Parse(string text, Func<string, string?>? variable = null)
    {
        if (NamesFolder(text))
        {
            return new StoreAddress { Folder = Path.GetFullPath(text) };
        }

        var question = text.IndexOf('?', StringComparison.Ordinal);
        var place = (question < 0 ? text : text[..question])[Scheme.Length..];
        var slash = place.IndexOf('/', StringComparison.Ordinal);
        var bucket = slash < 0 ? place : place[..slash];

        // The text is not shown: what stands before the @ may be a secret.
        if (bucket.Contains('@', StringComparison.Ordinal) || bucket.Contains(':', StringComparison.Ordinal))
        {
            throw new NesteggException(
                FailureKind.BadInput, "the address of the S3 store must hold neither credentials nor a port",
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment; " + Usage);
        }

        if (bucket.Length == 0)
        {
            throw Wrong("it names no bucket", $"'{text}'");
        }

        return new StoreAddress
        {
            Bucket = bucket,
            Prefix = slash < 0 ? "" : place[(slash + 1)..].Trim('/'),
            S3 = ReadSettings(question < 0 ? "" : text[(question + 1)..], variable ?? Environment.GetEnvironmentVariable),
        };
    }

    /// <summary>Whether a text is a folder; if it is not, it begins as the address of a bucket does.</summary>
    /// <exception cref="NesteggException">It is neither: empty, of another scheme, or a place as another program writes it.</exception>
    public static bool NamesFolder(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            throw Wrong("it is empty", "''");
        }

        if (text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        // user@host:path, b2:bucket, sftp://host/path: made into a folder of that name, it would be a backup on the wrong disk.
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var isDrive = OperatingSystem.IsWindows() && colon == 1;
        return colon < 0 || isDrive || text.AsSpan(0, colon).Contains('/')
            ? true
            : throw new NesteggException(
                FailureKind.BadInput, $"not an address of a store: neither a folder nor s3://bucket/prefix: '{Shown(text, colon)}'",
                $"{Usage}; a folder with a colon in its name is ./name; what another program reaches (SFTP, WebDAV, Backblaze's own "
                + "protocol) is a folder once it is mounted, with sshfs or rclone mount");
    }

    // What stands behind the scheme may hold a password.
    private static string Shown(string text, int colon) =>
        text.LastIndexOf('@') is > 0 and var at && at > colon ? $"{text[..(colon + 1)]}…{text[at..]}" : text;

    /// <summary>A store at this place. Nothing is read or written before it is used.</summary>
    /// <param name="credentials">For a bucket; <see langword="null"/> for those in the environment.</param>
    /// <param name="create">Make the folder if it is absent. Buckets are never made.</param>
    public IStore Open(S3Credentials? credentials = null, bool create = false, TimeProvider? time = null)
    {
        if (Folder is not null)
        {
            return create ? LocalStore.Create(Folder, time) : new LocalStore(Folder, time);
        }

        return new S3Store(Bucket!, Prefix, S3, credentials ?? S3Credentials.FromEnvironment(), time);
    }

    public override string ToString() => Folder ?? (Prefix.Length == 0 ? Scheme + Bucket : $"{Scheme}{Bucket}/{Prefix}");

    private static S3Settings ReadSettings(string query, Func<string, string?> variable)
    {
        var endpoint = NotEmpty(variable("AWS_ENDPOINT_URL_S3")) ?? NotEmpty(variable("AWS_ENDPOINT_URL"));
        var region = NotEmpty(variable("AWS_REGION")) ?? NotEmpty(variable("AWS_DEFAULT_REGION"));
        bool? pathStyle = null;
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? pair : pair[..equals];
            var value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            switch (name)
            {
                case "endpoint": endpoint = value; break;
                case "region": region = value; break;
                case "path-style" when bool.TryParse(value, out var wanted): pathStyle = wanted; break;
                case "path-style": throw Wrong("path-style is neither true nor false", $"'{value}'");
                default: throw Wrong("unknown setting after the question mark; known are endpoint, region, path-style", $"'{name}'");
            }
        }

        return new S3Settings
        {
            Endpoint = endpoint is null ? null : ReadEndpoint(endpoint),
            Region = region ?? "us-east-1",
            PathStyle = pathStyle ?? endpoint is not null,
        };
    }

    private static Uri ReadEndpoint(string text)
    {
        var isUrl = Uri.TryCreate(text, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https";
        if (!isUrl)
        {
            throw Wrong("the endpoint is no http:// or https:// URL", $"'{text}'");
        }

        if (endpoint!.UserInfo.Length > 0)
        {
            throw new NesteggException(
                FailureKind.BadInput, "the endpoint of the S3 store must not hold credentials",
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment");
        }

        return endpoint;
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static NesteggException Wrong(string what, string found) =>
        new(FailureKind.BadInput, $"not an address of a store: {what}: {found}", Usage);
}
