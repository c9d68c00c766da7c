using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Database;

/// <summary>A server of each version, started when a test first asks for it.</summary>
public sealed class PostgresVersions : IAsyncDisposable
{
    private readonly Dictionary<string, PostgresServer> servers = [];

    private static readonly string[] Supported = ["14", "15", "16", "17", "18"];

    /// <summary>A row for each version that is here, and one that is skipped for those that are not.</summary>
    public static IEnumerable<TheoryDataRow<string>> All => Here(Supported);

    /// <summary>A row for each of these versions that is here, and one that is skipped for those that are not.</summary>
    public static IEnumerable<TheoryDataRow<string>> Here(params string[] versions)
    {
        foreach (var version in versions.Intersect(PostgresServer.Versions))
        {
            yield return new TheoryDataRow<string>(version);
        }

        var absent = string.Join(", ", versions.Except(PostgresServer.Versions));
        if (absent.Length > 0)
        {
            yield return new TheoryDataRow<string>(absent).WithSkip($"PostgreSQL {absent}: neither in /usr/lib/postgresql nor named by {PostgresServer.FoldersVariable}");
        }
    }

    public async Task<PostgresServer> OfAsync(string version, CancellationToken cancellationToken)
    {
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
