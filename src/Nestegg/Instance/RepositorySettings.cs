using Nestegg.Stores;

namespace Nestegg.Instance;

/// <summary>Where the repository is and how to sign in there. Not a record: a record's text would print the secret.</summary>
internal sealed class RepositorySettings
{
    /// <summary>A folder as a full path, or <c>s3://bucket/prefix</c>.</summary>
    public required string Location { get; init; }

    public bool IsS3 => Location.StartsWith("s3://", StringComparison.Ordinal);

    /// <summary>The endpoint of the object store; <see langword="null"/> for Amazon's own.</summary>
    public string? Endpoint { get; init; }

    public string Region { get; init; } = "us-east-1";

    /// <summary>Whether the bucket stands in the path instead of the host name.</summary>
    public bool UsesPathStyle { get; init; } = true;

    public string AccessKey { get; init; } = "";

    public string SecretKey { get; init; } = "";

    /// <summary><c>governance</c> or <c>compliance</c>; empty for no object lock.</summary>
    public string ObjectLockMode { get; init; } = "";

    /// <summary>For how many days an item is locked after it was written or was last seen in use.</summary>
    public int ObjectLockDays { get; init; }

    /// <summary>The store at this place. A folder is made when <paramref name="create"/> says so; a bucket never is.</summary>
    public IStore OpenStore(bool create, TimeProvider time) => create ? LocalStore.Create(Location, time) : new LocalStore(Location, time);
}
