using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.Stores.S3;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Stores;

/// <summary>What a bucket is set up like is told as far as the store tells it, and that it does not is told, too.</summary>
public sealed class BucketInquiryTests(SharedServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bucket_that_nobody_set_up_has_nothing_set()
    {
        var ceph = await servers.CephAsync(Token);
        var settings = await AskAsync(ceph.Endpoint, await ceph.CreateBucketAsync(Token));
        Assert.Equal(Enumerable.Repeat(SettingAnswer.Absent, 5), Answers(settings));
        Assert.All(Reasons(settings), Assert.Null);
    }

    [Fact]
    public async Task What_is_set_on_a_bucket_is_read_as_it_was_set()
    {
        var ceph = await servers.CephAsync(Token);
        var name = await ceph.CreateBucketAsync(Token, objectLock: true);
        await SetUpAsync(ceph.Client, name);

        var settings = await AskAsync(ceph.Endpoint, name);

        var cors = Assert.Single(settings.Cors.Value!);
        Assert.Equal(["https://photos.example.org", "http://*.lan"], cors.Origins.OrderDescending());
        Assert.Equal(["GET", "PUT"], cors.Methods.Order());
        Assert.Equal(["*"], cors.Headers);
        Assert.Equal(["ETag"], cors.ExposedHeaders);
        Assert.Equal(3000, cors.MaxAgeSeconds);
        Assert.Equal("Enabled", settings.Versioning.Value);
        Assert.Equal(new BucketLock("GOVERNANCE", 3, null), settings.ObjectLock.Value! with { Years = null });
        Assert.Equal(["READ"], settings.PublicAccess.Value!.Grants);
        var lifecycle = settings.Lifecycle.Value!.ToDictionary(rule => rule.Id);
        Assert.Equal((true, "tmp/", 7), (lifecycle["old"].IsEnabled, lifecycle["old"].Prefix, lifecycle["old"].ExpirationDays));
        Assert.Equal((false, 5, null), (lifecycle["off"].IsEnabled, lifecycle["off"].NoncurrentDays, lifecycle["off"].ExpirationDays));
        Assert.Equal((true, 2), (lifecycle["tagged"].IsByTag, lifecycle["tagged"].AbortUploadDays ?? lifecycle["tagged"].ExpirationDays));
    }

    [Fact]
    public async Task What_a_store_does_not_know_is_told_from_what_is_not_set()
    {
        await using var store = await EmbeddedStore.StartAsync(Token);
        var settings = await AskAsync(store.Endpoint, await store.CreateBucketAsync(Token));
        Assert.Equal(
            [
                SettingAnswer.Absent, SettingAnswer.Absent, SettingAnswer.NotImplemented, SettingAnswer.Absent,
                SettingAnswer.NotImplemented,
            ],
            Answers(settings));
        Assert.Equal("501 NotImplemented", settings.Lifecycle.Why);
    }

    [Theory]
    [InlineData(403, "AccessDenied", SettingAnswer.NotAllowed)]
    [InlineData(501, "NotImplemented", SettingAnswer.NotImplemented)]
    [InlineData(405, "MethodNotAllowed", SettingAnswer.NotImplemented)]
    [InlineData(400, "NotImplemented", SettingAnswer.NotImplemented)]
    [InlineData(400, "InvalidRequest", SettingAnswer.Failed)]
    public async Task Each_refusal_has_its_answer(int status, string code, SettingAnswer expected)
    {
        await using var server = ScriptedHttpServer.Refusing(status, code);
        var settings = await AskAsync(server.Endpoint, "bucket");
        Assert.Equal(Enumerable.Repeat(expected, 5), Answers(settings));
        Assert.All(Reasons(settings), why => Assert.Equal($"{status} {code}", why));
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_given_up_and_fails_nothing()
    {
        await using var server = new ScriptedHttpServer((_, context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var settings = await AskAsync(server.Endpoint, "bucket", new TestTime(haste: 100));
        Assert.Equal(Enumerable.Repeat(SettingAnswer.Failed, 5), Answers(settings));
        Assert.All(Reasons(settings), why => Assert.Equal("no answer within 10 s", why));
    }

    private static async Task SetUpAsync(AmazonS3Client client, string name)
    {
        await client.PutCORSConfigurationAsync(
            new PutCORSConfigurationRequest
            {
                BucketName = name,
                Configuration = new CORSConfiguration
                {
                    Rules =
                    [
                        new CORSRule
                        {
                            AllowedOrigins = ["https://photos.example.org", "http://*.lan"], AllowedMethods = ["GET", "PUT"],
                            AllowedHeaders = ["*"], ExposeHeaders = ["ETag"], MaxAgeSeconds = 3000,
                        },
                    ],
                },
            }, Token);
        await client.PutObjectLockConfigurationAsync(
            new PutObjectLockConfigurationRequest
            {
                BucketName = name,
                ObjectLockConfiguration = new ObjectLockConfiguration
                {
                    ObjectLockEnabled = ObjectLockEnabled.Enabled,
                    Rule = new ObjectLockRule
                    {
                        DefaultRetention = new DefaultRetention { Mode = ObjectLockRetentionMode.Governance, Days = 3 },
                    },
                },
            }, Token);
        await client.PutBucketAclAsync(new PutBucketAclRequest { BucketName = name, ACL = S3CannedACL.PublicRead }, Token);
        await client.PutLifecycleConfigurationAsync(
            new PutLifecycleConfigurationRequest
            {
                BucketName = name, Configuration = new LifecycleConfiguration
                {
                    Rules =
                    [
                        Rule("old", "tmp/", true, rule => rule.Expiration = new LifecycleRuleExpiration { Days = 7 }),
                        Rule("off", "", false, rule => rule.NoncurrentVersionExpiration =
                            new LifecycleRuleNoncurrentVersionExpiration { NoncurrentDays = 5 }),
                        new Amazon.S3.Model.LifecycleRule
                        {
                            Id = "tagged", Status = LifecycleRuleStatus.Enabled,
                            Filter = new LifecycleFilter { Tag = new Tag { Key = "a", Value = "b" } },
                            Expiration = new LifecycleRuleExpiration { Days = 2 },
                        },
                    ],
                },
            }, Token);
    }

    private static Amazon.S3.Model.LifecycleRule Rule(
        string id, string prefix, bool isEnabled, Action<Amazon.S3.Model.LifecycleRule> fill)
    {
        var rule = new Amazon.S3.Model.LifecycleRule
        {
            Id = id,
            Status = isEnabled ? LifecycleRuleStatus.Enabled : LifecycleRuleStatus.Disabled,
            Filter = new LifecycleFilter { Prefix = prefix },
        };
        fill(rule);
        return rule;
    }

    private static async Task<BucketSettings> AskAsync(Uri endpoint, string name, TimeProvider? time = null)
    {
        await using var bucket = new BucketClient(
            new S3Settings { Endpoint = endpoint, PathStyle = true }, new S3Credentials(CephGateway.AccessKey, CephGateway.SecretKey), name,
            time);
        return await new BucketInquiry(bucket.Requests).AskAsync(Token);
    }

    private static SettingAnswer[] Answers(BucketSettings settings) =>
    [
        settings.Cors.Answer, settings.Versioning.Answer, settings.Lifecycle.Answer, settings.ObjectLock.Answer,
        settings.PublicAccess.Answer,
    ];

    private static string?[] Reasons(BucketSettings settings) =>
        [settings.Cors.Why, settings.Versioning.Why, settings.Lifecycle.Why, settings.ObjectLock.Why, settings.PublicAccess.Why];
}
