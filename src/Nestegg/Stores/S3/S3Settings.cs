namespace Nestegg.Stores.S3;

/// <summary>How an object store is spoken to. Holds no secret.</summary>
public sealed record S3Settings
{
    /// <summary>The server, <c>https://host[:port]</c>; <see langword="null"/> for Amazon's own in <see cref="Region"/>.</summary>
    public Uri? Endpoint { get; init; }

    public string Region { get; init; } = "us-east-1";

    /// <summary>The bucket is the first part of the path and not of the host name. What most servers of one's own want.</summary>
    public bool PathStyle { get; init; }

    /// <summary>How long the server may stay silent before a request counts as failed and is tried again.</summary>
    public TimeSpan AnswerLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Retention for what a store writes; <see langword="null"/> for none.</summary>
    public ObjectLock? Lock { get; init; }
}

/// <summary>Who may lift the retention before its time: with governance those with a special right, with compliance nobody.</summary>
public enum ObjectLockMode
{
    Governance,
    Compliance,
}

/// <summary>
/// Every item is kept from deletion for this many days after it was written. The bucket must have been made with object lock.
/// </summary>
public sealed record ObjectLock(ObjectLockMode Mode, int Days);
