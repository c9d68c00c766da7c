using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Instance;

public sealed class FixtureDoctorTests(SharedServers servers)
{
    [Theory]
    [InlineData("t1")]
    [InlineData("t2")]
    public async Task The_recorded_instance_is_healthy(string moment)
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        var token = TestContext.Current.CancellationToken;
        using var instance = await FixtureInstance.StartAsync(moment, await servers.PostgresAsync(token), await servers.CephAsync(token), token);

        var run = await Cli.RunAsync(token, "doctor", "--json", "--config", instance.ConfigurationPath);

        Assert.Empty(run.FindingCodes("error"));
        Assert.Empty(run.FindingCodes("warning").Except(["bucket-denied", "bucket-missing"]));
        Assert.Contains("secrets-ok", run.FindingCodes("ok"));
        Assert.Contains("slots-ok", run.FindingCodes("ok"));
        Assert.Equal(ExitCode.Done, run.ExitCode);
    }
}
