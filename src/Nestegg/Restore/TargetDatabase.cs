using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Database;
using Nestegg.Instance;
using Npgsql;

namespace Nestegg.Restore;

/// <summary>
/// The database that a restore fills: looking at it, making it, emptying it, and the marker that an interrupted run leaves in it.
/// </summary>
internal sealed class TargetDatabase(DatabaseSettings settings, EndpointMap map)
{
    public const string MarkerSchema = "nestegg_restore";

    // Only what a restore has made: what somebody else keeps in a schema of that name is in the way, and stays.
    private const string DropMarker =
        $"DROP TABLE IF EXISTS {MarkerSchema}.progress; DROP SCHEMA IF EXISTS {MarkerSchema}";

    public DatabaseSettings Settings => settings;

    public string Name => settings.Name;

    /// <summary>Where it is, without the password.</summary>
    public string Description => settings.ToString();

    /// <summary>Connections for the restored instance's rows; the caller disposes them.</summary>
    public NpgsqlDataSource OpenPool() => DatabaseSessions.CreatePool(settings, map, maxConnections: 4);

    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken, string? database = null)
    {
        try
        {
            return await DatabaseSessions.OpenAsync(settings, map, cancellationToken, database);
        }
        catch (PostgresException failure) when (failure.SqlState != PostgresErrorCodes.InvalidCatalogName)
        {
            throw new NesteggException(
                FailureKind.OutOfReach, $"PostgreSQL at {map.Resolve(settings.Endpoint)} refuses {settings.User}: {failure.MessageText}",
                failure.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
                    ? "compare db.user and db.password of the new museum.yaml with what the server was made with"
                    : DatabaseFailure.Describe(failure).Hint, failure);
        }
        catch (Exception failure) when (failure is not PostgresException && DatabaseFailure.IsOfDatabase(failure))
        {
            throw new NesteggException(
                FailureKind.OutOfReach,
                $"PostgreSQL at {map.Resolve(settings.Endpoint)} does not answer: {SystemWords.Of(failure)}",
                $"start it (docker compose up -d postgres). A name that is known only inside compose needs --map "
                + $"{settings.Endpoint}=127.0.0.1:5432 or the container's address",
                failure);
        }
    }

    /// <param name="schema">The one that the snapshot's tables are in.</param>
    public async Task<DatabaseState> InspectAsync(string schema, CancellationToken cancellationToken)
    {
        if (settings.Name.Length == 0)
        {
            throw new NesteggException(
                FailureKind.BadInput, "the configuration names no database (db.name)", "complete museum.yaml of the new instance");
        }

        try
        {
            await using var connection = await OpenAsync(cancellationToken);
            return await DatabaseFailure.GuardAsync(
                settings, () => new TargetInspection(connection, schema).RunAsync(cancellationToken));
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            await using var server = await OpenAsync(cancellationToken, "postgres");
            return await DatabaseFailure.GuardAsync(
                settings, () => new TargetInspection(server, schema).OfServerAsync(cancellationToken));
        }
    }

    /// <summary>
    /// Makes the database if it is absent, empties it if it has tables, and leaves the marker. The last two are one step.
    /// </summary>
    /// <param name="schema">The one that the snapshot's tables are in.</param>
    public async Task PrepareAsync(DatabaseState state, string schema, RestoreMarker marker, CancellationToken cancellationToken)
    {
        if (!state.Exists)
        {
            await using var server = await OpenAsync(cancellationToken, "postgres");
            await ExecuteAsync(
                server,
                $"CREATE DATABASE {EnteCatalog.Quote(settings.Name)} TEMPLATE template0 ENCODING 'UTF8'",
                cancellationToken);
        }

        await using var connection = await OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var name = EnteCatalog.Quote(schema);
        if (state.Tables > 0 || state.Stranger is not null)
        {
            await ExecuteAsync(
                connection, $"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}; GRANT USAGE ON SCHEMA {name} TO PUBLIC",
                cancellationToken);
        }
        else if (schema != EnteTables.UsualSchema)
        {
            await ExecuteAsync(connection, $"CREATE SCHEMA IF NOT EXISTS {name}", cancellationToken);
        }

        await ExecuteAsync(
            connection,
            $"""
            {DropMarker};
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

    /// <summary>Takes the marker away, and leaves a remark at one of the tables in its place, in one step.</summary>
    public async Task FinishAsync(RestoreMarker marker, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(
            connection,
            $"COMMENT ON TABLE {MarkerRemark.Table} IS '{MarkerRemark.Of(marker)}'; {DropMarker}",
            cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>A remark that the dump brought is of another restore; in the caller's transaction.</summary>
    public static Task RemoveRemarkAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"COMMENT ON TABLE {MarkerRemark.Table} IS NULL", cancellationToken);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
