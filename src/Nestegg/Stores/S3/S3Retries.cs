using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;
using Nestegg.Ente.Retries;

namespace Nestegg.Stores.S3;

/// <summary>Which failures of an object store time heals. The SDK's own retries are off: no request is retried on two levels.</summary>
internal static class S3Retries
{
    // Together some five seconds: long enough for a restarting server or a lost connection, short enough for a wrong address.
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)];

    public static RetryRules Rules { get; } = new(Pauses, outcome => outcome.Exception is { } failure ? Judge(failure) : null);

    private static PassingFailure? Judge(Exception failure) => failure switch
    {
        AuthenticationException => null,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } tls
            when tls.InnerException is not IOException { InnerException: SocketException } => null,
        AmazonServiceException { StatusCode: not 0 } answer =>
            IsPassing(answer) ? new PassingFailure(Pauses.Length, RetryAfter(answer)) : null,
        TimeoutException or SocketException or IOException or HttpRequestException => new PassingFailure(Pauses.Length),
        { InnerException: { } inner } => Judge(inner),
        _ => null,
    };

    private static bool IsPassing(AmazonServiceException answer) =>
        (int)answer.StatusCode >= 500 && answer.StatusCode is not (HttpStatusCode.NotImplemented or HttpStatusCode.InsufficientStorage)
        || answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        || answer.ErrorCode is "SlowDown" or "RequestTimeout" or "InternalError" or "ServiceUnavailable" or "Throttling"
            or "BadDigest" or "IncompleteBody" or "OperationAborted";

    private static RetryConditionHeaderValue? RetryAfter(AmazonServiceException answer) => answer switch
    {
        RefusedReadException refused => refused.RetryAfter,
        { InnerException: HttpErrorResponseException { Response: var response } } when response.IsHeaderPresent("Retry-After") =>
            RetryConditionHeaderValue.TryParse(response.GetHeaderValue("Retry-After"), out var when) ? when : null,
        _ => null,
    };
}

/// <summary>The error that the SDK would have made of an answer to a request that it did not make.</summary>
internal sealed class RefusedReadException(string message, string code, HttpResponseMessage response)
    : AmazonS3Exception(message, ErrorType.Unknown, code, "", response.StatusCode)
{
    public RetryConditionHeaderValue? RetryAfter { get; } = response.Headers.RetryAfter;
}
