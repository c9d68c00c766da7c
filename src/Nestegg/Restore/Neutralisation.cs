using Nestegg.Ente.Database;
using Npgsql;

namespace Nestegg.Restore;

/// <summary>Runs the neutralising steps in the caller's transaction, on what the schema has.</summary>
internal static class Neutralisation
{
    private const string SequencesWhat = "ids continue 1,000,000 higher";

    private const string SequencesReason =
        "ids handed out after the snapshot are known to apps and stand in object keys; used again, new photos would show the thumbnails of others";

    /// <summary>The names for <c>--keep</c>, in order.</summary>
    public static IReadOnlyList<string> StepNames { get; } =
        [.. NeutralisingSteps.For(isBesideProduction: false, keepsQueue: false).Select(step => step.Name).Append("queue-dates").Append(NeutralisingSteps.Sequences)];

    /// <exception cref="NesteggException">A name is none of a step.</exception>
    public static void CheckNames(IEnumerable<string> keep)
    {
        foreach (var name in keep)
        {
            if (!StepNames.Contains(name, StringComparer.Ordinal))
                throw new NesteggException(FailureKind.BadInput, $"--keep {name} names no step of a restore.", $"The steps are: {string.Join(", ", StepNames)}.");
        }
    }

    /// <summary>What would run, without numbers: for the plan.</summary>
    public static IEnumerable<NeutralisingResult> Describe(IReadOnlySet<string> keep, bool isBesideProduction)
    {
        foreach (var step in Steps(keep, isBesideProduction))
            yield return new NeutralisingResult(step.Name, step.What, step.Reason, [], keep.Contains(step.Name));

        yield return new NeutralisingResult(NeutralisingSteps.Sequences, SequencesWhat, SequencesReason, [], keep.Contains(NeutralisingSteps.Sequences));
    }

    public static async Task<IReadOnlyList<NeutralisingResult>> RunAsync(
        NpgsqlConnection connection, IReadOnlySet<string> keep, bool isBesideProduction, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var catalog = await EnteCatalog.ReadAsync(connection, cancellationToken);
        var results = new List<NeutralisingResult>();
        foreach (var step in Steps(keep, isBesideProduction))
        {
            var rows = new List<KeyValuePair<string, long>>();
            foreach (var statement in keep.Contains(step.Name) ? [] : step.Statements)
            {
                if (catalog.HasTable(statement.Table))
                    rows.Add(new(statement.Table, await ExecuteAsync(connection, statement.Sql, now, cancellationToken)));
            }

            results.Add(new NeutralisingResult(step.Name, step.What, step.Reason, rows, keep.Contains(step.Name)));
        }

        results.Add(await RaiseSequencesAsync(connection, keep.Contains(NeutralisingSteps.Sequences), cancellationToken));
        return results;
    }

    // A queue that is kept gets fresh dates, a step that can itself be turned off.
    private static IEnumerable<NeutralisingStep> Steps(IReadOnlySet<string> keep, bool isBesideProduction) =>
        NeutralisingSteps.For(isBesideProduction, keepsQueue: keep.Contains("queue"));

    private static async Task<long> ExecuteAsync(NpgsqlConnection connection, string sql, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue("now", (now.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // Those of 64 bits are ids that leave the server. The others number rows that nobody else sees, and would run out.
    private static async Task<NeutralisingResult> RaiseSequencesAsync(NpgsqlConnection connection, bool isKept, CancellationToken cancellationToken)
    {
        var raised = new List<KeyValuePair<string, long>>();
        var statements = new List<string>();
        if (!isKept)
        {
            // setval would stand even if the transaction did not, and an interrupted restore would raise them twice.
            await using var command = new NpgsqlCommand(
                $"""
                SELECT sequencename, format('ALTER SEQUENCE %I.%I RESTART WITH %s', schemaname, sequencename, coalesce(last_value, start_value) + {NeutralisingSteps.SequenceStep})
                FROM pg_sequences WHERE schemaname = 'public' AND data_type = 'bigint'::regtype ORDER BY sequencename
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
