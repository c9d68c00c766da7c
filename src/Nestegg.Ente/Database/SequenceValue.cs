using Npgsql;

namespace Nestegg.Ente.Database;

/// <summary>How far a sequence of a live database has given out numbers.</summary>
/// <param name="Name">Without its schema, which is that of museum's tables.</param>
/// <param name="Last">The number that it gave out last.</param>
/// <param name="Step">What it adds each time; may be negative.</param>
internal readonly record struct SequenceValue(string Name, long Last, long Step)
{
    // One that begins again after its last number may stand anywhere, and one that gave out none may be set to anything.
    private const string Sql = """
        SELECT CAST(sequencename AS text), last_value, increment_by FROM pg_catalog.pg_sequences
        WHERE schemaname = pg_catalog.current_schema() AND NOT cycle AND last_value IS NOT NULL
        """;

    /// <summary>
    /// Reads them for the schema of museum's tables. Sequences are of no transaction: what is read later may be ahead of this, never
    /// behind.
    /// </summary>
    public static async Task<IReadOnlyList<SequenceValue>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var values = new List<SequenceValue>();
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            values.Add(new SequenceValue(row.GetString(0), row.GetInt64(1), row.GetInt64(2)));
        }

        return values;
    }

    /// <summary>Whether a sequence that a dump sets gives out no number again.</summary>
    public bool IsReachedBy(ArchiveSequence set) => set.IsCalled && (Step > 0 ? set.Value >= Last : set.Value <= Last);
}
