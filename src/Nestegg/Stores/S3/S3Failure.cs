using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;
using Amazon.S3;

namespace Nestegg.Stores.S3;

/// <summary>Turns what an object store answers, or that it does not, into words that a person can act on.</summary>
internal static class S3Failure
{
    public static bool IsOfStore(Exception failure) =>
        failure is AmazonClientException or AmazonServiceException or HttpRequestException or IOException or TimeoutException
            or SocketException or AuthenticationException;

    /// <summary>Whether a request failed because its bucket is not there.</summary>
    public static bool IsOfAbsentBucket(NesteggException failure) => Answer(failure)?.ErrorCode == "NoSuchBucket";

    /// <param name="what">What was tried: <c>cannot read s3://bucket/key</c>.</param>
    public static NesteggException Explain(string what, Uri endpoint, string bucket, Exception failure)
    {
        var (_, words, hint) = Describe(endpoint, bucket, failure);
        return new NesteggException(FailureKind.OutOfReach, $"{what}: {words}", hint, failure)
        {
            IsOfOneItem = Answer(failure)?.ErrorCode is "AccessDenied" or "InvalidObjectState",
        };
    }

    /// <summary>A stable code for findings, what happened, and what to do.</summary>
    public static (string Code, string What, string Hint) Describe(Uri endpoint, string bucket, Exception failure) =>
        Answer(failure) is { } answer ? DescribeAnswer(endpoint, bucket, answer) : DescribeSilence(endpoint, bucket, failure);

    /// <summary>Whether the server refused without a word of why, as it must where its answer has no body.</summary>
    public static bool IsUnexplained(Exception failure) =>
        Answer(failure) is { StatusCode: >= HttpStatusCode.MultipleChoices and < HttpStatusCode.InternalServerError } answer
        && (string.IsNullOrEmpty(answer.ErrorCode) || answer.ErrorCode == answer.StatusCode.ToString());

