using System.Data;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;
using Nestegg.Instance;
using Nestegg.Instance.Programs;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Npgsql;

namespace Nestegg.Backup;

/// <summary>What the database was at the moment of the snapshot.</summary>
internal sealed record CapturedDatabase(
    DateTimeOffset TakenAt, string ServerVersion, long? SchemaVersion, bool IsSchemaDirty, IReadOnlyDictionary<string, long> Tables);

/// <summary>
/// Captures the database: one read-only, repeatable-read transaction exports its snapshot to pg_dump and answers itself which objects are
/// named. So the dump and the list of objects are of the same moment. Objects that the repository has are marked; the others go into a
/// queue.
/// </summary>
internal sealed class DatabaseCapture(EnteInstance instance, SnapshotWriter snapshot, BackupCounts counts, TimeProvider time)
{
    public async Task<(CapturedDatabase Database, SnapshotObjects Objects)> RunAsync(
        ObjectQueue missingHere, CancellationToken cancellationToken)
    {
        await using var connection = await instance.Database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        // The server may be set to end transactions that wait, as this one does while pg_dump writes, and queries that take long.
        await ExecuteAsync(
            connection, "SET TRANSACTION READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0",
            cancellationToken);
        var name = (string)(await ScalarAsync(connection, "SELECT pg_export_snapshot()", cancellationToken))!;
        var takenAt = time.GetUtcNow();

        // When one of the two fails the other must not go on for hours.
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var dump = DumpAsync(name, connection.PostgreSqlVersion.Major, both.Token);
        var scan = ScanAsync(connection, missingHere, both.Token);
        if (await Task.WhenAny(dump, scan) is { IsCompletedSuccessfully: false } failed)
        {
            await both.CancelAsync();
            await Task.WhenAll(dump, scan).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await failed;
        }

        await dump;
        var (objects, catalog, tables) = await scan;
        return (new CapturedDatabase(
            takenAt, connection.PostgreSqlVersion.ToString(), catalog.SchemaVersion, catalog.SchemaDirty, tables), objects);
    }

    private async Task DumpAsync(string snapshotName, int serverMajorVersion, CancellationToken cancellationToken)
    {
        var program = await PostgresProgram.FindAsync(
            "pg_dump", instance.Settings.Postgres, serverMajorVersion, instance.Folder.Folder, cancellationToken);
        await snapshot.PutSecretAsync(SecretPart.Database, WriteAsync, expectedBytes: 1 << 24, cancellationToken);

        async Task WriteAsync(Stream output, CancellationToken token)
        {
            await using var run = program.Start(
                instance.DatabaseSettings, instance.Map, ["--format=custom", "--compress=0", $"--snapshot={snapshotName}"]);
            run.StandardInput.Close();
            await run.StandardOutput.CopyToAsync(output, 1 << 18, token);
            await run.CompleteAsync(token);
        }
    }

    /// <summary>The objects that the database names, then its tables with their counts of rows.</summary>
    private async Task<(SnapshotObjects Objects, EnteCatalog Catalog, IReadOnlyDictionary<string, long> Tables)> ScanAsync(
        NpgsqlConnection connection, ObjectQueue missingHere, CancellationToken cancellationToken)
    {
        var objects = await snapshot.LoadObjectsAsync(cancellationToken);
        await foreach (var item in NamedObjects.ReadAsync(connection, cancellationToken))
        {
            // A row with a version of its own may rightly hold another length: it was overwritten between the snapshot and its copying.
            if (objects.Known.TryMark(item.Key, item.Version ?? 0, item.Version is null ? item.SizeBytes : null, out var sizeBytes))
            {
                counts.AddHeld(item.Kind, sizeBytes);
            }
            else
            {
                missingHere.Add(item);
            }
        }

        var catalog = await EnteCatalog.ReadAsync(connection, cancellationToken);
        return (objects, catalog, await catalog.CountRowsAsync(connection, catalog.Tables, cancellationToken));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
