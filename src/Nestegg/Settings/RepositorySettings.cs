using Nestegg.Stores;
using Nestegg.Stores.S3;

namespace Nestegg.Settings;

/// <summary>Where the repository is and how to sign in there. Not a record: a record's text would print the secret.</summary>
public sealed class RepositorySettings
{
    /// <summary>A folder as a full path, or <c>s3://bucket/prefix</c>.</summary>
    public required string Location { get; init; }

    public bool IsS3 => Location.StartsWith("s3://", StringComparison.OrdinalIgnoreCase);

    /// <summary>The endpoint of the object store; <see langword="null"/> for Amazon's own.</summary>
    public string? Endpoint { get; init; }

    /// <summary><see langword="null"/> for the one of the address or of the environment.</summary>
    public string? Region { get; init; }

    /// <summary>
    /// Whether the bucket stands in the path instead of the host name; <see langword="null"/> for yes with an endpoint of one's own, else
    /// no.
    /// </summary>
    public bool? UsesPathStyle { get; init; }

    public string AccessKey { get; init; } = "";

    public string SecretKey { get; init; } = "";

    public string? SessionToken { get; init; }

    /// <summary><c>governance</c> or <c>compliance</c>; empty for no object lock.</summary>
    public string ObjectLockMode { get; init; } = "";

    /// <summary>For how many days an item is locked after it was written.</summary>
    public int ObjectLockDays { get; init; }

    /// <summary>The settings of a location alone, with what the environment says about credentials.</summary>
    /// <param name="location">A folder, from <paramref name="workingFolder"/> on, or <c>s3://bucket/prefix</c>.</param>
    public static RepositorySettings At(string location, string workingFolder, IReadOnlyDictionary<string, string> environment) =>
        NesteggConfigurationReader.RepositoryAt(location, workingFolder, environment);

    /// <summary>The store at this place. A folder is made when <paramref name="create"/> says so; a bucket never is.</summary>
    internal IStore OpenStore(bool create, TimeProvider time)
    {
        var address = StoreAddress.Parse(Location);
        if (!IsS3)
        {
            return address.Open(create: create, time: time);
        }

        var settings = address.S3 with
        {
            Endpoint = Endpoint is null ? address.S3.Endpoint : ReadEndpoint(Endpoint),
            Region = Region ?? address.S3.Region,
            PathStyle = UsesPathStyle ?? (Endpoint is not null || address.S3.PathStyle),
            Lock = ObjectLockMode.Length == 0
                ? null
                : new ObjectLock(Enum.Parse<Stores.S3.ObjectLockMode>(ObjectLockMode, ignoreCase: true), ObjectLockDays),
        };
        var credentials = AccessKey.Length > 0 && SecretKey.Length > 0 ? new S3Credentials(AccessKey, SecretKey, SessionToken) : null;
        return (address with { S3 = settings }).Open(credentials, create, time);
    }

    private static Uri ReadEndpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https"
        ? endpoint
        : throw new NesteggException(
            FailureKind.BadInput, $"repository.endpoint `{text}` is no http:// or https:// address",
            "write it with its scheme: https://s3.example.org");
}
