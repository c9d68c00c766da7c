using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Repositories.Manifests;
using Nestegg.Restore;
using Nestegg.Stores.S3;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Restore;

/// <summary>A restored instance works in the browser, in any new bucket.</summary>
public sealed class NewBucketTests(SharedServers servers, KnownInstances instances) : IAsyncLifetime
{
    private const string Photos = "https://photos.example.org";
    private const string Picture = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR4nGM4IScHQQxwFgBBAAYZPEVBlgAAAABJRU5ErkJggg==";

    private KnownSnapshot snapshot = null!;
    private NewInstance target = null!;
    private EmbeddedStore embedded = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(KnownInstances.Sample, Token))["t1"], Token);
        target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        embedded = await EmbeddedStore.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        target?.Dispose();
        snapshot?.Dispose();
        if (embedded is not null)
        {
            await embedded.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("Ceph")]
    [InlineData("embedded")]
    public async Task Absent_buckets_are_made_and_let_web_apps_in(string kind)
    {
        var store = await UseAsync(kind, hasBuckets: false);

        var plan = await target.PlanAsync(snapshot, Token, Options(kind));
        Assert.Empty(plan.Refusals);
        Assert.All(plan.Buckets, bucket => Assert.True(bucket.IsAbsent));
        Assert.Equal(CorsAdvice.Documented, Assert.Single(plan.Buckets.Single(bucket => bucket.Slot == "b2-eu-cen").Cors!.Rules));
        Assert.DoesNotContain((await store.ListBucketsAsync(Token)).Buckets ?? [], bucket => bucket.BucketName == target.Bucket);

        var result = await target.RestoreAsync(snapshot, Token, Options(kind));
        Assert.True(result.IsComplete);
        Assert.Empty(result.Blocked);
        Assert.Equal(["*"], Assert.Single(await RulesAsync(store)).AllowedOrigins);
        Assert.All(target.Buckets.Values, bucket => Assert.Contains(
            bucket, store.ListBucketsAsync(Token).GetAwaiter().GetResult().Buckets.Select(each => each.BucketName)));
    }

    [Fact]
    public async Task A_plan_says_what_is_made_and_an_absent_bucket_is_a_reason_not_to_begin_where_none_may_be()
    {
        await UseAsync("embedded", hasBuckets: false);
        var plan = await Cli.ExpectAsync(ExitCode.Done, Token, [.. Command("embedded"), "--dry-run"]);
        Assert.Contains("is absent and is made; gets the CORS rule that Ente documents", plan.Out);

        var refused = await Cli.ExpectAsync(ExitCode.OutOfReach, Token, [.. Command("embedded"), "--no-create-buckets", "--dry-run"]);
        Assert.Contains($"there is no bucket '{target.Bucket}'", refused.Error);
        Assert.Empty((await embedded.Client.ListBucketsAsync(Token)).Buckets ?? []);
    }

    [Fact]
    public async Task What_the_old_bucket_had_besides_is_said_and_not_set()
    {
        await UseAsync("embedded", hasBuckets: false);
        Keep(new CorsRule(["*"], ["GET", "PUT"], ["*"], [], null), versioning: "Enabled");
        var finding = Assert.Single(
            (await target.PlanAsync(snapshot, Token, Options("embedded"))).Findings, finding => finding.Code == "bucket-had-more");
        Assert.Contains("the old bucket had versioning (Enabled);", finding.Message);
    }

    [Theory]
    [InlineData("Ceph", "*", 1)]
    [InlineData("Ceph", Photos, 2)]
    [InlineData("embedded", Photos, 2)]
    public async Task A_bucket_without_rules_gets_those_of_the_snapshot_and_lets_every_app_in(string kind, string origin, int rules)
    {
        var store = await UseAsync(kind, hasBuckets: true);
        Keep(new CorsRule([origin], ["GET", "PUT", "HEAD"], ["*"], ["ETag", "x-amz-meta-a"], 17));

        var result = await target.RestoreAsync(snapshot, Token, Options(kind));

        Assert.Empty(result.Blocked);
        var there = await RulesAsync(store);
        Assert.Equal(rules, there.Count);
        var kept = there.Single(rule => rule.MaxAgeSeconds == 17);
        Assert.Equal([origin], kept.AllowedOrigins);
        Assert.Equal(["ETag", "x-amz-meta-a"], kept.ExposeHeaders.Order());
    }

    [Theory]
    [InlineData("Ceph")]
    [InlineData("embedded")]
    public async Task Rules_that_are_there_stay_and_the_last_lines_say_what_to_type(string kind)
    {
        var store = await UseAsync(kind, hasBuckets: true);
        await store.PutCORSConfigurationAsync(
            new PutCORSConfigurationRequest
            {
                BucketName = target.Bucket,
                Configuration = new() { Rules = [new() { AllowedOrigins = [Photos], AllowedMethods = ["GET"], AllowedHeaders = ["*"] }] },
            }, Token);

        var run = await Cli.ExpectAsync(ExitCode.Done, Token, Command(kind));

        Assert.Equal([Photos], Assert.Single(await RulesAsync(store)).AllowedOrigins);
        var end = run.Out[run.Out.IndexOf("does not let in the web apps of", StringComparison.Ordinal)..];
        Assert.Contains($"aws s3api put-bucket-cors --bucket {target.Bucket} \\\n", end);
        Assert.Contains("http://localhost:3002", end);
        Assert.Contains("replaces the rules that are there", end);
        Assert.EndsWith("\"DELETE\"]}]}'\n", run.Out);
    }

    [Theory]
    [InlineData("Ceph")]
    [InlineData("embedded")]
    public async Task A_browser_shows_a_picture_out_of_the_bucket_after_the_restore_and_none_before(string kind)
    {
        Assert.SkipUnless(WebPage.MissingReason is null, WebPage.MissingReason ?? "");
        var store = await UseAsync(kind, hasBuckets: true);
        await store.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = target.Bucket, Key = "1/picture", InputStream = new MemoryStream(Convert.FromBase64String(Picture)),
                UseChunkEncoding = false,
            }, Token);
        var link = await store.GetPreSignedURLAsync(new GetPreSignedUrlRequest
        {
            BucketName = target.Bucket, Key = "1/picture", Expires = DateTime.UtcNow.AddHours(1), Protocol = Protocol.HTTP,
        });
        Assert.Equal("Failed to fetch", await WebPage.ShowAsync(link, Token));

        await target.RestoreAsync(snapshot, Token, Options(kind) with { OverwriteBuckets = new HashSet<string> { target.Bucket } });

        Assert.Equal("3 x 2", await WebPage.ShowAsync(link, Token));
    }

    private async Task<AmazonS3Client> UseAsync(string kind, bool hasBuckets)
    {
        AmazonS3Client store = kind == "Ceph" ? target.Ceph.Client : embedded.Client;
        foreach (var bucket in target.Buckets.Values)
        {
            if (kind == "Ceph" && !hasBuckets)
            {
                await store.DeleteBucketAsync(bucket, Token);
            }
            else if (kind != "Ceph" && hasBuckets)
            {
                await embedded.CreateBucketAsync(Token, bucket);
            }
        }

        return store;
    }

    private void Keep(CorsRule rule, string? versioning = null)
    {
        IReadOnlyList<CorsRule> rules = [rule];
        var settings = new BucketSettings(
            new(SettingAnswer.Set, rules, null), new(versioning is null ? SettingAnswer.Absent : SettingAnswer.Set, versioning, null),
            new(SettingAnswer.Absent, null, null), new(SettingAnswer.Absent, null, null), new(SettingAnswer.Absent, null, null));
        snapshot.Manifest = snapshot.Manifest with { Buckets = [new ManifestBucket("b2-eu-cen", "old", settings)] };
    }

    private string[] Map(string kind) => kind == "Ceph"
        ? target.Map
        : [target.Map[0], $"localhost:3200={embedded.Endpoint.Authority}"];

    private string[] Command(string kind) =>
    [
        "restore", "--repository", snapshot.RepositoryPath, "--identity", snapshot.IdentityPath, "--into", target.Folder,
        .. Map(kind).SelectMany(entry => new[] { "--map", entry }),
    ];

    private RestoreOptions Options(string kind) => target.Options with { Map = EndpointMap.Parse(Map(kind)) };

    private async Task<List<CORSRule>> RulesAsync(AmazonS3Client store) => (await store.GetCORSConfigurationAsync(
        new GetCORSConfigurationRequest { BucketName = target.Bucket }, Token)).Configuration.Rules;
}
