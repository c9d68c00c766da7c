using Nestegg.TestKit;
using Nestegg.TestKit.Servers;
using Npgsql;

namespace Nestegg.IntegrationTests.Servers;

public class PostgresServerTests(SharedServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("t1")]
    [InlineData("t2")]
    public async Task The_recorded_instance_loads_and_names_every_object_of_its_list(string moment)
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        var postgres = await servers.PostgresAsync(Token);
        var database = await postgres.RestoreAsync(FixtureFolder.Dump(moment), Token);

        await using var connection = await postgres.OpenAsync(database, Token);
        await using var command = new NpgsqlCommand("SELECT object_key, size FROM object_keys", connection);
        await using var reader = await command.ExecuteReaderAsync(Token);
        var listed = FixtureFolder.Objects(moment).ToDictionary(o => o.Key, o => o.SizeBytes);
        var rows = 0;
        for (; await reader.ReadAsync(Token); rows++) Assert.Equal(listed[reader.GetString(0)], reader.GetInt64(1));
        Assert.True(rows > 100, $"{rows} rows");
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        var postgres = await servers.PostgresAsync(Token);
        await using var connection = new NpgsqlConnection(postgres.ConnectionString("postgres", password: "wrong"));
        var failure = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync(Token));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, failure.SqlState);
    }

    [Fact]
    public async Task A_server_that_was_killed_starts_again()
    {
        Assert.SkipUnless(PostgresServer.MissingReason is null, PostgresServer.MissingReason ?? "");
        await using var postgres = await PostgresServer.StartAsync(Token);
        var database = await postgres.CreateDatabaseAsync(Token);
        postgres.Kill();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => postgres.OpenAsync(database, Token));
        await postgres.StartAgainAsync(Token);
        await using var connection = await postgres.OpenAsync(database, Token);
    }
}
