using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;
using Npgsql;

namespace Nestegg.IntegrationTests.Servers;

public class PostgresServerTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData("t1")]
    [InstanceData("t2")]
    public async Task A_known_instance_loads_and_names_every_object_of_its_list(string name, string moment)
    {
        var known = (await instances.OpenAsync(name, Token))[moment];
        var postgres = await servers.PostgresAsync(Token);
        var database = await postgres.RestoreAsync(known.DumpPath, Token);

        await using var connection = await postgres.OpenAsync(database, Token);
        await using var command = new NpgsqlCommand("SELECT object_key, size FROM object_keys", connection);
        await using var reader = await command.ExecuteReaderAsync(Token);
        var listed = known.Objects.ToDictionary(o => o.Key, o => o.SizeBytes);
        var rows = 0;
        for (; await reader.ReadAsync(Token); rows++)
        {
            Assert.Equal(listed[reader.GetString(0)], reader.GetInt64(1));
        }

        Assert.Equal(known.Originals().Count, rows);
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
