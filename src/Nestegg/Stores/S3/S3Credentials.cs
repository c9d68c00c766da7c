namespace Nestegg.Stores.S3;

/// <summary>
/// An access key and its secret. A class and not a record, so that nothing prints it; strings, because the SDK takes nothing else.
/// </summary>
public sealed class S3Credentials(string accessKey, string secretKey, string? sessionToken = null)
{
    public string AccessKey { get; } = accessKey;

    public string? SessionToken { get; } = sessionToken;

    internal string SecretKey { get; } = secretKey;

    /// <summary>Reads <c>AWS_ACCESS_KEY_ID</c>, <c>AWS_SECRET_ACCESS_KEY</c> and <c>AWS_SESSION_TOKEN</c>.</summary>
    /// <exception cref="NesteggException">One of the first two is not set.</exception>
    public static S3Credentials FromEnvironment(Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        return new S3Credentials(Required("AWS_ACCESS_KEY_ID"), Required("AWS_SECRET_ACCESS_KEY"), variable("AWS_SESSION_TOKEN"));

        string Required(string name) => variable(name) is { Length: > 0 } value
            ? value
            : throw new NesteggException(
                FailureKind.BadInput, $"no credentials for the S3 store: {name} is not set",
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or name a file with them in nestegg.yaml");
    }
}
