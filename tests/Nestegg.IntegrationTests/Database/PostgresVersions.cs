using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Database;

/// <summary>A server of each version, started when a test first asks for it.</summary>
public sealed class PostgresVersions : IAsyncDisposable
{
    private readonly Dictionary<string, PostgresServer> servers = [];

    private const string Where = $"neither in /usr/lib/postgresql nor named by {PostgresServer.FoldersVariable}";

    private static readonly string[] Supported = ["14", "15", "16", "17", "18"];

    /// <summary>A row for each version that is here, and one that is skipped for those that are not.</summary>
    public static IEnumerable<TheoryDataRow<string>> All
    {
        get
        {
            foreach (var version in Supported.Intersect(PostgresServer.Versions))
            {
                yield return new TheoryDataRow<string>(version);
            }

            var absent = string.Join(", ", Supported.Except(PostgresServer.Versions));
            if (absent.Length > 0)
            {
                yield return new TheoryDataRow<string>(absent).WithSkip($"PostgreSQL {absent}: {Where}");
            }
        }
    }

    /// <summary>The same, and those whose archives are read although no museum runs on them any more.</summary>
    public static IEnumerable<TheoryDataRow<string>> AllAndOlder =>
        All.Concat(PostgresServer.Versions.Intersect(["13"]).Select(version => new TheoryDataRow<string>(version)));

    /// <summary>The same for each known instance: its name and the version.</summary>
    public static IEnumerable<TheoryDataRow<string, string>> AllOfEachInstance =>
        from name in KnownInstances.Present
        from version in All
        where version.Skip is null || name == KnownInstances.Sample
        let row = new TheoryDataRow<string, string>(name, version.Data) { Skip = version.Skip }
        select name == KnownInstances.Recorded ? row.WithTrait("instance", name) : row;

    /// <summary>These, or one row that is skipped where no server has the version.</summary>
    public static IEnumerable<TheoryDataRow<T>> Since<T>(int version, params T[] rows) =>
        PostgresServer.Versions.Any(here => int.Parse(here) >= version)
            ? rows.Select(row => new TheoryDataRow<T>(row))
            : [new TheoryDataRow<T>(rows[0]).WithSkip($"PostgreSQL {version} or newer: {Where}")];

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
        foreach (var server in servers.Values)
        {
            await server.DisposeAsync();
        }
    }
}
