namespace Nestegg.Ente.Revival;

/// <summary>One statement of a step.</summary>
/// <param name="Table">The table that it changes; the statement is left out where the database has no such table.</param>
/// <param name="Sql">The statement.</param>
internal sealed record NeutralisingStatement(string Table, string Sql);

/// <summary>Something that a restored database would do by itself, taken out before museum starts.</summary>
/// <param name="Name">By which it can be left out.</param>
/// <param name="What">What the step does, in a few words.</param>
/// <param name="Reason">Why.</param>
/// <param name="Statements">In order.</param>
internal sealed record NeutralisingStep(string Name, string What, string Reason, IReadOnlyList<NeutralisingStatement> Statements);

/// <summary>What a step did.</summary>
/// <param name="Step">Its name.</param>
/// <param name="What">What it does.</param>
/// <param name="Reason">Why.</param>
/// <param name="Rows">How many rows it changed, by table.</param>
/// <param name="IsKept">It was left out, and the rows stand as they were.</param>
public sealed record NeutralisingResult(
    string Step, string What, string Reason, IReadOnlyList<KeyValuePair<string, long>> Rows, bool IsKept)
{
    /// <summary>The rows of all tables.</summary>
    public long RowCount => Rows.Sum(table => table.Value);
}
