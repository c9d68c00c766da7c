using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Cryptography;
using Nestegg.Instance;
using Nestegg.Instance.Preflights;
using Nestegg.Settings;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;
using Npgsql;

namespace Nestegg.IntegrationTests.Instance;

/// <summary>A small instance of its own: a folder, a database with the tables that the doctor looks at, a bucket.</summary>
internal sealed class DoctorInstance : IDisposable
{
    private const string Schema = """
        CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
        INSERT INTO schema_migrations VALUES (124, false);
        CREATE TABLE key_attributes (user_id bigint);
        CREATE TABLE files (owner_id bigint);
        CREATE TABLE users (user_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, encrypted_email bytea, email_decryption_nonce bytea, email_hash text UNIQUE);
        CREATE TYPE s3region AS ENUM ('b2-eu-cen', 'wasabi-eu-central-2-v3', 'scw-eu-fr', 'b5');
        CREATE TABLE object_keys (object_key text, datacenters s3region[] NOT NULL, is_deleted boolean DEFAULT false, file_id bigint);
        CREATE TABLE file_data (file_id bigint, latest_bucket s3region NOT NULL, is_deleted boolean NOT NULL DEFAULT false);
        CREATE SEQUENCE files_file_id_seq;
        """;

    /// <summary>The objects that the database names; they are in the bucket.</summary>
    public static readonly string[] Keys = ["1/a", "1/b"];

    private readonly TemporaryFolder folder = new();
    private readonly PostgresServer postgres;
    private readonly EmbeddedStore store;

    private DoctorInstance(PostgresServer postgres, EmbeddedStore store, string database, string bucket) =>
        (this.postgres, this.store, Database, Bucket) = (postgres, store, database, bucket);

    public string Database { get; }

    public string Bucket { get; }

    public byte[] EncryptionKey { get; } = RandomNumberGenerator.GetBytes(MuseumSecrets.EncryptionKeyBytes);

    public byte[] HashKey { get; } = RandomNumberGenerator.GetBytes(MuseumSecrets.HashKeyBytes);

    /// <summary>What <c>db.user</c> and <c>db.password</c> will be.</summary>
    public string User { get; set; } = PostgresServer.User;

    public string Password { get; set; } = PostgresServer.Password;

    /// <summary>More lines for museum.yaml; a later value of a key wins, as in YAML that is merged.</summary>
    public string ExtraYaml { get; set; } = "";

    public string SlotYaml { get; set; } = "";

    /// <summary>Where museum gets everything from its environment, there is no museum.yaml.</summary>
    public bool HasMuseumYaml { get; set; } = true;

    public string FolderPath => folder.Path;

    public static async Task<DoctorInstance> CreateAsync(PostgresServer postgres, EmbeddedStore store, CancellationToken cancellationToken)
    {
        var instance = new DoctorInstance(
            postgres, store, await postgres.CreateDatabaseAsync(cancellationToken), await store.CreateBucketAsync(cancellationToken));
        await instance.ExecuteAsync(Schema, cancellationToken);
        for (var i = 0; i < 3; i++)
        {
            await instance.AddUserAsync($"User{i}@example.org", instance.EncryptionKey, instance.HashKey, cancellationToken);
        }

        await instance.ExecuteAsync("INSERT INTO users (email_hash) VALUES ('deleted+1@ente.io')", cancellationToken);
        foreach (var key in Keys)
        {
            await instance.ExecuteAsync($"INSERT INTO object_keys VALUES ('{key}', '{{b2-eu-cen}}')", cancellationToken);
            await store.Client.PutObjectAsync(new() { BucketName = instance.Bucket, Key = key, ContentBody = "bytes" }, cancellationToken);
        }

        return instance;
    }

    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) => postgres.ExecuteAsync(Database, sql, cancellationToken);

    public async Task AddUserAsync(string email, byte[] encryptionKey, byte[] hashKey, CancellationToken cancellationToken)
    {
        using var key = SecretKey.From(encryptionKey);
        var box = SecretBox.Seal(Encoding.UTF8.GetBytes(EmailHash.Normalize(email)), key, out var nonce);
        await using var connection = await postgres.OpenAsync(Database, cancellationToken);
        await using var command = new NpgsqlCommand(
            "INSERT INTO users (encrypted_email, email_decryption_nonce, email_hash) VALUES ($1, $2, $3)", connection)
        {
            Parameters = { new() { Value = box }, new() { Value = nonce }, new() { Value = EmailHash.Compute(email, hashKey) } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Runs the preflight.</summary>
    /// <returns>The findings that are worse than in order, as <c>severity code</c>; and all of them.</returns>
    public async Task<(IReadOnlyList<string> Codes, RunLog Result)> ExamineAsync(
        CancellationToken cancellationToken, NesteggConfiguration? settings = null, TimeProvider? time = null, RunEvents? events = null)
    {
        WriteMuseumYaml();
        settings ??= new NesteggConfiguration { Instance = new InstanceLocation(folder.Path), Map = Map() };
        await using var instance = EnteInstance.Open(settings, time);
        var log = new RunLog(events ?? new RunEvents());
        await new Preflight(instance, log).RunAsync(cancellationToken);
        return ([
            .. log.Findings.Where(finding => finding.Severity != Severity.Ok).Select(finding => $"{finding.Severity} {finding.Code}")
        ], log);
    }

    public EndpointMap Map() =>
        EndpointMap.Parse([$"postgres:5432=127.0.0.1:{postgres.Port}", $"localhost:3200={store.Endpoint.Authority}"]);

    public InstanceLocation Location => new(folder.Path);

    public void Dispose() => folder.Dispose();

    private void WriteMuseumYaml()
    {
        if (Directory.Exists(folder["museum.yaml"]))
        {
            return;
        }

        File.WriteAllText(folder[HasMuseumYaml ? "museum.yaml" : "credentials.yaml"], $$"""
            db: { host: postgres, port: 5432, name: {{Database}}, user: {{User}}, password: {{Password}} }
            s3:
              are_local_buckets: true
              b2-eu-cen: { key: {{EmbeddedStore.AccessKey}}, secret: {{EmbeddedStore.SecretKey}}, endpoint: "localhost:3200", region: us-east-1, bucket: {{Bucket}} }
            {{SlotYaml}}
            key: { encryption: {{Convert.ToBase64String(EncryptionKey)}}, hash: {{Convert.ToBase64String(HashKey)}} }
            jwt: { secret: {{Convert.ToBase64String(new byte[32])}} }
            """);
        File.WriteAllText(folder[".env"], "");
        if (HasMuseumYaml)
        {
            File.WriteAllText(folder["credentials.yaml"], ExtraYaml);
        }
    }
}
