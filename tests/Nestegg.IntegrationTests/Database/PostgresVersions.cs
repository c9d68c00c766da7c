using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Database;

/// <summary>A server of each version, started when a test first asks for it.</summary>
public sealed class PostgresVersions : IAsyncDisposable
{
    private readonly Dictionary<string, PostgresServer> servers = [];

    public static TheoryData<string> All => ["14", "15", "16", "17", "18"];

    public async Task<PostgresServer> OfAsync(string version, CancellationToken cancellationToken)
    {
        Assert.SkipUnless(
            PostgresServer.Versions.Contains(version),
            $"PostgreSQL {version} is neither in /usr/lib/postgresql nor named by {PostgresServer.FoldersVariable}");
        if (!servers.TryGetValue(version, out var server))
        {
            servers.Add(version, server = await PostgresServer.StartAsync(cancellationToken, version));
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers.Values) await server.DisposeAsync();
    }
}
