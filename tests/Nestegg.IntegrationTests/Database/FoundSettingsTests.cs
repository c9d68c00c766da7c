using Nestegg.IntegrationTests.Restore;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Database;

/// <summary>A database whose role is set up by somebody with something else in mind, and tables that are not in <c>public</c>.</summary>
public sealed class FoundSettingsTests(SharedServers servers, KnownInstances instances)
{
    // A schema with empty tables of the same names; by its name the role finds it before public.
    private static string EmptyTwin(string name) => $"""
        CREATE SCHEMA {name};
        DO $$ DECLARE t text; BEGIN
            FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                EXECUTE format('CREATE TABLE {name}.%I (LIKE public.%I INCLUDING ALL)', t, t);
            END LOOP;
        END $$
        """;

    private static readonly string[] Settings =
    [
        "search_path = twin", "statement_timeout = 1", "lock_timeout = 1", "idle_in_transaction_session_timeout = 1",
        "idle_session_timeout = 300", "default_transaction_read_only = on",
        "default_transaction_isolation = serializable", "default_transaction_deferrable = on", "datestyle = 'SQL, DMY'",
        "intervalstyle = sql_standard", "timezone = 'Asia/Kathmandu'", "bytea_output = escape", "standard_conforming_strings = off",
        "client_encoding = 'LATIN1'", "array_nulls = off", "quote_all_identifiers = on", "extra_float_digits = -15",
        "transform_null_equals = on",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private async Task<IReadOnlyList<string>> SettingsAsync()
    {
        await using var connection = await (await servers.PostgresAsync(Token)).OpenAsync("postgres", Token);
        return connection.PostgreSqlVersion.Major >= 17 ? [.. Settings, "transaction_timeout = 500"] : Settings;
    }

    [Fact]
    public async Task What_the_role_is_set_to_changes_nothing()
    {
        using var instance = await instances.StartAsync(KnownInstances.Sample, "t1", servers, Token);
        await instance.ExecuteAsync(EmptyTwin("twin"), Token);
        foreach (var setting in await SettingsAsync())
        {
            await instance.ExecuteAsync($"ALTER ROLE {PostgresServer.User} IN DATABASE {instance.Database} SET {setting}", Token);
            foreach (var arguments in instance.Live())
            {
                var run = await Cli.RunAsync(Token, arguments);
                Assert.True(run.ExitCode == ExitCode.Done, $"{setting}, {arguments[0]}: {run.ExitCode}\n{run.Out}{run.Error}");
                Assert.True(arguments[0] != "backup" || Objects(run) == instance.Moment.Objects.Count, $"{setting}: {run.Out}");
            }

            await ResetAsync(instance, setting);
        }

        foreach (var arguments in instance.OfAll(instance["export"]))
        {
            await Cli.ExpectAsync(ExitCode.Done, Token, arguments);
        }
    }

    [Fact]
    public async Task A_restore_is_not_changed_by_what_the_role_is_set_to()
    {
        var known = (await instances.OpenAsync(KnownInstances.Sample, Token))["t1"];
        using var snapshot = await KnownSnapshot.CreateAsync(known, Token);
        using var target = await NewInstance.CreateAsync(servers, known, Token);
        foreach (var setting in await SettingsAsync())
        {
            await target.Postgres.ExecuteAsync(
                "postgres", $"ALTER ROLE {PostgresServer.User} IN DATABASE {target.Database} SET {setting}", Token);
        }

        Assert.True((await target.RestoreAsync(snapshot, Token)).IsComplete);
        await target.Postgres.ExecuteAsync("postgres", $"ALTER ROLE {PostgresServer.User} IN DATABASE {target.Database} RESET ALL", Token);
        await NewInstance.AssertTablesAsync(target, known, Token);
    }

    [Fact]
    public async Task A_schema_that_is_called_like_the_role_with_empty_tables_of_the_same_names_is_passed_over()
    {
        using var instance = await instances.StartAsync(KnownInstances.Sample, "t1", servers, Token);
        await instance.ExecuteAsync(EmptyTwin(PostgresServer.User), Token);
        foreach (var arguments in instance.OfAll(instance["export"]))
        {
            var run = await Cli.ExpectAsync(ExitCode.Done, Token, arguments);
            Assert.True(arguments[0] != "backup" || Objects(run) == instance.Moment.Objects.Count, run.Out);
        }
    }

    [Fact]
    public async Task Tables_in_a_schema_of_their_own_are_backed_up_proved_and_restored()
    {
        using var instance = await instances.StartAsync(KnownInstances.Sample, "t1", servers, Token);
        await instance.ExecuteAsync("ALTER SCHEMA public RENAME TO ente; CREATE SCHEMA public", Token);
        await File.AppendAllTextAsync(instance.ConfigurationPath, "  db.extra: search_path=ente\n", Token);
        foreach (var arguments in instance.OfAll(instance["export"]))
        {
            var run = await Cli.ExpectAsync(ExitCode.Done, Token, arguments);
            Assert.True(arguments[0] != "backup" || Objects(run) == instance.Moment.Objects.Count, run.Out);
        }

        using var target = await NewInstance.CreateAsync(servers, instance.Moment, Token);
        var refused = await Cli.ExpectAsync(ExitCode.BadInput, Token, instance.Restore(target.Folder, target.Map));
        Assert.Contains("set db.extra: search_path=ente there", refused.Error);
        var yaml = Path.Combine(target.Folder, "museum.yaml");
        var text = await File.ReadAllTextAsync(yaml, Token);
        await File.WriteAllTextAsync(
            yaml, text.Replace("db:\n", "db:\n    extra: search_path=ente\n", StringComparison.Ordinal), Token);
        await Cli.ExpectAsync(ExitCode.Done, Token, instance.Restore(target.Folder, target.Map));
        await Cli.ExpectAsync(ExitCode.Done, Token, instance.Restore(target.Folder, target.Map));
        Assert.Equal(instance.Moment.Users, await target.AskAsync<long>("SELECT count(*) FROM ente.users", Token));
        Assert.Equal(0L, await target.AskAsync<long>("SELECT count(*) FROM ente.tokens", Token));
    }

    // From outside: what the role is set to in this database may keep it from changing anything.
    private async Task ResetAsync(RunningInstance instance, string setting) => await (await servers.PostgresAsync(Token)).ExecuteAsync(
        "postgres", $"ALTER ROLE {PostgresServer.User} IN DATABASE {instance.Database} RESET {setting.Split(' ')[0]}", Token);

    private static long Objects(Cli run) => long.Parse(
        run.Out.Split('\n').First(line => line.StartsWith("objects:", StringComparison.Ordinal)).Split(':')[1].Trim(),
        System.Globalization.NumberStyles.AllowThousands, System.Globalization.CultureInfo.InvariantCulture);
}
