using Npgsql;

namespace Nestegg.TestKit.Sample;

/// <summary>The secrets of an instance.</summary>
internal sealed class SampleSecrets(SampleRandom random)
{
    public byte[] EncryptionKey { get; } = random.Bytes(32);

    public byte[] HashKey { get; } = random.Bytes(64);

    public byte[] JwtSecret { get; } = random.Bytes(32);

    public string DatabasePassword { get; } = Convert.ToHexStringLower(random.Bytes(12));
}

/// <summary>Writes an operator's folder: <c>museum.yaml</c>, <c>compose.yaml</c>, <c>.env</c>, <c>data/</c>.</summary>
internal static class SampleFolder
{
    public static async Task WriteAsync(SampleOptions options, SampleSecrets secrets, CancellationToken cancellationToken)
    {
        var server = new NpgsqlConnectionStringBuilder(options.ServerConnectionString);
        var (host, port) = options.UsesComposeNames ? ("postgres", 5432) : (server.Host!, server.Port);
        var endpoint = options.UsesComposeNames ? "localhost:3200" : options.ObjectStore.Authority;
        Directory.CreateDirectory(Path.Combine(options.Folder, "data"));
        await WriteAsync("museum.yaml", Museum(options, secrets, host, port, endpoint));
        await WriteAsync("compose.yaml", Compose(options));
        await WriteAsync(".env", $"""
            # Read by docker compose.
            POSTGRES_PASSWORD={secrets.DatabasePassword}
            STORE_KEY={options.AccessKey}
            STORE_SECRET={options.SecretKey}

            """);

        Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(options.Folder, name), text, cancellationToken);
    }

    private static string Museum(SampleOptions options, SampleSecrets secrets, string host, int port, string endpoint)
    {
        var slots = string.Concat(SampleStorage.Slots.Select(slot => $"""
                {slot}:
                    key: {options.AccessKey}
                    secret: {options.SecretKey}
                    endpoint: {endpoint}
                    region: eu-central-2
                    bucket: {options.BucketPrefix}{slot}
            {(slot.StartsWith("wasabi", StringComparison.Ordinal) ? "        compliance: false\n" : "")}
            """));
        var hotStorage = options.HotSlot == SampleStorage.Slot ? "" : $"""
                hot_storage:
                    primary: {options.HotSlot}
                    secondary: {SampleStorage.Slot}

            """;
        return $"""
            # A sample instance. Nothing in here is anybody's.
            db:
                host: {host}
                port: {port}
                name: {options.DatabaseName}
                user: {options.DatabaseUser}
                password: {secrets.DatabasePassword}

            s3:
                are_local_buckets: true
                use_path_style_urls: true
            {hotStorage}    derived-storage: {SampleStorage.DerivedSlot}
            {slots}
            apps:
                public-albums: http://localhost:3002
                accounts: http://localhost:3001

            key:
                # Without these two no account of this instance can ever be found or read again.
                encryption: {Convert.ToBase64String(secrets.EncryptionKey)}
                hash: {Convert.ToBase64String(secrets.HashKey)}

            jwt:
                secret: {Convert.ToBase64String(secrets.JwtSecret).Replace('+', '-').Replace('/', '_')}

            """;
    }

    private static string Compose(SampleOptions options) => $$"""
        services:
          museum:
            image: ghcr.io/ente/server
            ports: ["8080:8080"]
            depends_on: [postgres]
            volumes:
              - ./museum.yaml:/museum.yaml:ro
              - ./data:/data:ro
          postgres:
            image: postgres:15
            environment:
              POSTGRES_USER: {{options.DatabaseUser}}
              POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}
              POSTGRES_DB: {{options.DatabaseName}}
            volumes: ["postgres-data:/var/lib/postgresql/data"]
          minio:
            image: minio/minio
            ports: ["3200:3200"]
            environment:
              MINIO_ROOT_USER: ${STORE_KEY}
              MINIO_ROOT_PASSWORD: ${STORE_SECRET}
            command: server /data --address ":3200"
            volumes: ["minio-data:/data"]
        volumes:
          postgres-data:
          minio-data:

        """;
}