    private static AmazonServiceException? Answer(Exception failure)
    {
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is AmazonServiceException { StatusCode: not 0 } answer)
            {
                return answer;
            }
        }

        return null;
    }

    private static (string, string, string) DescribeAnswer(Uri endpoint, string bucket, AmazonServiceException answer) => answer switch
    {
        { ErrorCode: "NoSuchBucket" } =>
            ("bucket-missing", $"there is no bucket '{bucket}' at {endpoint.Host}", "correct the bucket's name and the endpoint, or make "
                + "the bucket"),
        { ErrorCode: "InvalidAccessKeyId" } =>
            ("bucket-denied", "the server does not know the access key", "correct the access key, and see that the endpoint is the server "
                + "that issued it"),
        { ErrorCode: "SignatureDoesNotMatch" } =>
            ("bucket-denied", "the secret key does not fit the access key", "correct the secret key; behind a proxy, see that it passes "
                + "the Host header on unchanged"),
        { ErrorCode: "ExpiredToken" or "TokenRefreshRequired" } =>
            ("bucket-denied", "the session token has expired", "get new credentials from where these came from, and run the command again; "
                + "it goes on from where it stopped"),
        { ErrorCode: "InvalidToken" } =>
            ("bucket-denied", "the server does not know the session token", "a session token belongs to one access key: get all three "
                + "anew, or unset AWS_SESSION_TOKEN where the key needs none"),
        { ErrorCode: "RequestTimeTooSkewed" } =>
            ("clock-skew", "this machine's clock and the server's are more than 15 minutes apart", "set both clocks by NTP (timedatectl "
                + "set-ntp true)"),
        {
            ErrorCode: "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect"
            or "IllegalLocationConstraintException"
        } =>
            ("bucket-region", $"the bucket '{bucket}' is in another region "
                + $"({answer.ErrorCode}: {Sentence(answer.Message)})",
                "set the region, or the endpoint, that the provider shows for this bucket"),
        { ErrorCode: "InvalidObjectState" } =>
            ("object-archived", "the object is in an archive tier and cannot be read at once", "have the provider restore it from the "
                + "archive tier and run the command again"),
        { ErrorCode: "QuotaExceeded" or "XMinioStorageFull" or "InsufficientStorage" }
            or { StatusCode: HttpStatusCode.InsufficientStorage } =>
            ("store-full", "the store is full", "make room, or raise the quota, and run the command again; it goes on from where it "
                + "stopped"),
        { StatusCode: < HttpStatusCode.BadRequest } =>
            ("store-protocol", $"{endpoint.Authority} answers ({(int)answer.StatusCode}), but not as S3 does: {Sentence(answer.Message)}",
            "see whether this network wants a sign-in page first, or a proxy in between rewrites answers, and name the S3 server itself as "
                + "the endpoint"),
        { StatusCode: HttpStatusCode.PreconditionFailed } =>
            ("object-changed", "the object was replaced while it was being read", "run the command again"),
        { StatusCode: HttpStatusCode.Forbidden } =>
            ("bucket-denied", $"access denied (403 {answer.ErrorCode})", $"allow this key to list the bucket "
                + $"'{bucket}' and to read, write and delete in it; an item under object lock cannot be deleted before its time"),
        { StatusCode: HttpStatusCode.Unauthorized } =>
            ("bucket-denied", "the server asks for other credentials (401)", "correct the access key and the secret key"),
        { StatusCode: >= HttpStatusCode.InternalServerError } =>
            ("store-failing", $"the server fails ({(int)answer.StatusCode} {answer.ErrorCode}), {S3Retries.Rules.Attempts} times in a row",
            $"look at the logs of {endpoint.Host} and run the command again; it goes on from where it stopped"),
        _ =>
            ("store-refused", $"the server refuses ({(int)answer.StatusCode} {answer.ErrorCode}: {Sentence(answer.Message)})",
            $"see whether {endpoint} is an S3 server and the settings of this bucket are right"),
    };

    private static (string, string, string) DescribeSilence(Uri endpoint, string bucket, Exception failure)
    {
        var host = endpoint.Authority;
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                // What TLS itself refuses has a cause in it; what is no TLS at all has none.
                case HttpRequestException
                {
                    HttpRequestError: HttpRequestError.SecureConnectionError,
                    InnerException: UntrustedServerException or AuthenticationException { InnerException: not null },
                }:
                    return ("store-tls", $"no secure connection to {host}: {Sentence(inner.InnerException.Message)}",
                    "see that the certificate is valid for this name and its issuer trusted here (SSL_CERT_FILE names a file of issuers), or use http:// if the server has no TLS");
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return ("store-unreachable", $"nothing listens at {host}", "see that the server runs, and that host and port are "
                        + "those that reach it from this machine");
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData }:
                    return ("store-unreachable", $"the host name {HostOf(endpoint, bucket, failure)} is not known on this machine",
                        "a name of a container network is unknown outside of it: map it to an address that is reachable from here (--map)");
                case TimeoutException:
                    return ("store-unreachable", $"{host} does not answer ({inner.Message})", "see whether the server is up and a "
                        + "firewall is in between, and run the command again; it goes on from where it stopped");
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }:
                    return ("store-tls", $"{host} does not speak TLS", "use http:// if the server has no TLS, or correct the port");
                case HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }:
                    return ("store-tls", $"{host} does not answer in HTTP", "use https:// if the server has TLS, or correct the port");
            }
        }

        return ("store-unreachable", $"the connection to {host} broke, {S3Retries.Rules.Attempts} times in a row", "look at the network "
            + "and the server, and run the command again; it goes on from where it stopped");
    }

    // The bucket's own name was asked for, where addresses are made so.
    private static string HostOf(Uri endpoint, string bucket, Exception failure)
    {
        var own = $"{bucket}.{endpoint.Host}";
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner.Message.Contains($"({own}:", StringComparison.Ordinal))
            {
                return own;
            }
        }

        return endpoint.Host;
    }

    private static string Sentence(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
