namespace Nestegg.Stores.S3;

/// <summary>What came of asking a store for one setting of a bucket.</summary>
public enum SettingAnswer
{
    /// <summary>It is set, and this is it.</summary>
    Set,

    /// <summary>The store knows it, and it is not set.</summary>
    Absent,

    /// <summary>The access key may not ask.</summary>
    NotAllowed,

    /// <summary>The store does not know such a thing: its own default holds.</summary>
    NotImplemented,

    /// <summary>No answer that says one of these.</summary>
    Failed,
}

/// <summary>One setting of a bucket, as far as the store told it.</summary>
/// <param name="Value"><see langword="null"/> unless the answer is <see cref="SettingAnswer.Set"/>.</param>
/// <param name="Why">What the store said, where it told nothing.</param>
public sealed record BucketSetting<T>(SettingAnswer Answer, T? Value, string? Why) where T : class;

/// <summary>How a bucket is set up beside what is in it.</summary>
/// <param name="Versioning"><c>Enabled</c> or <c>Suspended</c>; absent where it never was on.</param>
public sealed record BucketSettings(
    BucketSetting<IReadOnlyList<CorsRule>> Cors, BucketSetting<string> Versioning, BucketSetting<IReadOnlyList<LifecycleRule>> Lifecycle,
    BucketSetting<BucketLock> ObjectLock, BucketSetting<PublicAccess> PublicAccess);

/// <summary>What pages of these origins may do. An origin and a header may hold one <c>*</c>, which stands for any text.</summary>
public sealed record CorsRule(
    IReadOnlyList<string> Origins, IReadOnlyList<string> Methods, IReadOnlyList<string> Headers, IReadOnlyList<string> ExposedHeaders,
    int? MaxAgeSeconds)
{
    /// <summary>Whether a page of this origin may make a request of this method with this header.</summary>
    public bool Allows(string origin, string method, string header) =>
        Methods.Contains(method)
        && Origins.Any(pattern => Fits(pattern, origin, StringComparison.Ordinal))
        && Headers.Any(pattern => Fits(pattern, header, StringComparison.OrdinalIgnoreCase));

    private static bool Fits(string pattern, string text, StringComparison comparison) =>
        pattern.Split('*', 2) is [var start, var end]
            ? text.Length >= start.Length + end.Length && text.StartsWith(start, comparison) && text.EndsWith(end, comparison)
            : string.Equals(pattern, text, comparison);
}

/// <summary>What happens to objects by themselves. Days count from when an object was written.</summary>
public sealed record LifecycleRule
{
    public string Id { get; init; } = "";

    public bool IsEnabled { get; init; }

    /// <summary>Of the keys that it is for; empty for all.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Whether it is for objects with certain tags only.</summary>
    public bool IsByTag { get; init; }

    /// <summary>When the current version goes.</summary>
    public int? ExpirationDays { get; init; }

    public DateTimeOffset? ExpirationDate { get; init; }

    /// <summary>When a version goes that another has replaced.</summary>
    public int? NoncurrentDays { get; init; }

    /// <summary>When an upload in parts is given up.</summary>
    public int? AbortUploadDays { get; init; }

    /// <summary>The storage classes that objects are moved to.</summary>
    public IReadOnlyList<string> Transitions { get; init; } = [];
}

/// <summary>Object lock of a bucket.</summary>
/// <param name="Mode">Of the default retention, <c>GOVERNANCE</c> or <c>COMPLIANCE</c>; <see langword="null"/> without one.</param>
public sealed record BucketLock(string? Mode, int? Days, int? Years);

/// <summary>What everybody may do without a key.</summary>
/// <param name="Grants">Permissions that the access list gives to everybody.</param>
/// <param name="IsPolicyPublic">Whether the bucket's policy gives everybody something.</param>
public sealed record PublicAccess(IReadOnlyList<string> Grants, bool IsPolicyPublic);
