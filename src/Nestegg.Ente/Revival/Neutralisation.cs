using Nestegg.Ente.Database;
using Npgsql;

namespace Nestegg.Ente.Revival;

/// <summary>
/// Takes out of a restored database what museum would do by itself as soon as it starts on it: purge what has fallen due, delete what was
/// queued, push to real phones. Runs on what the schema has.
/// </summary>
public static class Neutralisation
{
    private const string SequencesWhat = "ids continue 1,000,000 higher";

    private const string SequencesReason =
        "ids handed out after the snapshot are known to apps and stand in object keys; used again, new photos would show the thumbnails "
        + "of others";

    /// <summary>The names of all steps, in order, by which one can be kept out.</summary>
    public static IReadOnlyList<string> StepNames { get; } =
        [.. NeutralisingSteps.For(isBesideProduction: false, keepsQueue: false).Select(step => step.Name).Append("queue-dates")
            .Append(NeutralisingSteps.Sequences)];

    /// <summary>What <see cref="RunAsync"/> would do, without numbers: for a plan.</summary>
    /// <param name="keep">Names of steps that are left out.</param>
    /// <param name="isBesideProduction">
    /// The copy runs beside the instance that it was taken from, and nothing in it may ever fall due.
    /// </param>
    public static IEnumerable<NeutralisingResult> Describe(IReadOnlySet<string> keep, bool isBesideProduction)
    {
        ArgumentNullException.ThrowIfNull(keep);
        foreach (var step in Steps(keep, isBesideProduction))
        {
            yield return new NeutralisingResult(step.Name, step.What, step.Reason, [], keep.Contains(step.Name));
        }

        yield return new NeutralisingResult(
            NeutralisingSteps.Sequences, SequencesWhat, SequencesReason, [], keep.Contains(NeutralisingSteps.Sequences));
    }

    /// <summary>Runs the steps, in the caller's transaction.</summary>
    /// <param name="connection">The restored database, before museum has started on it.</param>
    /// <param name="keep">Names of steps that are left out.</param>
    /// <param name="isBesideProduction">
    /// The copy runs beside the instance that it was taken from, and nothing in it may ever fall due.
    /// </param>
    /// <param name="now">The moment of the restore, from which new waiting times count.</param>
    /// <param name="cancellationToken">Stops between statements.</param>
    /// <returns>What each step did, in order.</returns>
    /// <exception cref="NpgsqlException">The database does not answer.</exception>
    public static async Task<IReadOnlyList<NeutralisingResult>> RunAsync(
        NpgsqlConnection connection, IReadOnlySet<string> keep, bool isBesideProduction, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(keep);
        var catalog = await EnteCatalog.ReadAsync(connection, cancellationToken);
        var results = new List<NeutralisingResult>();
        foreach (var step in Steps(keep, isBesideProduction))
        {
            var rows = new List<KeyValuePair<string, long>>();
            foreach (var statement in keep.Contains(step.Name) ? [] : step.Statements)
            {
                if (catalog.HasTable(statement.Table))
                {
                    rows.Add(new(statement.Table, await ExecuteAsync(connection, statement.Sql, now, cancellationToken)));
                }
            }

            results.Add(new NeutralisingResult(step.Name, step.What, step.Reason, rows, keep.Contains(step.Name)));
        }

        results.Add(await RaiseSequencesAsync(connection, keep.Contains(NeutralisingSteps.Sequences), cancellationToken));
        return results;
    }

    // A queue that is kept gets fresh dates, a step that can itself be turned off.
    private static IEnumerable<NeutralisingStep> Steps(IReadOnlySet<string> keep, bool isBesideProduction) =>
        NeutralisingSteps.For(isBesideProduction, keepsQueue: keep.Contains("queue"));

    private static async Task<long> ExecuteAsync(
        NpgsqlConnection connection, string sql, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue("now", (now.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // Those of 64 bits are ids that leave the server. The others number rows that nobody else sees, and would run out.
    private static async Task<NeutralisingResult> RaiseSequencesAsync(
        NpgsqlConnection connection, bool isKept, CancellationToken cancellationToken)
    {
        var raised = new List<KeyValuePair<string, long>>();
        var statements = new List<string>();
        if (!isKept)
        {
            // setval would stand even if the transaction did not, and an interrupted restore would raise them twice.
            await using var command = new NpgsqlCommand(
                $"""
                SELECT sequencename, format('ALTER SEQUENCE %I.%I RESTART WITH %s', schemaname, sequencename, coalesce(last_value, start_value) + {NeutralisingSteps.SequenceStep})
                FROM pg_sequences WHERE schemaname = current_schema() AND data_type = 'bigint'::regtype ORDER BY sequencename
                """,
                connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                raised.Add(new(reader.GetString(0), 1));
                statements.Add(reader.GetString(1));
            }
        }

        foreach (var statement in statements)
        {
            await using var restart = new NpgsqlCommand(statement, connection);
            await restart.ExecuteNonQueryAsync(cancellationToken);
        }

        return new NeutralisingResult(NeutralisingSteps.Sequences, SequencesWhat, SequencesReason, raised, isKept);
    }
}
