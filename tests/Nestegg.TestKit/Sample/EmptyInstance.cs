using Amazon.Runtime;
using Amazon.S3;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// What the quickstart leaves on a new machine before museum has started: a folder with new secrets, an empty database, empty buckets.
/// </summary>
public static class EmptyInstance
{
    public static async Task CreateAsync(SampleOptions options, CancellationToken cancellationToken)
    {
        var secrets = new SampleSecrets(new SampleRandom(options.Seed));
        await using var database = await SampleDatabase.CreateEmptyAsync(options, secrets, cancellationToken);
        using var buckets = new AmazonS3Client(
            new BasicAWSCredentials(options.AccessKey, options.SecretKey),
            new AmazonS3Config
            {
                ServiceURL = options.ObjectStore.ToString(),
                ForcePathStyle = true,
                AuthenticationRegion = "eu-central-2",
            });
        foreach (var slot in SampleStorage.Slots)
        {
            await buckets.PutBucketAsync(options.BucketPrefix + slot, cancellationToken);
        }

        await SampleFolder.WriteAsync(options, secrets, cancellationToken);
    }
}
