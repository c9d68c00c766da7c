using Nestegg.Repositories.Files;
using Nestegg.Stores.S3;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Repositories;

/// <summary>What is particular to a repository in a bucket: listings cost requests, and uploads in parts may be left unfinished.</summary>
public sealed class BucketLossTests : IAsyncLifetime
{
    private static readonly Dictionary<string, byte[]> Objects = new()
    {
        ["1/large"] = SampleRepository.Content(1_100_000, 1),
        ["1/small"] = SampleRepository.Content(5_000, 2),
    };

    private EmbeddedStore server = null!;
    private string bucket = null!;
    private SampleRepository sample = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await EmbeddedStore.StartAsync(Token);
        bucket = await server.CreateBucketAsync(Token);
        sample = await SampleRepository.CreateAsync(Open(), Token);
    }

    public async ValueTask DisposeAsync()
    {
        await sample.Repository.DisposeAsync();
        sample.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task The_stored_files_are_listed_once_a_day_and_the_manifest_says_when()
    {
        var first = await BackUpAsync(0);
        await DeleteAsync("objects/");
        var sameDay = await BackUpAsync(hours: 2);
        Assert.Equal((first.PresenceCheckedAt, 0L), (sameDay.PresenceCheckedAt, sameDay.Counts.NewObjects));
        var nextDay = await BackUpAsync(hours: 24);
        Assert.Equal((first.PresenceCheckedAt!.Value.AddHours(24), 1L), (nextDay.PresenceCheckedAt!.Value, nextDay.Counts.NewObjects));
        Assert.Equal(nextDay.PresenceCheckedAt, (await BackUpAsync(hours: 26)).PresenceCheckedAt);
    }

    [Fact]
    public async Task After_a_run_that_missed_something_the_next_one_lists_again()
    {
        await BackUpAsync(0, missing: 1);
        await DeleteAsync("packs/");
        Assert.Equal(1, (await BackUpAsync(hours: 2)).Counts.NewObjects);
    }

    [Fact]
    public async Task Unfinished_uploads_of_a_run_are_removed_at_once_and_those_of_a_proof_a_day_later()
    {
        foreach (var key in new[] { "packs/ab/upload.tar", "objects/ab/upload", "snapshots/x/database.dump.zst.age", "proofs/x/report" })
        {
            await server.Client.InitiateMultipartUploadAsync(bucket, $"nestegg/{key}", Token);
        }

        await server.Client.InitiateMultipartUploadAsync(bucket, "elsewhere/file", Token);
        Assert.Equal(4, await sample.Repository.Leftovers.ListUnfinishedAsync(Token).CountAsync(Token));
        Assert.Equal(3, await RemoveAsync(TimeSpan.Zero));
        Assert.Equal(0, await RemoveAsync(TimeSpan.FromHours(23)));
        Assert.Equal(1, await RemoveAsync(TimeSpan.FromHours(25)));
        var left = await server.Client.ListMultipartUploadsAsync(bucket, Token);
        Assert.Equal("elsewhere/file", Assert.Single(left.MultipartUploads).Key);
    }

    private S3Store Open() => new(
        bucket, "nestegg", new S3Settings { Endpoint = server.Endpoint, PathStyle = true },
        new S3Credentials(EmbeddedStore.AccessKey, EmbeddedStore.SecretKey));

    private async Task<Nestegg.Repositories.Manifests.Manifest> BackUpAsync(int hours, int missing = 0)
    {
        var time = new StillTime(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero).AddHours(hours));
        return await sample.BackUpAsync(Objects, Token, time, missing);
    }

    private async Task DeleteAsync(string folder)
    {
        var listing = await server.Client.ListObjectsV2Async(new() { BucketName = bucket, Prefix = $"nestegg/{folder}" }, Token);
        foreach (var item in listing.S3Objects)
        {
            await server.Client.DeleteObjectAsync(bucket, item.Key, Token);
        }
    }

    private async Task<int> RemoveAsync(TimeSpan later)
    {
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var now = TimeProvider.System.GetUtcNow() + later;
        return (await sample.Repository.Leftovers.RemoveAsync(writer.Id, new HashSet<SnapshotId>(), now, Token)).Removed;
    }
}
