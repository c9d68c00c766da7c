using System.Collections.Concurrent;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Restore;
using Nestegg.Stores.S3;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Restore;

/// <summary>Buckets are made and given rules before anything is put, and what a store refuses is told.</summary>
public sealed class BucketPreparationTests(SharedServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("us-east-1")]
    [InlineData("eu-central-2")]
    public async Task A_server_of_one_s_own_makes_a_bucket_in_whatever_region_museum_yaml_names(string region)
    {
        var ceph = await servers.CephAsync(Token);
        var name = "made-" + Guid.NewGuid().ToString("n");
        await using var bucket = new BucketClient(
            new S3Settings { Endpoint = ceph.Endpoint, PathStyle = true, Region = region },
            new S3Credentials(CephGateway.AccessKey, CephGateway.SecretKey), name);
        var setup = new BucketSetup(bucket.Requests);

        await setup.CreateAsync(Token);
        await setup.CreateAsync(Token);

        Assert.Contains(name, (await ceph.Client.ListBucketsAsync(Token)).Buckets.Select(each => each.BucketName));
    }

    [Fact]
    public async Task Rules_that_somebody_set_since_the_plan_was_made_stay()
    {
        await using var store = await EmbeddedStore.StartAsync(Token);
        var name = await store.CreateBucketAsync(Token);
        await store.Client.PutCORSConfigurationAsync(
            new()
            {
                BucketName = name,
                Configuration = new() { Rules = [new() { AllowedOrigins = ["https://a.example"], AllowedMethods = ["GET"] }] },
            }, Token);

        await PrepareAsync(store.Endpoint, new RunLog(new RunEvents()), Planned("b2-eu-cen", name) with { IsAbsent = false });

        var rules = (await store.Client.GetCORSConfigurationAsync(name, Token)).Configuration.Rules;
        Assert.Equal(["https://a.example"], Assert.Single(rules).AllowedOrigins);
    }

    [Theory]
    [InlineData(501, "NotImplemented")]
    [InlineData(403, "AccessDenied")]
    public async Task Where_the_store_does_not_say_whether_there_are_rules_none_are_set(int status, string code)
    {
        var methods = new ConcurrentQueue<string>();
        await using var server = new ScriptedHttpServer((_, context) =>
        {
            methods.Enqueue(context.Request.Method);
            return ScriptedHttpServer.WriteErrorAsync(context.Response, status, code);
        });
        await PrepareAsync(server.Endpoint, new RunLog(new RunEvents()), Planned("b2-eu-cen", "photos") with { IsAbsent = false });
        Assert.Equal(["GET"], methods);
    }

    [Fact]
    public async Task A_bucket_that_cannot_be_made_ends_the_restore_when_museum_serves_from_it_and_is_a_warning_else()
    {
        await using var store = await EmbeddedStore.StartAsync(Token);
        var log = new RunLog(new RunEvents());
        await PrepareAsync(store.Endpoint, log, Planned("b5", "Not_Legal"));
        var finding = Assert.Single(log.Findings);
        Assert.Equal(("bucket-not-made", Severity.Warning, "b5"), (finding.Code, finding.Severity, finding.Subject));

        var error = await Assert.ThrowsAsync<NesteggException>(() => PrepareAsync(store.Endpoint, log, Planned("b2-eu-cen", "Not_Legal")));
        Assert.Contains("cannot make s3://Not_Legal", error.Message);
        Assert.Contains("by hand", error.Hint);
    }

    private static PlannedBucket Planned(string slot, string bucket) => new(slot, bucket, "", 0, 0, 0)
    {
        IsAbsent = true,
        Cors = new PlannedCors([CorsAdvice.Documented], "the CORS rule that Ente documents"),
    };

    private static async Task PrepareAsync(Uri endpoint, RunLog log, PlannedBucket planned)
    {
        var configuration = MuseumConfiguration.Create([("museum.yaml", $$"""
            s3:
              are_local_buckets: true
              {{planned.Slot}}:
                key: {{EmbeddedStore.AccessKey}}
                secret: {{EmbeddedStore.SecretKey}}
                endpoint: {{endpoint.Authority}}
                region: us-east-1
                bucket: {{planned.Bucket}}
            """)], []);
        await using var buckets = new InstanceBuckets(BucketSlots.From(configuration), EndpointMap.Empty, TimeProvider.System);
        await new BucketPreparation(buckets, log).RunAsync([planned], Token);
    }
}
