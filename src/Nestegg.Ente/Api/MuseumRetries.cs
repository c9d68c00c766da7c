using System.Net;
using System.Net.Http.Headers;
using Nestegg.Ente.Retries;

namespace Nestegg.Ente.Api;

/// <summary>Which failures of museum and its object store time heals, and what the others mean to a person.</summary>
internal static class MuseumRetries
{
    private const int FailureRetries = 3;

    // A limit of ten a minute needs up to a minute of patience; together these are a little more.
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(40)];

    internal static RetryRules Rules { get; } = new(Pauses, outcome => outcome switch
    {
        { Result: MuseumAnswer answer } => Judge(answer.Status, answer.RetryAfter),
        { Exception: MuseumException refused } => refused.Passing,
        { Exception: HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } } => null,
        { Exception: HttpRequestException or IOException or TimeoutException } => new PassingFailure(FailureRetries),
        _ => null,
    });

    internal static PassingFailure? Judge(HttpStatusCode status, RetryConditionHeaderValue? retryAfter) => status switch
    {
        HttpStatusCode.TooManyRequests => new PassingFailure(Pauses.Length, retryAfter),
        >= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented => new PassingFailure(FailureRetries, retryAfter),
        _ => null,
    };

    /// <summary>Names the server that was asked. Null for what is no failure of a connection.</summary>
    internal static MuseumException? Explain(string server, Exception failure) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => new MuseumException(
            $"{server} has no certificate that this machine trusts: {SystemWords.Of(failure)}",
            "when it is your own, name the PEM file of the authority that signed it in SSL_CERT_FILE, or add that to the system's; "
            + "when there is no TLS at all, write http://", failure),
        IOException => new MuseumException(
            $"{server} broke off in the middle of an answer: {SystemWords.Of(failure)}",
            "look at the network and its log, and run the command again", failure),
        HttpRequestException or TimeoutException => new MuseumException(
            $"{server} cannot be reached: {SystemWords.Of(failure)}",
            "check the address and the network; in the quickstart museum listens on port 8080", failure),
        _ => null,
    };
}
