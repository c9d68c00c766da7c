using System.Data.Common;
using System.Diagnostics;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Sample;
using Nestegg.TestKit.Servers;
using Npgsql;

namespace Nestegg.IntegrationTests.Database;

/// <summary>The objects that a database names, asked of PostgreSQL and of the archive that was made from it.</summary>
public sealed class NamedObjectsTests(SharedServers servers, KnownInstances instances) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InstanceData("t1")]
    [InstanceData("t2")]
    [InstanceData("older", Only = KnownInstances.Sample)]
    public async Task A_known_instance_names_exactly_the_objects_that_were_in_its_buckets(string name, string moment)
    {
        var known = (await instances.OpenAsync(name, Token))[moment];
        await using var archive = await LoadAsync(known.DumpPath);
        var named = await AllAsync(archive.Connection);
        Assert.Equal(known.Objects.Select(o => $"{o.Key} {o.SizeBytes}").Order(), named.Select(o => $"{o.Key} {o.SizeBytes}").Order());
        var slots = known.Objects.ToDictionary(o => o.Key, o => o.Slot);
        Assert.All(named, o => Assert.Equal((slots[o.Key], o.Key.Split('/')[0]), (o.Slots.ToString(), o.OwnerId.ToString())));

        var postgres = await servers.PostgresAsync(Token);
        await using var live = await postgres.OpenAsync(await postgres.RestoreAsync(known.DumpPath, Token), Token);
        await AssertSameAsync(live, archive.Connection);
        await using var deleted = new NpgsqlCommand("SELECT count(*) FROM object_keys WHERE is_deleted", live);
        Assert.Equal((long)(await deleted.ExecuteScalarAsync(Token))!, named.Count(o => o.IsDeleted));
    }

    [RecordedFact]
    public async Task The_recorded_instance_names_as_many_objects_as_its_README_says()
    {
        foreach (var (moment, count) in new[] { ("t1", 138), ("t2", 146) })
        {
            await using var archive = await LoadAsync(RecordedInstance.Read()[moment].DumpPath);
            var named = await AllAsync(archive.Connection);
            Assert.Equal((count, 2), (named.Count, named.Count(o => o.IsDeleted)));
        }
    }

    [Theory]
    [InstanceData]
    public async Task Machine_learning_data_that_was_rewritten_has_another_version(string name)
    {
        var known = await instances.OpenAsync(name, Token);
        await using var before = await LoadAsync(known["t1"].DumpPath);
        await using var after = await LoadAsync(known["t2"].DumpPath);
        var versions = (await AllAsync(before.Connection)).ToDictionary(o => o.Key, o => o.Version);
        var changed = (await AllAsync(after.Connection)).Where(o => versions.TryGetValue(o.Key, out var version) && version != o.Version);
        var hashes = known["t1"].Objects.ToDictionary(o => o.Key, o => o.Hash);
        var rewritten = known["t2"].Objects.Where(o => hashes.TryGetValue(o.Key, out var hash) && hash != o.Hash);
        Assert.Equal(Assert.Single(rewritten).Key, Assert.Single(changed).Key);
        Assert.Equal((ObjectKind.MlData, true), Assert.Single(changed.Select(o => (o.Kind, o.Version > versions[o.Key]))));
    }

    [Theory]
    [InstanceData]
    public async Task Every_kind_and_state_of_row_is_named_alike_from_both_sources(string name)
    {
        var known = (await instances.OpenAsync(name, Token))["t2"];
        var postgres = await servers.PostgresAsync(Token);
        var database = await postgres.RestoreAsync(known.DumpPath, Token);
        await postgres.ExecuteAsync(database, """
            UPDATE object_keys SET datacenters = '{scw-eu-fr-v3,b5,b2-eu-cen}', is_deleted = NULL WHERE file_id % 7 = 0;
            UPDATE object_keys SET datacenters = '{}' WHERE file_id % 7 = 1;
            UPDATE file_data SET replicated_buckets = '{b5,b6}', is_deleted = (file_id % 2 = 0), pending_sync = (file_id % 4 = 0) WHERE data_type = 'mldata';
            INSERT INTO file_data (file_id, user_id, data_type, size, latest_bucket, obj_id, obj_nonce, obj_size) VALUES
                (1, 7, 'img_preview', 70, 'b5', 'pi_1', 'nonce', 60), (2, 7, 'vid_preview', 70, 'b5', 'pv_2', NULL, NULL), (3, 7, 'vid_preview', 70, 'b5', NULL, NULL, NULL);
            INSERT INTO user_attachments (attachment_id, user_id, attachment_type, size, latest_bucket, is_deleted, pending_sync)
                SELECT 'ua_' || user_id || n, user_id, 'profile_picture', n, 'b6', n > 1, n = 2 FROM users, generate_series(1, 3) n;
            """, Token);
        await using var live = await postgres.OpenAsync(database, Token);
        await using var archive = await LoadAsync(await DumpAsync(postgres, database));
        var named = await AssertSameAsync(live, archive.Connection);
        Assert.Equal(Enum.GetValues<ObjectKind>(), named.Select(o => o.Kind).Distinct().Order());
        Assert.Equal((2 * known.Users) + Count(known, "/user-attachments/"), named.Count(o => o.Kind == ObjectKind.ProfilePicture));
    }

    [Theory]
    [InstanceData]
    public async Task Older_schemas_name_what_they_know(string name)
    {
        var known = (await instances.OpenAsync(name, Token))["t2"];
        var postgres = await servers.PostgresAsync(Token);
        var database = await postgres.RestoreAsync(known.DumpPath, Token);
        var all = known.Objects.Count;
        foreach (var (version, sql) in OlderSchema.Steps)
        {
            await postgres.ExecuteAsync(database, $"{sql}; UPDATE schema_migrations SET version = {version - 1}", Token);
            all -= version switch
            {
                120 => Count(known, "/user-attachments/"),
                94 => Count(known, "_preview/"),
                89 => Count(known, "/mldata"),
                _ => 0,
            };
            await using var live = await postgres.OpenAsync(database, Token);
            await using var archive = await LoadAsync(await DumpAsync(postgres, database));
            Assert.Equal(all, (await AssertSameAsync(live, archive.Connection)).Count);
            Assert.Equal(version - 1, (await EnteCatalog.ReadAsync(archive.Connection, Token)).SchemaVersion);
        }

        Assert.Equal(EnteCatalog.OldestKnownSchema, OlderSchema.Oldest);
        Assert.Equal(known.Originals().Count, all);
    }

    [Theory]
    [InstanceData]
    public async Task A_table_that_the_role_may_not_read_is_an_error_and_not_an_empty_set(string name)
    {
        var postgres = await servers.PostgresAsync(Token);
        var database = await postgres.RestoreAsync((await instances.OpenAsync(name, Token))["t1"].DumpPath, Token);
        await postgres.ExecuteAsync(
            database,
            $"CREATE ROLE {database}_reader LOGIN PASSWORD 'x'; GRANT SELECT ON schema_migrations, object_keys TO {database}_reader",
            Token);
        await using var connection = new NpgsqlConnection(postgres.ConnectionString(database, $"{database}_reader", "x"));
        await connection.OpenAsync(Token);
        var failure = await Assert.ThrowsAsync<PostgresException>(() => AllAsync(connection));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, failure.SqlState);
    }

    /// <summary>A few files, or a million with the long tests.</summary>
    [Theory]
    [InstanceData(Only = KnownInstances.Sample)]
    public async Task A_large_library_is_read_whole(string name)
    {
        var files = LongDataAttribute.IsOn ? 1_000_000 : 2_000;
        var known = (await instances.OpenAsync(name, Token))["t1"];
        var postgres = await servers.PostgresAsync(Token);
        var database = await postgres.RestoreAsync(known.DumpPath, Token);
        await postgres.ExecuteAsync(database, $"""
            SET session_replication_role = replica;
            INSERT INTO files (file_id, owner_id, file_decryption_header, thumbnail_decryption_header, metadata_decryption_header, encrypted_metadata, updation_time, info)
                SELECT n, 42, encode(sha256(n::text::bytea), 'base64'), encode(sha256(n::text::bytea), 'base64'), 'aGVhZGVy', repeat(encode(sha256(n::text::bytea), 'base64'), 6), n, '{"{"}"fileSize": 123456, "thumbSize": 2345{"}"}' FROM generate_series(1, {files}) n;
            INSERT INTO collection_files (file_id, collection_id, encrypted_key, key_decryption_nonce, updation_time)
                SELECT n, n % 50, encode(sha256(n::text::bytea), 'base64'), 'MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0', n FROM generate_series(1, {files}) n;
            INSERT INTO object_keys (file_id, o_type, object_key, size, datacenters)
                SELECT n, t, '42/' || gen_random_uuid(), n, '{"{"}b2-eu-cen{"}"}' FROM generate_series(1, {files}) n, unnest(ARRAY['file', 'thumbnail']::object_type[]) t;
            """, Token);
        var dump = await DumpAsync(postgres, database);
        await using var archive = await LoadAsync(dump);
        TestContext.Current.SendDiagnosticMessage($"{files} files, {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB");
        var count = 0;
        await foreach (var named in NamedObjects.ReadAsync(archive.Connection, Token))
        {
            count++;
        }

        Assert.Equal(known.Objects.Count + (2 * files), count);
    }

    private static int Count(KnownMoment known, string part) => known.Objects.Count(o => o.Key.Contains(part, StringComparison.Ordinal));

    private static async Task<List<NamedObject>> AssertSameAsync(DbConnection live, DbConnection archive)
    {
        var named = await AllAsync(live);
        Assert.Equal(
            named.OrderBy(o => o.Key, StringComparer.Ordinal), (await AllAsync(archive)).OrderBy(o => o.Key, StringComparer.Ordinal));
        Assert.Equal(named.Count, named.Select(o => o.Key).Distinct().Count());
        var (fromLive, fromArchive) = (await EnteCatalog.ReadAsync(live, Token), await EnteCatalog.ReadAsync(archive, Token));
        Assert.Equal(
            await fromLive.CountRowsAsync(live, EnteTables.Library, Token),
            await fromArchive.CountRowsAsync(archive, EnteTables.Library, Token));
        return named;
    }

    private static async Task<List<NamedObject>> AllAsync(DbConnection connection)
    {
        var all = new List<NamedObject>();
        await foreach (var named in NamedObjects.ReadAsync(connection, Token))
        {
            all.Add(named);
        }

        return all;
    }

    private async Task<string> DumpAsync(PostgresServer server, string database)
    {
        var path = folder["made.dump"];
        await ExternalProgram.RunAsync(
            Path.Combine(server.BinFolder, "pg_dump"),
            ["--format=custom", "--compress=0", "--file", path, "--dbname", server.ConnectionUri(database)], Token);
        return path;
    }

    private async Task<ArchiveDatabase> LoadAsync(string dump)
    {
        await using var file = File.OpenRead(dump);
        return await ArchiveDatabase.LoadAsync(file, EnteTables.Library, folder.Path, Token);
    }
}
