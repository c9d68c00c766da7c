using Amazon.S3;
using Amazon.S3.Model;

namespace Nestegg.Stores.S3;

/// <summary>Makes a bucket, and gives CORS rules to one.</summary>
internal sealed class BucketSetup(BucketRequests bucket)
{
    /// <summary>Makes it; one of one's own that is there is no error.</summary>
    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        await bucket.CallAsync("make", "", 0, async token =>
        {
            try
            {
                return await CreateAsync(isInRegion: true, token);
            }
            catch (AmazonS3Exception unknown) when (unknown.ErrorCode.Contains("LocationConstraint", StringComparison.Ordinal))
            {
                // Servers of one's own often have no region of the name that museum.yaml gives.
                return await CreateAsync(isInRegion: false, token);
            }
            catch (AmazonS3Exception there) when (there.ErrorCode == "BucketAlreadyOwnedByYou")
            {
                return null;
            }
        }, cancellationToken);
        bucket.IsBucketSeen = true;
    }

    /// <summary>Sets the rules, in the place of any that are there.</summary>
    public Task SetCorsAsync(IEnumerable<CorsRule> rules, CancellationToken cancellationToken)
    {
        var request = new PutCORSConfigurationRequest
        {
            BucketName = bucket.Bucket,
            Configuration = new CORSConfiguration
            {
                Rules =
                [
                    .. rules.Select(rule => new CORSRule
                    {
                        AllowedOrigins = [.. rule.Origins],
                        AllowedMethods = [.. rule.Methods],
                        AllowedHeaders = [.. rule.Headers],
                        ExposeHeaders = [.. rule.ExposedHeaders],
                        MaxAgeSeconds = rule.MaxAgeSeconds,
                    }),
                ],
            },
        };
        return bucket.CallAsync(
            "set the CORS rules of", "", 0, token => bucket.Client.PutCORSConfigurationAsync(request, token), cancellationToken);
    }

    private Task<PutBucketResponse?> CreateAsync(bool isInRegion, CancellationToken cancellationToken) =>
        bucket.Client.PutBucketAsync(
            new PutBucketRequest { BucketName = bucket.Bucket, UseClientRegion = isInRegion }, cancellationToken)!;
}
