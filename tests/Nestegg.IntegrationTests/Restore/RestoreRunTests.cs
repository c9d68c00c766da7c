using Nestegg.Ente.Configuration;
using Nestegg.Formats.Age;
using Nestegg.Restore;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Restore;

public sealed class RestoreRunTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData("t1")]
    [InstanceData("t2")]
    [InstanceData("older", Only = KnownInstances.Sample)]
    public async Task Every_moment_comes_back_with_every_byte_and_row_but_for_the_documented_steps(string name, string moment)
    {
        using var snapshot = await SnapshotAsync(name, moment);
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        var result = await target.RestoreAsync(snapshot, Token);

        Assert.True(result.IsComplete);
        Assert.Equal(0, result.Audit.Errors);
        Assert.Equal(snapshot.Manifest.Counts.Objects, result.Audit.Counts.Listed);
        Assert.Equal(NewInstance.Expected(snapshot.Moment), await target.HashObjectsAsync(Token));
        Assert.Equal(snapshot.Manifest.Counts.Objects, result.Objects.Objects);
        await NewInstance.AssertTablesAsync(target, snapshot.Moment, Token);
    }

    [Theory]
    [InstanceData]
    public async Task The_new_museum_yaml_gets_the_old_secrets_and_keeps_its_endpoints(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        await target.RestoreAsync(snapshot, Token);

        var old = InstanceFolder.Read(snapshot.Moment.Folder).Configuration;
        var restored = InstanceFolder.Read(target.Folder).Configuration;
        Assert.Equal(old.Text("key.encryption"), restored.Text("key.encryption"));
        Assert.Equal(old.Text("key.hash"), restored.Text("key.hash"));
        Assert.Equal(old.Text("jwt.secret"), restored.Text("jwt.secret"));
        Assert.Equal(target.Bucket, restored.Text("s3.b2-eu-cen.bucket"));
        var text = await File.ReadAllTextAsync(Path.Combine(target.Folder, "museum.yaml"), Token);
        Assert.StartsWith("# made on the new machine\n", text);
        Assert.Contains($"password: {PostgresServer.Password}   # of the new machine\n", text);
        var aside = Assert.Single(Directory.GetFiles(target.Folder, "museum.yaml.before-restore-*"));
        Assert.Contains("encryption: bmV3", await File.ReadAllTextAsync(aside, Token));
    }

    [Theory]
    [InstanceData]
    public async Task Ids_continue_far_above_those_that_were_handed_out(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        await target.RestoreAsync(snapshot, Token);
        foreach (var (column, table) in new[] { ("file_id", "files"), ("collection_id", "collections"), ("user_id", "users") })
        {
            var highest = await target.AskAsync<long>($"SELECT max({column}) FROM {table}", Token);
            var next = await target.AskAsync<long>($"SELECT nextval(pg_get_serial_sequence('{table}', '{column}'))", Token);
            Assert.InRange(next - highest, 1_000_000, 1_001_000);
        }

        Assert.InRange(await target.AskAsync<int>("SELECT CAST(nextval('queue_queue_id_seq') AS int)", Token), 1, 1000);
    }

    [Theory]
    [InstanceData]
    public async Task What_is_in_the_trash_stays_for_another_month(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t2");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        await target.RestoreAsync(snapshot, Token);
        Assert.Equal(
            snapshot.Moment.TrashCount(),
            await target.AskAsync<long>("SELECT count(*) FROM trash WHERE NOT is_deleted AND NOT is_restored", Token));
        var days = await target.AskAsync<decimal>(
            "SELECT (min(delete_by) - extract(epoch FROM now()) * 1000000) / 86400000000 FROM trash WHERE NOT is_deleted AND NOT "
            + "is_restored",
            Token);
        Assert.InRange(days, 29.9m, 30.1m);
    }

    [Theory]
    [InstanceData]
    public async Task A_database_that_is_absent_is_made_and_a_plan_changes_nothing(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token, makeDatabase: false);
        var museumYaml = await File.ReadAllTextAsync(Path.Combine(target.Folder, "museum.yaml"), Token);
        var plan = await target.PlanAsync(snapshot, Token);
        Assert.Empty(plan.Refusals);
        Assert.Equal(DatabaseAction.Create, plan.Database.Action);
        Assert.Equal(target.Buckets.Count, plan.Buckets.Count);
        Assert.All(plan.Buckets, bucket => Assert.True(bucket.IsEmpty));
        Assert.Contains(
            plan.Findings, finding => finding.Code == "museum-version" && finding.Message.Contains("124", StringComparison.Ordinal));
        Assert.Equal(museumYaml, await File.ReadAllTextAsync(Path.Combine(target.Folder, "museum.yaml"), Token));
        Assert.Empty(await target.HashObjectsAsync(Token));

        Assert.True((await target.RestoreAsync(snapshot, Token)).IsComplete);
        Assert.Equal(snapshot.Moment.Users, await target.AskAsync<long>("SELECT count(*) FROM users", Token));
    }

    [Theory]
    [InstanceData]
    public async Task A_database_with_people_in_it_is_refused_until_it_is_named(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token, makeDatabase: false);
        var later = (await instances.OpenAsync(name, Token))["t2"];
        await target.Postgres.RestoreAsync(later.DumpPath, Token, target.Database);
        await target.UntilNobodyIsConnectedAsync(Token);
        var error = await Assert.ThrowsAsync<NesteggException>(() => target.RestoreAsync(snapshot, Token));
        Assert.Equal(FailureKind.BadInput, error.Kind);
        Assert.Contains(target.Database, error.Message);
        Assert.Contains($"{later.Users} users", error.Message);
        Assert.Contains($"--overwrite-database {target.Database}", error.Hint);
        Assert.Contains("bmV3", await File.ReadAllTextAsync(Path.Combine(target.Folder, "museum.yaml"), Token));

        var result = await target.RestoreAsync(snapshot, Token, target.Options with { OverwriteDatabase = target.Database });
        Assert.True(result.IsComplete);
        Assert.Equal(DatabaseAction.Overwrite, result.Plan.Database.Action);
        Assert.Equal(
            snapshot.Moment.TrashCount(),
            await target.AskAsync<long>("SELECT count(*) FROM trash WHERE NOT is_deleted AND NOT is_restored", Token));
    }

    [Theory]
    [InstanceData]
    public async Task The_unused_tables_of_a_museum_that_was_started_once_are_replaced(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        await target.Postgres.ExecuteAsync(
            target.Database,
            "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (124, false); CREATE "
            + "TABLE users (user_id bigint)",
            Token);
        await target.UntilNobodyIsConnectedAsync(Token);
        var result = await target.RestoreAsync(snapshot, Token);
        Assert.Equal(DatabaseAction.ReplaceUnused, result.Plan.Database.Action);
        Assert.Equal(snapshot.Moment.Users, await target.AskAsync<long>("SELECT count(*) FROM users", Token));
    }

    [Theory]
    [InstanceData("CREATE MATERIALIZED VIEW work AS SELECT n FROM generate_series(1, 9) n", Only = KnownInstances.Sample)]
    [InstanceData("CREATE VIEW work AS SELECT 1 AS n", Only = KnownInstances.Sample)]
    public async Task Tables_without_rows_beside_somebody_s_work_are_not_replaced_unasked(string name, string work)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        await target.Postgres.ExecuteAsync(target.Database, $"CREATE TABLE users (user_id bigint); {work}", Token);
        await target.UntilNobodyIsConnectedAsync(Token);
        var error = await Assert.ThrowsAsync<NesteggException>(() => target.RestoreAsync(snapshot, Token));
        Assert.Contains("public.work", error.Message);
        Assert.Contains($"--overwrite-database {target.Database}", error.Hint);
        Assert.True(await target.AskAsync<long>("SELECT count(*) FROM work", Token) > 0);
    }

    [Theory]
    [InstanceData]
    public async Task A_restore_s_own_table_with_something_else_in_it_is_no_marker(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        await target.Postgres.ExecuteAsync(
            target.Database,
            "CREATE SCHEMA nestegg_restore; CREATE TABLE nestegg_restore.progress (repository text, snapshot text, step text, started_at "
            + "timestamptz); INSERT INTO nestegg_restore.progress VALUES ('x', 'y', 'Bogus', now()), (NULL, NULL, NULL, NULL)",
            Token);
        await target.UntilNobodyIsConnectedAsync(Token);
        Assert.True((await target.RestoreAsync(snapshot, Token)).IsComplete);
    }

    [Theory]
    [InstanceData]
    public async Task A_museum_that_is_still_running_is_refused(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        await using var museum = await target.Postgres.OpenAsync(target.Database, Token);
        var error = await Assert.ThrowsAsync<NesteggException>(() => target.RestoreAsync(snapshot, Token));
        Assert.Contains("museum", error.Message);
        Assert.Contains("docker compose stop museum", error.Hint);
    }

    [Theory]
    [InstanceData]
    public async Task A_bucket_with_objects_of_others_is_refused_until_it_is_named(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        await target.Ceph.Client.PutObjectAsync(
            new() { BucketName = target.Bucket, Key = "7/not-ours", ContentBody = "x", UseChunkEncoding = false }, Token);
        var error = await Assert.ThrowsAsync<NesteggException>(() => target.RestoreAsync(snapshot, Token));
        Assert.Contains("7/not-ours", error.Message);
        Assert.Contains($"--overwrite-bucket {target.Bucket}", error.Hint);

        var result =
            await target.RestoreAsync(snapshot, Token, target.Options with { OverwriteBuckets = new HashSet<string> { target.Bucket } });
        Assert.True(result.IsComplete);
        var objects = await target.HashObjectsAsync(Token);
        Assert.True(objects.Remove("7/not-ours"));
        Assert.Equal(NewInstance.Expected(snapshot.Moment), objects);
    }

    [Theory]
    [InstanceData]
    public async Task Objects_that_are_there_already_are_compared_and_not_sent_again(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        await snapshot.Moment.UploadAsync(target.Ceph.Client, slot => target.Buckets[slot], Token);
        var result = await target.RestoreAsync(snapshot, Token);
        Assert.True(result.IsComplete);
        Assert.Equal(0, result.Objects.Written);
        Assert.Equal(snapshot.Manifest.Counts.Objects, result.Objects.AlreadyThere);
    }

    [Theory]
    [InstanceData]
    public async Task An_object_of_the_same_length_and_other_bytes_is_found_out(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        var victim = snapshot.Moment.Originals().First(item => item.SizeBytes < 100_000);
        await target.Ceph.Client.PutObjectAsync(
            new()
            {
                BucketName = target.Bucket, Key = victim.Key, InputStream = new MemoryStream(
                new byte[victim.SizeBytes]), UseChunkEncoding = false
            }, Token);
        var log = new RunLog(new RunEvents());
        var result = await target.RestoreAsync(snapshot, Token, log: log);
        Assert.False(result.IsComplete);
        Assert.Equal(1, result.Objects.Failed);
        Assert.Contains(log.Findings, finding => finding.Code == "object-not-restored" && finding.Subject == victim.Key);

        // The marker is still there, so the same command goes on, and this time may replace the object.
        var again =
            await target.RestoreAsync(snapshot, Token, target.Options with { OverwriteBuckets = new HashSet<string> { target.Bucket } });
        Assert.Equal(DatabaseAction.Continue, again.Plan.Database.Action);
        Assert.True(again.IsComplete);
        Assert.Equal(1, again.Objects.Written);
        Assert.Equal(NewInstance.Expected(snapshot.Moment), await target.HashObjectsAsync(Token));
        Assert.Equal(0L, await target.AskAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname = 'nestegg_restore'", Token));
    }

    [Theory]
    [InstanceData]
    public async Task A_damaged_pack_costs_its_objects_and_not_the_others(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        var originals = snapshot.Moment.Originals().Select(item => item.Key).ToHashSet();
        var live = snapshot.Repository.ReadLiveRowsAsync(snapshot.Manifest, Token);
        var rows = await live.Where(row => originals.Contains(row.Key)).ToListAsync(Token);
        foreach (var row in new[] { rows.First(row => row.Pack is not null), rows.First(row => row.Pack is null) })
        {
            await using var file = File.Open(Path.Combine(snapshot.RepositoryPath, row.StoredAs), FileMode.Open);
            file.Position = (row.Pack is null ? 0 : row.Offset) + row.SizeBytes - 1;
            var found = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)~found);
        }

        var log = new RunLog(new RunEvents());
        var result = await target.RestoreAsync(snapshot, Token, log: log);
        Assert.False(result.IsComplete);
        Assert.Equal(2, result.Objects.Failed);
        Assert.Equal(2, log.Findings.Count(finding => finding.Code == "object-damaged"));
        Assert.Equal(2, result.Audit.Errors);
        var there = await target.HashObjectsAsync(Token);
        var expected = NewInstance.Expected(snapshot.Moment);
        Assert.Equal(expected.Count - result.Objects.Failed, there.Count);
        Assert.All(there, item => Assert.Equal(expected[item.Key], item.Value));
    }

    [Theory]
    [InstanceData]
    public async Task Another_identity_opens_nothing(string name)
    {
        using var snapshot = await SnapshotAsync(name, "t1");
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        using var stranger = AgeIdentity.Generate();
        var error = await Assert.ThrowsAsync<NesteggException>(() =>
            RestoreRun.OpenAsync(new RestoreSource(
                snapshot.Repository, snapshot.Manifest, [stranger]), target.Options, TimeProvider.System, RunEvents.Nowhere(), Token));
        Assert.Equal(FailureKind.WrongIdentity, error.Kind);
    }

    private async Task<KnownSnapshot> SnapshotAsync(string name, string moment) =>
        await KnownSnapshot.CreateAsync((await instances.OpenAsync(name, Token))[moment], Token);
}
