using System.Globalization;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Database;
using Nestegg.Ente.Integrity;
using Nestegg.Instance;
using Npgsql;

namespace Nestegg.Restore;

/// <summary>How far a restore had come in a database.</summary>
public enum RestoreStep
{
    /// <summary>The dump is being loaded, in one transaction.</summary>
    Loading,

    /// <summary>The dump is loaded and neutralised; objects are being put.</summary>
    Loaded,
}

/// <summary>The trace of a restore that has not ended yet, kept in the database that it restores.</summary>
public sealed record RestoreMarker(string RepositoryId, string SnapshotId, RestoreStep Step, DateTimeOffset StartedAt);

/// <summary>What there is where the database is to go.</summary>
public sealed record DatabaseState
{
    public bool Exists { get; init; }

    /// <summary>As the server states it: <c>15.18</c>.</summary>
    public string ServerVersion { get; init; } = "";

    public long Tables { get; init; }

    /// <summary>
    /// A table in which there are rows; <see langword="null"/> when there are none but museum's own bookkeeping of a first start.
    /// </summary>
    public string? TableWithRows { get; init; }

    public long Users { get; init; }

    /// <summary>Connections of others, museum among them.</summary>
    public int OtherSessions { get; init; }

    /// <summary>The role that restores is a superuser: what it is given to load runs with the rights of the server itself.</summary>
    public bool IsSuperuser { get; init; }

    public RestoreMarker? Marker { get; init; }
}

/// <summary>
/// The database that a restore fills: looking at it, making it, emptying it, and the marker that an interrupted run leaves in it.
/// </summary>
internal sealed class TargetDatabase(DatabaseSettings settings, EndpointMap map)
{
    private const string MarkerSchema = "nestegg_restore";
    private const string PublicTables =
        "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname "
        + "NOT IN ('pg_catalog', 'information_schema', 'nestegg_restore') AND n.nspname NOT LIKE 'pg\\_%'";

    public DatabaseSettings Settings => settings;

    public string Name => settings.Name;

    /// <summary>Where it is, without the password.</summary>
    public string Description => settings.ToString();

