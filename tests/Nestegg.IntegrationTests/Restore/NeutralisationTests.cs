using Nestegg.Ente.Configuration;
using Nestegg.Ente.Revival;
using Nestegg.Restore;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Npgsql;

namespace Nestegg.IntegrationTests.Restore;

public sealed class NeutralisationTests(SharedServers servers, KnownInstances instances)
{
    // Of everything that would act by itself one, and no others, so that the numbers are known.
    private const string Dangers = """
        DELETE FROM temp_objects; DELETE FROM push_tokens; DELETE FROM data_cleanup; DELETE FROM notification_history;
        DELETE FROM emergency_recovery;
        INSERT INTO temp_objects (object_key, expiration_time) VALUES ('1/live-by-now', 1);
        INSERT INTO push_tokens (user_id, fcm_token) SELECT min(user_id), 'phone' FROM users;
        INSERT INTO data_cleanup (user_id, stage, stage_schedule_time) VALUES (1, 'scheduled', 1), (2, 'completed', 1);
        INSERT INTO notification_history (user_id, template_id, sent_time) SELECT min(user_id), t, 1 FROM users, (VALUES ('inactive_user_deletion_warn_1d_v2'), ('inactiveXuser_deletion_other'), ('storage_limit')) v(t) GROUP BY t;
        INSERT INTO emergency_recovery (id, user_id, emergency_contact_id, status, wait_till)
            SELECT gen_random_uuid(), user_id, emergency_contact_id, 'READY', 1 FROM emergency_contact
            ORDER BY user_id, emergency_contact_id LIMIT 1;
        INSERT INTO legacy_kit_challenge SELECT gen_random_uuid(), id, 'x', 1 FROM legacy_kit;
        UPDATE file_data SET is_deleted = true, pending_sync = true WHERE file_id = (SELECT min(file_id) FROM file_data);
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task Everything_that_would_act_by_itself_is_taken_out_and_counted(string name)
    {
        await using var connection = await PrepareAsync(name);
        var results = await RunAsync(connection, []);
        Assert.Equal(1, Rows(results, "temp_objects"));
        Assert.Equal(1, Rows(results, "push_tokens"));
        Assert.Equal(1, Rows(results, "account-deletions"));
        Assert.Equal(1, Rows(results, "inactive-users"));
        Assert.Equal(1, Rows(results, "recoveries"));
        Assert.InRange(Rows(results, "derived-deletions"), 1, 2);
        Assert.Equal((await instances.OpenAsync(name, Token))["t2"].TrashCount(), Rows(results, "trash"));
        Assert.Equal(6, Rows(results, "sequences"));
        Assert.All(results, result => Assert.NotEmpty(result.Reason));
        Assert.Equal(0L, await AskAsync(connection, "SELECT count(*) FROM tokens"));
        Assert.Equal(0L, await AskAsync(connection, "SELECT count(*) FROM queue"));
        Assert.Equal(2L, await AskAsync(connection, "SELECT count(*) FROM notification_history"));
        Assert.Equal(
            0L, await AskAsync(
                connection,
                "SELECT count(*) FROM emergency_recovery WHERE status <> 'WAITING' OR wait_till < extract(epoch FROM now()) * 1000000"));
        Assert.Equal(1L, await AskAsync(
            connection, "SELECT count(*) FROM data_cleanup WHERE stage_schedule_time > extract(epoch FROM now()) * 1000000"));
        Assert.Equal(
            0L, await AskAsync(
                connection,
                "SELECT count(*) FROM file_data WHERE is_deleted AND pending_sync AND sync_locked_till < extract(epoch FROM now()) * "
                + "1000000"));
    }

    [Theory]
    [InstanceData]
    public async Task Every_step_can_be_left_out(string name)
    {
        await using var connection = await PrepareAsync(name);
        var before = await NewInstance.ChecksumsAsync(await servers.PostgresAsync(Token), connection.Database, Token);
        var results = await RunAsync(connection, Neutralisation.StepNames);
        Assert.All(results, result => Assert.True(result.IsKept));
        Assert.Equal(0, results.Sum(result => result.RowCount));
        Assert.Equal(before, await NewInstance.ChecksumsAsync(await servers.PostgresAsync(Token), connection.Database, Token));
    }

    [Theory]
    [InstanceData]
    public async Task A_queue_that_is_kept_waits_anew(string name)
    {
        await using var connection = await PrepareAsync(name);
        await RunAsync(connection, ["queue"]);
        Assert.True(await AskAsync(connection, "SELECT count(*) FROM queue WHERE queue_name = 'deleteObject'") > 0);
        Assert.Equal(0L, await AskAsync(
            connection, "SELECT count(*) FROM queue WHERE NOT is_deleted AND created_at < (extract(epoch FROM now()) - 3600) * 1000000"));
    }

    [Theory]
    [InstanceData]
    public async Task Beside_production_nothing_falls_due_for_a_century(string name)
    {
        await using var connection = await PrepareAsync(name);
        await Neutralisation.RunAsync(connection, new HashSet<string>(), isBesideProduction: true, DateTimeOffset.UtcNow, Token);
        Assert.Equal(0L, await AskAsync(
            connection,
            "SELECT count(*) FROM trash WHERE NOT is_deleted AND NOT is_restored AND delete_by < extract(epoch FROM now() + interval '90 "
            + "years') * 1000000"));
    }

    [Theory]
    [InstanceData]
    public async Task An_older_schema_has_fewer_steps_to_take(string name)
    {
        await using var connection = await PrepareAsync(name);
        await ExecuteAsync(
            connection,
            "DROP TABLE legacy_kit_challenge, legacy_kit_recovery_session_token, legacy_kit_recovery_session, emergency_recovery, "
            + "file_data, user_attachments, public_paste_tokens CASCADE");
        var results = await RunAsync(connection, []);
        Assert.Equal(0, Rows(results, "recoveries"));
        Assert.Equal(1, Rows(results, "temp_objects"));
    }

    [Fact]
    public void A_step_that_does_not_exist_is_refused_with_those_that_do()
    {
        var error = Assert.Throws<NesteggException>(new RestoreOptions { Into = "", Keep = new HashSet<string> { "token" } }.CheckKeep);
        Assert.Contains("tokens", error.Hint);
    }

    [Theory]
    [InstanceData]
    public async Task Rows_name_the_slots_that_the_new_instance_has(string name)
    {
        await using var connection = await PrepareAsync(name);
        await ExecuteAsync(connection, """
            UPDATE object_keys SET datacenters = '{wasabi-eu-central-2-v3,b5}' WHERE o_type = 'thumbnail';
            UPDATE object_copies SET wasabi = 1;
            UPDATE file_data SET latest_bucket = 'b6', replicated_buckets = '{b2-eu-cen,b5}';
            """);
        var configuration = MuseumConfiguration.Create([("museum.yaml", "s3: {b2-eu-cen: {bucket: a}, b5: {bucket: b}}")], []);
        var result = await SlotCorrection.RunAsync(connection, BucketSlots.From(configuration), Token);
        Assert.True(result.RowCount > 0);
        Assert.Equal(0L, await AskAsync(
            connection, "SELECT count(*) FROM object_keys WHERE o_type = 'thumbnail' AND datacenters <> '{b5,b2-eu-cen}'"));
        Assert.Equal(
            0L, await AskAsync(connection, "SELECT count(*) FROM object_keys WHERE o_type = 'file' AND datacenters <> '{b2-eu-cen}'"));
        Assert.Equal(0L, await AskAsync(
            connection, "SELECT count(*) FROM file_data WHERE latest_bucket <> 'b2-eu-cen' OR replicated_buckets <> '{b5}'"));
        Assert.Equal(0L, await AskAsync(connection, "SELECT count(*) FROM object_copies WHERE wasabi IS NOT NULL"));
        Assert.Equal(0, (await SlotCorrection.RunAsync(connection, BucketSlots.From(configuration), Token)).RowCount);
    }

    [Theory]
    [InstanceData]
    public async Task The_steps_by_hand_do_the_same(string name)
    {
        await using var ours = await PrepareAsync(name);
        await using var theirs = await PrepareAsync(name);
        var now = DateTimeOffset.UtcNow;
        await Neutralisation.RunAsync(ours, new HashSet<string>(), isBesideProduction: false, now, Token);
        var page = await File.ReadAllTextAsync(RepositoryRoot.Combine("docs", "recover-by-hand.md"), Token);
        const string begin = "<<'SQL'\n";
        var start = page.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        var sql = page[start..page.IndexOf("\nSQL\n", start, StringComparison.Ordinal)];

        // The same moment for both, so that everything can be compared to the microsecond.
        var moment = (now.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
        Assert.Contains("(extract(epoch FROM now()) * 1000000)::bigint", sql);
        await ExecuteAsync(
            theirs, sql.Replace("(extract(epoch FROM now()) * 1000000)::bigint", moment.ToString(), StringComparison.Ordinal));
        foreach (var connection in new[] { ours, theirs })
        {
            await ExecuteAsync(
                connection,
                "SET session_replication_role = replica; UPDATE trash SET updated_at = 0; UPDATE legacy_kit_recovery_session SET "
                + "updated_at = 0; UPDATE user_attachments SET updated_at = 0; UPDATE emergency_recovery SET id = "
                + "'00000000-0000-0000-0000-000000000000', created_at = 0, updated_at = 0; UPDATE data_cleanup SET created_at = 0, "
                + "updated_at = 0; DELETE FROM events");
        }

        var postgres = await servers.PostgresAsync(Token);
        Assert.Equal(await NewInstance.ChecksumsAsync(
            postgres, theirs.Database, Token), await NewInstance.ChecksumsAsync(postgres, ours.Database, Token));
        const string sequences =
            "SELECT CAST(sum(nextval(format('%I.%I', schemaname, sequencename)::regclass)) AS bigint) FROM pg_sequences";
        Assert.Equal(await AskAsync(theirs, sequences), await AskAsync(ours, sequences));
    }

    private async Task<NpgsqlConnection> PrepareAsync(string name)
    {
        var postgres = await servers.PostgresAsync(Token);
        var known = (await instances.OpenAsync(name, Token))["t2"];
        var connection = await postgres.OpenAsync(await postgres.RestoreAsync(known.DumpPath, Token), Token);
        await ExecuteAsync(connection, Dangers);
        return connection;
    }

    private static Task<IReadOnlyList<NeutralisingResult>> RunAsync(NpgsqlConnection connection, IEnumerable<string> keep) =>
        Neutralisation.RunAsync(connection, keep.ToHashSet(), isBesideProduction: false, DateTimeOffset.UtcNow, Token);

    private static long Rows(IEnumerable<NeutralisingResult> results, string step) =>
        results.Single(result => result.Step == step).RowCount;

    private static async Task<long> AskAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }
}
