using Npgsql;

namespace Nestegg.TestKit.Sample;

/// <summary>Makes a database and the role that owns it.</summary>
internal static class SampleDatabase
{
    /// <summary>With museum's tables, empty.</summary>
    /// <returns>Connections to it as its owner, as museum would connect.</returns>
    public static async Task<NpgsqlDataSource> CreateAsync(
        SampleOptions options, SampleSecrets secrets, CancellationToken cancellationToken)
    {
        var dataSource = await CreateEmptyAsync(options, secrets, cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(connection, await ReadSchemaAsync(cancellationToken), cancellationToken);
        return dataSource;
    }

    /// <summary>The same without a single table, as it is before museum's first start.</summary>
    public static async Task<NpgsqlDataSource> CreateEmptyAsync(
        SampleOptions options, SampleSecrets secrets, CancellationToken cancellationToken)
    {
        await using (var server = new NpgsqlConnection(options.ServerConnectionString))
        {
            await server.OpenAsync(cancellationToken);
            await ExecuteAsync(server, $"""
                DO $$ BEGIN
                    CREATE ROLE "{options.DatabaseUser}" LOGIN;
                EXCEPTION WHEN duplicate_object THEN
                    NULL;
                END $$;
                ALTER ROLE "{options.DatabaseUser}" PASSWORD '{secrets.DatabasePassword}'
                """, cancellationToken);
            await ExecuteAsync(server, $"CREATE DATABASE \"{options.DatabaseName}\" OWNER \"{options.DatabaseUser}\"", cancellationToken);
        }

        var owner = new NpgsqlConnectionStringBuilder(options.ServerConnectionString)
        {
            Database = options.DatabaseName, Username = options.DatabaseUser, Password = secrets.DatabasePassword, Pooling = false,
        };
        return NpgsqlDataSource.Create(owner);
    }

    private static async Task<string> ReadSchemaAsync(CancellationToken cancellationToken)
    {
        await using var stream = typeof(SampleDatabase).Assembly.GetManifestResourceStream("sample-schema.sql")
            ?? throw new InvalidOperationException("sample-schema.sql is not in the assembly");
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
