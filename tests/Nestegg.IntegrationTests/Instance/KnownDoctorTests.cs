using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Instance;

public sealed class KnownDoctorTests(SharedServers servers, KnownInstances instances)
{
    [Theory]
    [InstanceData("t1")]
    [InstanceData("t2")]
    [InstanceData("older", Only = KnownInstances.Sample)]
    public async Task A_known_instance_is_healthy(string name, string moment)
    {
        var token = TestContext.Current.CancellationToken;
        using var instance = await instances.StartAsync(name, moment, servers, token);
        await SetUpAsync(instance, token);

        var run = await Cli.RunAsync(token, "doctor", "--json", "--config", instance.ConfigurationPath);

        Assert.Empty(run.FindingCodes("error"));
        Assert.Empty(run.FindingCodes("warning").Except(["bucket-denied", "bucket-missing"]));
        Assert.Contains("secrets-ok", run.FindingCodes("ok"));
        Assert.Contains("slots-ok", run.FindingCodes("ok"));
        Assert.Equal(ExitCode.Done, run.ExitCode);
    }

    [Theory]
    [InstanceData("t1")]
    public async Task A_bucket_that_lets_no_browser_in_or_deletes_by_itself_is_warned_of(string name, string moment)
    {
        var token = TestContext.Current.CancellationToken;
        using var instance = await instances.StartAsync(name, moment, servers, token);
        await instance.Objects.PutLifecycleConfigurationAsync(
            new PutLifecycleConfigurationRequest
            {
                BucketName = instance.Bucket,
                Configuration = new LifecycleConfiguration
                {
                    Rules =
                    [
                        new LifecycleRule
                        {
                            Id = "clean", Status = LifecycleRuleStatus.Enabled, Filter = new LifecycleFilter { Prefix = "" },
                            Expiration = new LifecycleRuleExpiration { Days = 400 },
                        },
                    ],
                },
            }, token);

        var run = await Cli.ExpectAsync(ExitCode.Done, token, "doctor", "--json", "--config", instance.ConfigurationPath);
        var warnings = run.Events().Where(line => line.GetProperty("event").GetString() == "finding"
                && line.GetProperty("severity").GetString() == "warning" && line.GetProperty("subject").GetString() == "b2-eu-cen")
            .ToDictionary(line => line.GetProperty("code").GetString()!);
        Assert.Contains("400 days after they were written", warnings["lifecycle-deletes"].GetProperty("message").GetString());
        Assert.Contains("http://localhost:3002", warnings["cors-refused"].GetProperty("message").GetString());
        Assert.Contains($"aws s3api put-bucket-cors --bucket {instance.Bucket} ", warnings["cors-refused"].GetProperty("hint").GetString());

        await instance.Objects.DeleteLifecycleConfigurationAsync(instance.Bucket, token);
        await SetUpAsync(instance, token);
        run = await Cli.ExpectAsync(ExitCode.Done, token, "doctor", "--json", "--config", instance.ConfigurationPath);
        Assert.Empty(run.FindingCodes("warning").Intersect(["lifecycle-deletes", "cors-refused"]));
        Assert.Contains("cors-ok", run.FindingCodes("ok"));
    }

    // As Ente documents it.
    private static async Task SetUpAsync(RunningInstance instance, CancellationToken token)
    {
        foreach (var slot in new[] { "b2-eu-cen", "wasabi-eu-central-2-v3", "scw-eu-fr-v3" })
        {
            await instance.Objects.PutCORSConfigurationAsync(
                new PutCORSConfigurationRequest
                {
                    BucketName = instance.BucketOf(slot),
                    Configuration = new CORSConfiguration
                    {
                        Rules =
                        [
                            new CORSRule
                            {
                                AllowedOrigins = ["*"], AllowedHeaders = ["*"], AllowedMethods = ["GET", "HEAD", "POST", "PUT", "DELETE"],
                            },
                        ],
                    },
                }, token);
        }
    }
}
