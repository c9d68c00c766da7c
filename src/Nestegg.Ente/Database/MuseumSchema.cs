using Npgsql;

namespace Nestegg.Ente.Database;

/// <summary>The schema of a live database that museum's tables are in.</summary>
/// <param name="Name"><c>public</c>, unless museum's settings lead elsewhere.</param>
/// <param name="IsPresent">Whether museum's tables are in it.</param>
/// <param name="Others">Schemas in which there are tables of museum with accounts as well.</param>
internal sealed record MuseumSchema(string Name, bool IsPresent, IReadOnlyList<string> Others)
{
    private static readonly string Candidates = $"""
        SELECT CAST(n.nspname AS text)
        FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\_%'
            AND c.relname IN ({string.Join(", ", EnteTables.Telling.Select(table => $"'{table}'"))})
        GROUP BY n.nspname HAVING count(*) = {EnteTables.Telling.Count} ORDER BY n.nspname
        """;

    /// <summary>
    /// Finds it. What museum's settings say is certain. Without them it is a schema with accounts before one without, because a schema that
    /// is called like the role takes the place of <c>public</c> for whoever signs in as that role.
    /// </summary>
    /// <param name="connection">Open.</param>
    /// <param name="configured">The search path of museum's settings; empty when they have none.</param>
    /// <param name="user">museum's role.</param>
    /// <param name="cancellationToken">Stops the looking.</param>
    internal static async Task<MuseumSchema> FindAsync(
        NpgsqlConnection connection, IReadOnlyList<string> configured, string user, CancellationToken cancellationToken)
    {
        var present = await ReadAsync(connection, Candidates, cancellationToken);
        if (present.Count <= 1 && configured.Count == 0)
        {
            return new MuseumSchema(present.FirstOrDefault(EnteTables.UsualSchema), present.Count == 1, []);
        }

        var inhabited = await InhabitedAsync(connection, present, cancellationToken);
        IEnumerable<string> inOrder = configured.Count > 0
            ? configured
            : new[] { user, EnteTables.UsualSchema }.Concat(present).OrderByDescending(inhabited.Contains);
        var name = inOrder.FirstOrDefault(present.Contains);
        return new MuseumSchema(
            name ?? inOrder.First(), name is not null, [.. inhabited.Where(other => other != name)]);
    }

    // What the role may not read counts as inhabited: to be told so is better than to read an empty table in its place.
    private static async Task<IReadOnlyList<string>> InhabitedAsync(
        NpgsqlConnection connection, IReadOnlyList<string> schemas, CancellationToken cancellationToken)
    {
        var inhabited = new List<string>();
        foreach (var schema in schemas)
        {
            var users = $"{EnteCatalog.Quote(schema)}.users";
            try
            {
                inhabited.AddRange(await ReadAsync(connection, $"SELECT '' WHERE EXISTS (SELECT 1 FROM {users})", cancellationToken) is [_]
                    ? [schema]
                    : []);
            }
            catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                inhabited.Add(schema);
            }
        }

        return inhabited;
    }

    private static async Task<IReadOnlyList<string>> ReadAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var values = new List<string>();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            values.Add(row.GetString(0));
        }

        return values;
    }
}
