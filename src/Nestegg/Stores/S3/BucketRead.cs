using System.Diagnostics;
using Nestegg.Ente.Retries;

namespace Nestegg.Stores.S3;

/// <summary>An object, or a range of it up to <paramref name="end"/>; only as long as it is the one that was opened first.</summary>
internal sealed class BucketRead(BucketRequests bucket, string key, string eTag, long end) : IResumable
{
    public async Task<OpenedBody> OpenAsync(long offset, CancellationToken cancellationToken)
    {
        Debug.Assert(offset < end, "What has come to its end is not opened again.");
        var answer = await bucket.GetAsync(key, offset, end - offset, eTag.Length == 0 ? null : eTag, cancellationToken)
            ?? throw new NesteggException(
                FailureKind.OutOfReach, $"cannot read {bucket.Location}/{key}: it was deleted while it was being read",
                "run the command again");
        return answer.UpTo(end);
    }

    public Exception? Explain(Exception failure) => S3Failure.IsOfStore(failure) ? bucket.Explain("read", key, failure) : null;
}
