using Nestegg.IntegrationTests;
using Nestegg.TestKit.Servers;

[assembly: AssemblyFixture(typeof(SharedServers))]

namespace Nestegg.IntegrationTests;

/// <summary>
/// One server of a kind for the whole run, started by the first test that asks for it. A test class takes this as a
/// constructor parameter. A test that stops or breaks a server starts one of its own.
/// </summary>
public sealed class SharedServers : IAsyncDisposable
{
    private readonly SemaphoreSlim starting = new(1);
    private PostgresServer? postgres;
    private CephGateway? ceph;

    /// <summary>PostgreSQL; the test is skipped where it is not installed.</summary>
    public async Task<PostgresServer> PostgresAsync(CancellationToken cancellationToken)
    {
        Assert.SkipUnless(PostgresServer.MissingReason is null, PostgresServer.MissingReason ?? "");
        await starting.WaitAsync(cancellationToken);
        try
        {
            return postgres ??= await PostgresServer.StartAsync(cancellationToken);
        }
        finally
        {
            starting.Release();
        }
    }

    /// <summary>A real S3 server; the test is skipped where it is not installed.</summary>
    public async Task<CephGateway> CephAsync(CancellationToken cancellationToken)
    {
        Assert.SkipUnless(CephGateway.MissingReason is null, CephGateway.MissingReason ?? "");
        await starting.WaitAsync(cancellationToken);
        try
        {
            return ceph ??= await CephGateway.StartAsync(cancellationToken);
        }
        finally
        {
            starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (postgres is not null)
        {
            await postgres.DisposeAsync();
        }

        if (ceph is not null)
        {
            await ceph.DisposeAsync();
        }

        starting.Dispose();
    }
}
