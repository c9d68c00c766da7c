using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Instance.Containers;
using Nestegg.IntegrationTests.Instance;
using Nestegg.Restore;
using Nestegg.Settings;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Database;

/// <summary>A real PgBouncer between us and PostgreSQL.</summary>
public sealed class PoolerTests(SharedServers servers) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly int port = ServerProcess.FreePort();
    private PostgresServer postgres = null!;
    private EmbeddedStore store = null!;
    private ServerProcess? pooler;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(ExternalProgram.Find("pgbouncer") is null, "pgbouncer is not installed");
        postgres = await servers.PostgresAsync(Token);
        store = await EmbeddedStore.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (pooler is not null)
        {
            await pooler.DisposeAsync();
        }

        if (store is not null)
        {
            await store.DisposeAsync();
        }

        folder.Dispose();
    }

    [Theory]
    [InlineData("transaction", "extra_float_digits", "unsupported startup parameter: options")]
    [InlineData("transaction", "extra_float_digits,options", "the startup parameter options was dropped on the way")]
    [InlineData("session", "extra_float_digits,options", "the startup parameter options was dropped on the way")]
    public async Task One_that_does_not_hand_on_our_settings_is_refused_before_anything_is_set(string mode, string ignored, string said)
    {
        using var instance = await DoctorInstance.CreateAsync(postgres, store, Token);
        await StartAsync(mode, ignored);
        var settings = new NesteggConfiguration
        {
            Instance = instance.Location,
            Map = EndpointMap.Parse([$"postgres:5432=127.0.0.1:{port}", $"localhost:3200={store.Endpoint.Authority}"]),
        };

        var (codes, result) = await instance.ExamineAsync(Token, settings);

        Assert.Contains("Error database-login-refused", codes);
        var refused = result.Findings.Single(finding => finding.Code == "database-login-refused");
        Assert.Equal(($"the server refuses: {said}", DatabaseFailure.PoolerHint), (refused.Message, refused.Hint));

        var target = new TargetDatabase(DatabaseSettings.From(InstanceFolder.Read(instance.FolderPath).Configuration), settings.Map);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => target.OpenAsync(Token));
        Assert.EndsWith($"refuses {PostgresServer.User}: {said}", failure.Message);
        Assert.Equal(DatabaseFailure.PoolerHint, failure.Hint);

        // Nothing of ours is left in a session that the pooler gives to its next client.
        await using var next = new Npgsql.NpgsqlConnection(
            new Npgsql.NpgsqlConnectionStringBuilder(postgres.ConnectionString(instance.Database)) { Port = port }.ConnectionString);
        await next.OpenAsync(Token);
        await using var command = new Npgsql.NpgsqlCommand("SHOW search_path", next);
        Assert.Equal("\"$user\", public", await command.ExecuteScalarAsync(Token));
    }

    private async Task StartAsync(string mode, string ignored)
    {
        await File.WriteAllTextAsync(
            folder["pgbouncer.ini"],
            $"""
            [databases]
            * = host={PostgresServer.Host} port={postgres.Port} user={PostgresServer.User} password={PostgresServer.Password}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            pool_mode = {mode}
            ignore_startup_parameters = {ignored}
            """, Token);
        string[] asOther = Environment.IsPrivilegedProcess ? ["--user", "postgres"] : [];
        if (Environment.IsPrivilegedProcess)
        {
            await ExternalProgram.RunAsync("chown", ["-R", "postgres", folder.Path], Token);
        }

        pooler = ServerProcess.Start(ExternalProgram.Find("pgbouncer")!, [.. asOther, folder["pgbouncer.ini"]]);
        await pooler.WaitUntilAsync(
            "a connection", token => Reachability.AnswersAsync(new Endpoint("127.0.0.1", port), TimeProvider.System, token), Token);
    }
}
