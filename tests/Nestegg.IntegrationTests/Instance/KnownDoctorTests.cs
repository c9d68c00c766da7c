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

        var run = await Cli.RunAsync(token, "doctor", "--json", "--config", instance.ConfigurationPath);

        Assert.Empty(run.FindingCodes("error"));
        Assert.Empty(run.FindingCodes("warning").Except(["bucket-denied", "bucket-missing"]));
        Assert.Contains("secrets-ok", run.FindingCodes("ok"));
        Assert.Contains("slots-ok", run.FindingCodes("ok"));
        Assert.Equal(ExitCode.Done, run.ExitCode);
    }
}
