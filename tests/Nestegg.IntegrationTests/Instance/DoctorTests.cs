using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Instance.Preflights;
using Nestegg.Settings;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Instance;

/// <summary>Each finding of the doctor is provoked once, on a real PostgreSQL and on the embedded store.</summary>
public sealed class DoctorTests(SharedServers servers) : IAsyncLifetime
{
    private PostgresServer postgres = null!;
    private EmbeddedStore store = null!;
    private DoctorInstance instance = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        postgres = await servers.PostgresAsync(Token);
        store = await EmbeddedStore.StartAsync(Token);
        instance = await DoctorInstance.CreateAsync(postgres, store, Token);
    }

    public async ValueTask DisposeAsync()
    {
        instance?.Dispose();
        if (store is not null)
        {
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_healthy_instance_has_nothing_but_ok()
    {
        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Empty(codes);
        Assert.Equal(
            ["bucket-ok", "database-ok", "museum-yaml-ok", "pg-dump-ok", "schema-ok", "secrets-ok", "settings-origin", "slots-ok"],
            result.Findings.Select(finding => finding.Code).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_wrong_encryption_key_does_not_open_this_database()
    {
        instance.EncryptionKey[0] ^= 1;

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Error key-encryption-wrong", "Note key-hash-untested"], codes);
        Assert.Contains(
            "opens 0 of 3 e-mail addresses: the secret does not open this database", Find(result, "key-encryption-wrong").Message);
        Assert.Contains("museum.yaml line ", Find(result, "key-encryption-wrong").Message);
    }

    [Fact]
    public async Task A_wrong_hash_key_is_found_though_the_addresses_open()
    {
        instance.HashKey[0] ^= 1;

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Error key-hash-wrong"], codes);
        Assert.Contains("reproduces 0 of 3", Find(result, "key-hash-wrong").Message);
    }

    [Fact]
    public async Task Accounts_made_under_another_secret_are_counted()
    {
        await instance.AddUserAsync("late@example.org", new byte[32], instance.HashKey, Token);

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Error key-encryption-wrong"], codes);
        Assert.Contains("opens 3 of 4 e-mail addresses: the secret was changed at some time", Find(result, "key-encryption-wrong").Message);
    }

    [Fact]
    public async Task A_museum_yaml_that_is_a_directory_runs_on_public_secrets()
    {
        Directory.CreateDirectory(Path.Join(instance.FolderPath, "museum.yaml"));
        File.WriteAllText(
            Path.Join(instance.FolderPath, "credentials.yaml"),
            $"db: {{ host: postgres, name: {instance.Database}, user: postgres, password: {PostgresServer.Password} }}");

        var (codes, _) = await instance.ExamineAsync(Token);

        Assert.Equal(
            ["Error museum-yaml-directory", "Warning secret-public-default", "Warning secret-public-default",
            "Warning secret-public-default",
             "Error key-encryption-wrong", "Note key-hash-untested", "Error slot-not-configured", "Error hot-storage-not-configured"],
            codes);
    }

    [Fact]
    public async Task An_instance_without_museum_yaml_is_looked_at_all_the_same()
    {
        instance.HasMuseumYaml = false;

        Assert.Equal(["Note museum-yaml-missing"], (await instance.ExamineAsync(Token)).Codes);
    }

    [Theory]
    [InlineData("ENTE_KEY_ENCRYPTION", "no base64", "Error secret-unusable")]
    [InlineData("ENTE_KEY_HASH", "AAAA", "Error secret-unusable")]
    [InlineData("ENTE_JWT_SECRET", "AA==", "Warning secret-unusable")]
    public async Task A_secret_that_museum_cannot_use_is_found(string variable, string value, string expected)
    {
        var location = instance.Location with { ProcessEnvironment = new Dictionary<string, string> { [variable] = value } };

        var (codes, result) = await instance.ExamineAsync(Token, new NesteggConfiguration { Instance = location, Map = instance.Map() });

        Assert.Equal([expected], codes);
        Assert.Contains($"({variable} in the environment)", Find(result, "secret-unusable").Message);
    }

    [Fact]
    public async Task A_server_that_is_too_old_for_museum_is_found()
    {
        Assert.SkipUnless(PostgresServer.Versions.Contains(
            "13"), $"PostgreSQL 13 is neither in /usr/lib/postgresql nor named by {PostgresServer.FoldersVariable}");
        await using var old = await PostgresServer.StartAsync(Token, "13");
        using var on13 = await DoctorInstance.CreateAsync(old, store, Token);

        Assert.Equal(["Warning database-too-old"], (await on13.ExamineAsync(Token)).Codes);
    }

    [Fact]
    public async Task A_login_that_is_refused_names_the_setting()
    {
        instance.Password = "wrong";

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Error database-login-refused"], codes);
        Assert.Contains("db.password (museum.yaml line 1)", Find(result, "database-login-refused").Hint);
        Assert.DoesNotContain("wrong", Find(result, "database-login-refused").ToString());
    }

    [Fact]
    public async Task A_name_of_the_compose_network_is_explained()
    {
        var settings = new NesteggConfiguration
        {
            Instance = instance.Location,
            Map = EndpointMap.Parse([$"localhost:3200={store.Endpoint.Authority}", "postgres:5432=no-such-host.invalid:5432"]),
        };

        var (codes, result) = await instance.ExamineAsync(Token, settings);

        Assert.Equal(["Error database-unreachable"], codes);
        Assert.Contains("inside the compose network", Find(result, "database-unreachable").Hint);
        Assert.Contains("put \"postgres:5432=127.0.0.1:5432\" into the map in nestegg.yaml", Find(result, "database-unreachable").Hint);
    }

    [Fact]
    public async Task Two_accounts_with_one_address_are_said_with_what_each_has()
    {
        await instance.AddUserAsync("user1@example.org ", instance.EncryptionKey, new byte[64], Token);
        await instance.ExecuteAsync("INSERT INTO key_attributes VALUES (2); INSERT INTO files VALUES (2), (2)", Token);

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Warning address-twice", "Error key-hash-wrong"], codes);
        Assert.StartsWith("the accounts 2 (2 files) and 5 (without keys) have one address", Find(result, "address-twice").Message);
    }

    [Theory]
    [InlineData("search_path=two", "")]
    [InlineData("search_path=two,public", "")]
    [InlineData("search_path=public", "Error schema-elsewhere|Error objects-unnamed")]
    [InlineData("options='-c search_path=two'", "")]
    public async Task Tables_in_a_schema_of_their_own_are_found_where_museum_looks(string extra, string expected)
    {
        await instance.ExecuteAsync("ALTER SCHEMA public RENAME TO two; CREATE SCHEMA public", Token);
        instance.ExtraYaml = $"db: {{ extra: \"{extra}\" }}";

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(expected, string.Join('|', codes.Where(code => !code.EndsWith("schema-missing", StringComparison.Ordinal))));
        if (expected.Length == 0)
        {
            Assert.StartsWith("2 objects", Find(result, "slots-ok").Message);
        }
    }

    [Theory]
    [InlineData("UPDATE schema_migrations SET dirty = true", "Error schema-dirty")]
    [InlineData("UPDATE schema_migrations SET version = 999", "Warning schema-newer")]
    [InlineData("UPDATE schema_migrations SET version = 79", "Warning schema-older")]
    [InlineData("DELETE FROM schema_migrations", "Error schema-missing")]
    [InlineData("DROP TABLE schema_migrations", "Error schema-missing")]
    [InlineData("DELETE FROM users", "Warning database-empty|Error objects-unnamed")]
    [InlineData("DELETE FROM users; DELETE FROM object_keys", "Warning database-empty|Error objects-unnamed")]
    [InlineData("DELETE FROM object_keys", "Error objects-unnamed")]
    [InlineData("UPDATE object_keys SET is_deleted = true", "")]
    [InlineData("CREATE TABLE temp_objects AS SELECT object_key FROM object_keys; DELETE FROM object_keys", "")]
    [InlineData(
        "CREATE SCHEMA postgres; CREATE TABLE postgres.users (LIKE users); CREATE TABLE postgres.object_keys (LIKE object_keys)", "")]
    [InlineData(
        "CREATE SCHEMA two; CREATE TABLE two.users AS TABLE users; CREATE TABLE two.object_keys (LIKE object_keys)",
        "Error schema-ambiguous")]
    [InlineData("CREATE SCHEMA two; CREATE TABLE two.users (id int)", "")]
    [InlineData("UPDATE users SET encrypted_email = null", "Note secrets-unproven")]
    [InlineData("INSERT INTO object_keys VALUES ('1/c', '{b5}')", "Error slot-not-configured|Warning hot-storage-elsewhere")]
    [InlineData("INSERT INTO object_keys VALUES ('1/c', '{scw-eu-fr}', true)", "")]
    [InlineData("INSERT INTO file_data VALUES (1, 'wasabi-eu-central-2-v3')", "Error slot-not-configured")]
    public async Task What_the_database_says_is_found(string sql, string expected)
    {
        await instance.ExecuteAsync(sql, Token);

        var (codes, _) = await instance.ExamineAsync(Token);

        Assert.Equal(expected, string.Join('|', codes));
    }

    [Fact]
    public async Task Hot_storage_that_is_not_where_the_objects_are_is_counted()
    {
        var other = await store.CreateBucketAsync(Token);
        instance.SlotYaml =
            $"  b5: {{ key: {EmbeddedStore.AccessKey}, secret: {EmbeddedStore.SecretKey}, endpoint: 'localhost:3200', region: us-east-1, "
            + $"bucket: {other} }}\n  hot_storage: {{ primary: b5, secondary: b2-eu-cen }}";

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Warning hot-storage-elsewhere"], codes);
        Assert.Contains("2 of 2 objects are in other ones", Find(result, "hot-storage-elsewhere").Message);
    }

    [Theory]
    [InlineData("internal: { hardcoded-ott: { emails: ['a@b.c,123456'] } }", "Warning registration-open-with-hard-coded-code")]
    [InlineData("internal: { hardcoded-ott: { local-domain-suffix: '@b.c' }, disable-registration: true }", "Note hard-coded-code")]
    [InlineData("s3: { hot_storage: { primary: b5 } }", "Warning hot-storage-ignored")]
    [InlineData("s3: { hot_storage: { primary: b2-eu-cen, secondary: my-minio } }", "Warning hot-storage-ignored")]
    public async Task What_the_configuration_says_is_found(string yaml, string expected)
    {
        instance.ExtraYaml = yaml;

        Assert.Equal(expected, string.Join('|', (await instance.ExamineAsync(Token)).Codes));
    }

    [Fact]
    public async Task Compliance_that_is_on_by_default_is_found_on_another_store()
    {
        var other = await store.CreateBucketAsync(Token);
        instance.SlotYaml =
            $"  wasabi-eu-central-2-v3: {{ key: {EmbeddedStore.AccessKey}, secret: {EmbeddedStore.SecretKey}, endpoint: 'localhost:3200', "
            + $"region: us-east-1, bucket: {other} }}";

        Assert.Equal(["Warning compliance-not-wasabi"], (await instance.ExamineAsync(Token)).Codes);
    }

    [Fact]
    public async Task A_table_that_the_role_cannot_read_is_named_with_its_grant()
    {
        var role = "role_" + Guid.NewGuid().ToString("n");
        await instance.ExecuteAsync(
            $"CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; GRANT SELECT ON ALL "
            + $"SEQUENCES IN SCHEMA public TO {role}; REVOKE SELECT ON object_keys, files_file_id_seq FROM {role}",
            Token);
        (instance.User, instance.Password) = (role, "pw");

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Error table-unreadable"], codes);
        Assert.Equal("files_file_id_seq, object_keys", Find(result, "table-unreadable").Subject);

        await instance.ExecuteAsync(Find(result, "table-unreadable").Hint.Split(": ", 2)[1], Token);
        Assert.Empty((await instance.ExamineAsync(Token)).Codes);
    }

    [Fact]
    public async Task A_missing_and_an_old_pg_dump_are_found()
    {
        var old = await OldProgramAsync("pg_dump");
        var (codes, result) = await instance.ExamineAsync(Token, WithPgDump(old));
        Assert.Equal(["Error pg-dump-older"], codes);
        Assert.Contains($"9.6.24) is older than the server", Find(result, "pg-dump-older").Message);

        (codes, result) = await instance.ExamineAsync(Token, WithPgDump("/no/such/pg_dump"));
        Assert.Equal(["Error pg-dump-missing"], codes);
        Assert.Equal("`/no/such/pg_dump --version` does not work", Find(result, "pg-dump-missing").Message);
        Assert.Contains("leave out postgresql.pg-dump in nestegg.yaml", Find(result, "pg-dump-missing").Hint);
    }

    [Fact]
    public async Task A_missing_and_an_old_pg_restore_are_noted_for_a_restore()
    {
        var found = await LookForRestoreAsync(await OldProgramAsync("pg_restore"));
        Assert.Equal(("pg-restore-older", Severity.Note), (found.Code, found.Severity));
        Assert.Contains("9.6.24) is older than the server, which is PostgreSQL", found.Message);

        found = await LookForRestoreAsync("/no/such/pg_restore");
        Assert.Equal(("pg-restore-missing", Severity.Note), (found.Code, found.Severity));
        Assert.Equal("`/no/such/pg_restore --version` does not work", found.Message);
        Assert.StartsWith("backups do not need it, a restore does: try that command by hand; or install", found.Hint);
        Assert.EndsWith("leave out postgresql.pg-restore in nestegg.yaml and --pg-restore", found.Hint);

        found = await LookForRestoreAsync();
        Assert.Equal(("pg-restore-ok", Severity.Ok), (found.Code, found.Severity));
    }

    private async Task<Finding> LookForRestoreAsync(params string[] command)
    {
        await instance.ExamineAsync(Token);
        var settings = new NesteggConfiguration
        {
            Instance = instance.Location, Map = instance.Map(), Postgres = new PostgresProgramSettings { PgRestore = command },
        };
        await using var opened = EnteInstance.Open(settings);
        await using var connection = await postgres.OpenAsync("postgres", Token);
        return await PreflightPrograms.LookForRestoreAsync(opened, connection.PostgreSqlVersion.Major, Token);
    }

    private async Task<string> OldProgramAsync(string name)
    {
        var path = Path.Join(instance.FolderPath, "old_" + name);
        await File.WriteAllTextAsync(path, $"#!/bin/sh\necho '{name} (PostgreSQL) 9.6.24'\n", Token);
        await ExternalProgram.RunAsync("chmod", ["+x", path], Token);
        return path;
    }

    [Fact]
    public async Task A_bucket_that_is_missing_is_named()
    {
        instance.ExtraYaml = "";
        instance.SlotYaml =
            $"  b5: {{ key: {EmbeddedStore.AccessKey}, secret: {EmbeddedStore.SecretKey}, endpoint: 'localhost:3200', region: us-east-1, "
            + $"bucket: nowhere }}\n  derived-storage: b5";

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Error bucket-missing"], codes);
        Assert.Contains("'nowhere'", Find(result, "bucket-missing").Message);
    }

    [Fact]
    public async Task A_bucket_that_refuses_names_the_setting()
    {
        instance.SlotYaml =
            $"  b5: {{ key: {EmbeddedStore.AccessKey}, secret: wrong-secret, endpoint: 'localhost:3200', region: us-east-1, bucket: "
            + $"{instance.Bucket} }}";

        var (codes, result) = await instance.ExamineAsync(Token);

        Assert.Equal(["Warning bucket-denied"], codes);
        Assert.Contains("s3.b5.key (museum.yaml line ", Find(result, "bucket-denied").Hint);
    }

    [Fact]
    public async Task A_bucket_out_of_reach_is_explained()
    {
        var settings = new NesteggConfiguration
        {
            Instance = instance.Location,
            Map = EndpointMap.Parse([$"postgres:5432=127.0.0.1:{postgres.Port}", "localhost:3200=127.0.0.1:1"]),
        };

        var (codes, result) = await instance.ExamineAsync(Token, settings);

        Assert.Equal(["Error store-unreachable"], codes);
        Assert.Contains("if localhost:3200 exists only inside the compose network", Find(result, "store-unreachable").Hint);
    }

    [Theory]
    [InlineData(10, "Warning clock-skew")]
    [InlineData(20, "Error clock-skew")]
    public async Task A_clock_that_is_off_is_found(int minutes, string expected)
    {
        var (codes, result) = await instance.ExamineAsync(Token, time: StillTime.Off(TimeSpan.FromMinutes(minutes)));

        Assert.Equal([expected], codes);
        Assert.Contains("NTP", Find(result, "clock-skew").Hint);
    }

    private static Finding Find(RunLog result, string code) => result.Findings.Single(finding => finding.Code == code);

    private NesteggConfiguration WithPgDump(string program) => new()
    {
        Instance = instance.Location,
        Map = instance.Map(),
        Postgres = new PostgresProgramSettings { PgDump = [program] },
    };
}
