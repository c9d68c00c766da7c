using Nestegg.Ente.Database;
using Npgsql;

namespace Nestegg.Ente.Configuration;

/// <summary>
/// Connections to a live database of Ente whose settings are known and whose unqualified names mean museum's tables, whatever the role and
/// the database are set to.
/// </summary>
internal static class DatabaseSessions
{
    /// <summary>A pool of them; the caller disposes it. Nothing is connected before it is used.</summary>
    public static NpgsqlDataSource CreatePool(DatabaseSettings settings, EndpointMap map, int maxConnections)
    {
        var options = new NpgsqlConnectionStringBuilder(settings.ConnectionString(map, maxConnections))
        {
            // What is set up once would be undone when a connection goes back into the pool; nothing here changes it in between.
            NoResetOnClose = true,
        };
        var builder = new NpgsqlDataSourceBuilder(options.ConnectionString);
        builder.UsePhysicalConnectionInitializer(
            _ => throw new NotSupportedException("Open asynchronously."),
            connection => PrepareAsync(connection, settings, CancellationToken.None));
        return builder.Build();
    }

    /// <summary>A single one, in no pool; to another database of the same server where one is named.</summary>
    public static async Task<NpgsqlConnection> OpenAsync(
        DatabaseSettings settings, EndpointMap map, CancellationToken cancellationToken, string? database = null)
    {
        var options = new NpgsqlConnectionStringBuilder(settings.ConnectionString(map))
        {
            Pooling = false,
            Database = database ?? settings.Name,
        };
        var connection = new NpgsqlConnection(options.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await PrepareAsync(connection, settings, cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task PrepareAsync(NpgsqlConnection connection, DatabaseSettings settings, CancellationToken cancellationToken)
    {
        await RequireSettingsAsync(connection, cancellationToken);
        var schema = await MuseumSchema.FindAsync(connection, settings.SearchPath, settings.User, cancellationToken);

        // What is temporary comes last instead of first.
        var statements = SessionSettings.Statements(connection.PostgreSqlVersion.Major)
            .Append($"SET search_path = {EnteCatalog.Quote(schema.Name)}, pg_temp");
        await using var command = new NpgsqlCommand(string.Join("; ", statements), connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // A pooler that was told to ignore `options` drops them without a word. What is set here would then hold in whatever session it gives
    // to the next statement, and to its other clients as well.
    private static async Task RequireSettingsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_catalog.current_setting('search_path')", connection);
        if (await command.ExecuteScalarAsync(cancellationToken) is not SessionSettings.FirstSearchPath)
        {
            throw new PostgresException(
                "the startup parameter options was dropped on the way", "FATAL", "FATAL", PostgresErrorCodes.ProtocolViolation);
        }
    }
}
