using Nestegg.Ente.Configuration;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;
using Npgsql;

namespace Nestegg.IntegrationTests.Database;

public sealed class DatabaseSessionTests(PostgresVersions versions) : IClassFixture<PostgresVersions>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(PostgresVersions.All), MemberType = typeof(PostgresVersions))]
    public async Task No_time_limit_of_the_database_holds_in_a_session_nor_in_the_next_of_the_pool(string version)
    {
        var server = await versions.OfAsync(version, Token);
        var database = await server.CreateDatabaseAsync(Token);
        string[] limits =
        [
            "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout",
            .. int.Parse(version) >= 17 ? (string[])["transaction_timeout"] : [],
        ];
        await server.ExecuteAsync(
            database, string.Join("; ", limits.Select(limit => $"ALTER DATABASE {database} SET {limit} = '20s'")), Token);
        var settings = DatabaseSettings.From(MuseumConfiguration.Create(
            [("museum.yaml", $"db: {{ host: 127.0.0.1, port: {server.Port}, name: {database}, user: {PostgresServer.User}, "
                + $"password: {PostgresServer.Password}, extra: \"search_path=theirs options='-c statement_timeout=5000'\" }}")], []));
        await using var pool = DatabaseSessions.CreatePool(settings, EndpointMap.Empty, maxConnections: 1);
        for (var use = 0; use < 2; use++)
        {
            await using var connection = await pool.OpenConnectionAsync(Token);
            Assert.All(limits, limit => Assert.Equal("0", Show(connection, limit)));
            Assert.Equal("theirs, pg_temp", Show(connection, "search_path").Replace("\"", "", StringComparison.Ordinal));
        }

        // pg_dump and pg_restore get the same with the database's name.
        var printed = await ExternalProgram.RunAsync(
            Path.Combine(server.BinFolder, "psql"),
            [
                "--host", "127.0.0.1", "--port", $"{server.Port}", "--username", PostgresServer.User, "--tuples-only", "--no-align",
                "--dbname", settings.ProgramDatabase(int.Parse(version)), "--command",
                $"SELECT {string.Join(" || ", limits.Select(limit => $"current_setting('{limit}')"))}",
            ],
            Token, new Dictionary<string, string?> { ["PGPASSWORD"] = PostgresServer.Password });
        Assert.Equal(new string('0', limits.Length), printed.Trim());
    }

    private static string Show(NpgsqlConnection connection, string name)
    {
        using var command = new NpgsqlCommand($"SELECT current_setting('{name}')", connection);
        return (string)command.ExecuteScalar()!;
    }
}