    /// <summary>Connections for the restored instance's rows; the caller disposes them.</summary>
    public NpgsqlDataSource OpenPool() => NpgsqlDataSource.Create(settings.ConnectionString(map, maxConnections: 4));

    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken, string? database = null)
    {
        var builder = new NpgsqlConnectionStringBuilder(
            settings.ConnectionString(map))
        {
            Pooling = false, Database = database ?? settings.Name,
        };
        var connection = new NpgsqlConnection(builder.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch (PostgresException failure) when (failure.SqlState != PostgresErrorCodes.InvalidCatalogName)
        {
            await connection.DisposeAsync();
            throw new NesteggException(
                FailureKind.OutOfReach, $"PostgreSQL at {map.Resolve(settings.Endpoint)} refuses {settings.User}: {failure.MessageText}",
                "compare db.user and db.password of the new museum.yaml with what the server was made with", failure);
        }
        catch (Exception failure) when (failure is not PostgresException && DatabaseFailure.IsOfDatabase(failure))
        {
            await connection.DisposeAsync();
            throw new NesteggException(
                FailureKind.OutOfReach,
                $"PostgreSQL at {map.Resolve(settings.Endpoint)} does not answer: {(failure.InnerException ?? failure).Message}",
                $"start it (docker compose up -d postgres). A name that is known only inside compose needs --map "
                + $"{settings.Endpoint}=127.0.0.1:5432 or the container's address",
                failure);
        }
    }

    public async Task<DatabaseState> InspectAsync(CancellationToken cancellationToken)
    {
        if (settings.Name.Length == 0)
        {
            throw new NesteggException(
                FailureKind.BadInput, "the configuration names no database (db.name)", "complete museum.yaml of the new instance");
        }

        try
        {
            await using var connection = await OpenAsync(cancellationToken);
            return await DatabaseFailure.GuardAsync(settings, () => InspectAsync(connection, cancellationToken));
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            await using var server = await OpenAsync(cancellationToken, "postgres");
            return new DatabaseState { ServerVersion = server.PostgreSqlVersion.ToString(), IsSuperuser = IsSuperuser(server) };
        }
    }

    /// <summary>
    /// Makes the database if it is absent, empties it if it has tables, and leaves the marker. The last two are one step.
    /// </summary>
    public async Task PrepareAsync(DatabaseState state, RestoreMarker marker, CancellationToken cancellationToken)
    {
        if (!state.Exists)
        {
            await using var server = await OpenAsync(cancellationToken, "postgres");
            await ExecuteAsync(
                server,
                $"CREATE DATABASE \"{settings.Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\" TEMPLATE template0 ENCODING 'UTF8'",
                cancellationToken);
        }

        await using var connection = await OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (state.Tables > 0)
        {
            await ExecuteAsync(
                connection, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC", cancellationToken);
        }

        await ExecuteAsync(
            connection,
            $"""
            DROP SCHEMA IF EXISTS {MarkerSchema} CASCADE;
            CREATE SCHEMA {MarkerSchema};
            CREATE TABLE {MarkerSchema}.progress (repository text NOT NULL, snapshot text NOT NULL, step text NOT NULL, started_at timestamptz NOT NULL)
            """,
            cancellationToken);
        await using (var insert = new NpgsqlCommand($"INSERT INTO {MarkerSchema}.progress VALUES ($1, $2, $3, $4)", connection))
        {
            insert.Parameters.Add(new() { Value = marker.RepositoryId });
            insert.Parameters.Add(new() { Value = marker.SnapshotId });
            insert.Parameters.Add(new() { Value = marker.Step.ToString() });
            insert.Parameters.Add(new() { Value = marker.StartedAt.UtcDateTime });
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Says in the marker how far the restore is; in the caller's transaction.</summary>
    public static Task MarkAsync(NpgsqlConnection connection, RestoreStep step, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"UPDATE {MarkerSchema}.progress SET step = '{step}'", cancellationToken);

    public async Task RemoveMarkerAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await ExecuteAsync(connection, $"DROP SCHEMA IF EXISTS {MarkerSchema} CASCADE", cancellationToken);
    }

    private static async Task<DatabaseState> InspectAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var tables = await ReadAsync(connection, $"SELECT format('%I.%I', n.nspname, c.relname) {PublicTables} ORDER BY 1", row =>
            row.GetString(0), cancellationToken);
        var withRows = await ReadAsync(connection, TablesWithRows(tables), row => row.GetString(0), cancellationToken);
        return new DatabaseState
        {
            Exists = true,
            ServerVersion = connection.PostgreSqlVersion.ToString(),
            Tables = tables.Count,
            TableWithRows = withRows.FirstOrDefault(),
            Users = tables.Contains("public.users") ? await UserTotals.CountAsync(connection, cancellationToken) : 0,
            OtherSessions = (int)await CountAsync(
                connection,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = "
                + "'client backend'",
                cancellationToken),
            IsSuperuser = IsSuperuser(connection),
            Marker = await ReadMarkerAsync(connection, cancellationToken),
        };
    }

    // The server says it of every session by itself.
    private static bool IsSuperuser(NpgsqlConnection connection) => connection.PostgresParameters.GetValueOrDefault("is_superuser") == "on";

    // A museum that was started once has tables, the number of its schema and perhaps a lock; that is not yet anything of anybody's.
    private static string TablesWithRows(IEnumerable<string> tables)
    {
        var asked = tables.Except(EnteTables.Bookkeeping.Select(table => $"public.{table}"))
            .Select(table => $"SELECT '{table.Replace("'", "''", StringComparison.Ordinal)}' WHERE EXISTS (SELECT 1 FROM {table})");
        return string.Join(" UNION ALL ", asked.DefaultIfEmpty("SELECT '' WHERE false"));
    }

    private static async Task<RestoreMarker?> ReadMarkerAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await CountAsync(
            connection, $"SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = '{MarkerSchema}'", cancellationToken) == 0)
        {
            return null;
        }

        var markers = await ReadAsync(
            connection,
            $"SELECT repository, snapshot, step, started_at FROM {MarkerSchema}.progress",
            row => new RestoreMarker(
                row.GetString(0), row.GetString(1), Enum.Parse<RestoreStep>(row.GetString(2)), row.GetFieldValue<DateTimeOffset>(3)),
            cancellationToken);
        return markers.FirstOrDefault();
    }

    private static async Task<List<T>> ReadAsync<T>(
        NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
