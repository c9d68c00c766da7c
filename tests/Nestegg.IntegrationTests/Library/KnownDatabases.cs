using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Nestegg.Ente.Database;
using Nestegg.TestKit.Instances;
using Npgsql;

namespace Nestegg.IntegrationTests.Library;

/// <summary>A known instance's database at a moment, once for a class, from each of the two sources that readers have.</summary>
public sealed class KnownDatabases(SharedServers servers) : IAsyncDisposable
{
    private readonly SemaphoreSlim loading = new(1);
    private readonly ConcurrentDictionary<KnownMoment, string> postgres = new();
    private readonly ConcurrentDictionary<KnownMoment, ArchiveDatabase> archives = new();

    /// <param name="source"><c>postgres</c> or <c>archive</c>.</param>
    /// <returns>A connection of the caller's own.</returns>
    public async Task<DbConnection> OpenAsync(KnownMoment moment, string source, CancellationToken cancellationToken)
    {
        DbConnection connection;
        await loading.WaitAsync(cancellationToken);
        try
        {
            connection = source == "postgres"
                ? new NpgsqlConnection(await PostgresAsync(moment, cancellationToken))
                : new SqliteConnection((await ArchiveAsync(moment, cancellationToken)).Connection.ConnectionString);
        }
        finally
        {
            loading.Release();
        }

        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var archive in archives.Values)
        {
            await archive.DisposeAsync();
        }

        loading.Dispose();
    }

    private async Task<string> PostgresAsync(KnownMoment moment, CancellationToken cancellationToken)
    {
        var server = await servers.PostgresAsync(cancellationToken);
        if (!postgres.TryGetValue(moment, out var database))
        {
            postgres[moment] = database = await server.RestoreAsync(moment.DumpPath, cancellationToken);
        }

        return server.ConnectionString(database);
    }

    private async Task<ArchiveDatabase> ArchiveAsync(KnownMoment moment, CancellationToken cancellationToken)
    {
        if (!archives.TryGetValue(moment, out var archive))
        {
            await using var dump = File.OpenRead(moment.DumpPath);
            archives[moment] = archive = await ArchiveDatabase.LoadAsync(dump, cancellationToken);
        }

        return archive;
    }
}
