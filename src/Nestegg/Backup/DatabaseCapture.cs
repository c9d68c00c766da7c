using System.Data;
using System.Diagnostics;
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
    DateTimeOffset TakenAt, string ServerVersion, EnteCatalog Catalog, IReadOnlyDictionary<string, long> Tables);

/// <summary>
/// Captures the database: one read-only, repeatable-read transaction exports its snapshot to pg_dump and answers itself which objects are
/// named, and how many rows the dump must hold. So the dump and the list of objects are of the same moment. Objects that the repository
/// has are marked; the others go into a queue.
/// </summary>
internal sealed class DatabaseCapture(EnteInstance instance, SnapshotWriter snapshot, BackupCounts counts, TimeProvider time)
{
    public async Task<(CapturedDatabase Database, SnapshotObjects Objects)> RunAsync(
        ObjectQueue missingHere, CancellationToken cancellationToken)
    {
        await using var connection = await instance.Database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var export = new NpgsqlCommand("SET TRANSACTION READ ONLY; SELECT pg_catalog.pg_export_snapshot()", connection);
        var name = (string)(await export.ExecuteScalarAsync(cancellationToken))!;
        var takenAt = time.GetUtcNow();

        // Before pg_dump looks at them: they move on while it runs.
        var sequences = await SequenceValue.ReadAsync(connection, cancellationToken);

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

        var (objects, catalog, tables) = await scan;
        var dumped = await dump;
        DumpInspection.RequireRows(dumped, catalog.Schema, tables);
        DumpInspection.RequireNames(dumped, catalog, sequences);
        DumpInspection.RequireParts(dumped, catalog.Schema, await SchemaParts.ReadAsync(connection, catalog.Schema, cancellationToken));
        return (new CapturedDatabase(takenAt, connection.PostgreSqlVersion.ToString(), catalog, tables), objects);
    }

    private async Task<DumpedTables> DumpAsync(string snapshotName, int serverMajorVersion, CancellationToken cancellationToken)
    {
        const string name = "pg_dump";
        var program = PostgresProgram.Require(
            await instance.TryFindProgramAsync(name, serverMajorVersion, cancellationToken), name, serverMajorVersion,
            instance.Routes.Postgres);
        await using var inspection = new DumpInspection(cancellationToken);
        DumpedTables? dumped = null;
        await snapshot.PutSecretAsync(SecretPart.Database, WriteAsync, expectedBytes: 1 << 24, cancellationToken);
        Debug.Assert(dumped is not null, "A part that was put has been inspected to its end.");
        return dumped!;

        async Task WriteAsync(Stream output, CancellationToken token)
        {
            await using var run = program.Start(
                instance.DatabaseSettings, instance.Map, serverMajorVersion,
                ["--format=custom", "--compress=0", $"--snapshot={snapshotName}"]);
            run.StandardInput.Close();
            await inspection.CopyAsync(run.StandardOutput, output, token);
            await run.CompleteAsync(token);
            dumped = await inspection.CompleteAsync();
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
}
