namespace Nestegg.Server.S3;

/// <summary>The one pair of keys that an embedded store accepts. A class, not a record: nothing prints the secret.</summary>
public sealed class S3Credentials
{
    public S3Credentials(string accessKeyId, string secretAccessKey)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(accessKeyId);
        ArgumentException.ThrowIfNullOrWhiteSpace(secretAccessKey);
        AccessKeyId = accessKeyId;
        SecretAccessKey = secretAccessKey;
    }

    public string AccessKeyId { get; }

    internal string SecretAccessKey { get; }
}
