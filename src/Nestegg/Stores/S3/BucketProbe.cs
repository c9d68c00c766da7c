using Amazon.S3.Model;
using Nestegg.Ente.Retries;

namespace Nestegg.Stores.S3;

/// <summary>Looks whether a bucket can be used, for preflight and doctor.</summary>
internal sealed class BucketProbe(BucketRequests bucket, string subject)
{
    // S3 refuses requests that are 15 minutes off; a third of that deserves a word before it fails.
    private static readonly TimeSpan Refused = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Suspicious = TimeSpan.FromMinutes(5);

    private readonly Uri endpoint = bucket.Endpoint;

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        if (await ClockAsync(cancellationToken) is { } clock)
        {
            findings.Add(clock);
        }

        try
        {
            var first = (await bucket.ListPageAsync("", null, 1, cancellationToken)).S3Objects?.FirstOrDefault();
            findings.Add(first is null
                ? new Finding(
                    "bucket-empty", Severity.Ok, subject, $"bucket '{bucket.Bucket}' at {endpoint.Authority} answers and is empty")
                : await ReadAsync(first, cancellationToken));
        }
        catch (NesteggException failure) when (failure.InnerException is { } cause)
        {
            findings.Add(Failed(cause, ""));
        }

        return findings;
    }

    // To list a bucket and to read its objects are two permissions, and half of a policy is soon forgotten.
    private async Task<Finding> ReadAsync(S3Object item, CancellationToken cancellationToken)
    {
        try
        {
            if (item.StorageClass?.Value is not ("GLACIER" or "DEEP_ARCHIVE")
                && await bucket.CallAsync(
                    "read", item.Key, 0, token => bucket.GetAsync(item.Key, 0, 1, null, token), cancellationToken) is { } answer)
            {
                answer.UpTo(1).Dispose();
            }

            return new Finding(
                "bucket-ok", Severity.Ok, subject, $"bucket '{bucket.Bucket}' at {endpoint.Authority} answers and can be read");
        }
        catch (NesteggException failure) when (failure.InnerException is { } cause)
        {
            return Failed(cause, " can be listed, but its objects cannot be read");
        }
    }

    private Finding Failed(Exception cause, string what)
    {
        var (code, words, hint) = S3Failure.Describe(endpoint, bucket.Bucket, cause);
        return new Finding(code, Severity.Error, subject, $"bucket '{bucket.Bucket}'{what}: {words}", hint);
    }

    // Any answer, even a refusal, carries the server's time. A server that does not answer at all is what the listing will find.
    private async Task<Finding?> ClockAsync(CancellationToken cancellationToken)
    {
        using var silence = bucket.NewSilenceLimit();
        try
        {
            using var response = await silence.RunAsync(
                static (it, token) => new ValueTask<HttpResponseMessage>(
                    it.Http.GetAsync(it.endpoint, HttpCompletionOption.ResponseHeadersRead, token)),
                (bucket.Http, endpoint), cancellationToken);
            if (response.Headers.Date is not { } theirs)
            {
                return null;
            }

            var ours = bucket.Time.GetUtcNow();
            var apart = (ours - theirs).Duration();
            return apart < Suspicious ? null : new Finding(
                "clock-skew", apart < Refused ? Severity.Warning : Severity.Error, subject,
                $"this machine's clock says {ours:yyyy-MM-dd HH:mm:ss}Z and {endpoint.Authority}'s {theirs:yyyy-MM-dd HH:mm:ss}Z; S3 refuses more than 15 minutes apart",
                "set both clocks by NTP (timedatectl set-ntp true)");
        }
        catch (Exception failure) when (S3Failure.IsOfStore(failure))
        {
            return null;
        }
    }
}
