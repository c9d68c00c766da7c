using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests;

/// <summary>Known instances on the servers that all tests share.</summary>
internal static class RunningInstances
{
    /// <param name="name">One of <see cref="KnownInstances.Present"/>.</param>
    /// <param name="moment"><c>t1</c> or <c>t2</c>.</param>
    public static async Task<RunningInstance> StartAsync(
        this KnownInstances instances, string name, string moment, SharedServers servers, CancellationToken cancellationToken)
    {
        var (postgres, ceph) = (await servers.PostgresAsync(cancellationToken), await servers.CephAsync(cancellationToken));
        return await RunningInstance.StartAsync(
            await instances.OpenAsync(name, cancellationToken), moment, postgres, ceph, cancellationToken);
    }
}
