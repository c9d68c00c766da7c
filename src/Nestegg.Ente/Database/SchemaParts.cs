using Npgsql;

namespace Nestegg.Ente.Database;

/// <summary>
/// What a schema has besides tables and rows, and without which they cannot be loaded or are not what they were: as a dump's table of
/// contents calls it.
/// </summary>
internal static class SchemaParts
{
    // A partition's parts are made with its parent's. What an extension has made comes with the extension.
    private const string Sql = """
        WITH own AS (SELECT oid FROM pg_namespace WHERE nspname = @schema),
        members AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
        relations AS (
            SELECT c.* FROM pg_class c JOIN own ON own.oid = c.relnamespace
            WHERE NOT EXISTS (SELECT 1 FROM members m WHERE m.classid = CAST('pg_class' AS regclass) AND m.objid = c.oid)),
        tables AS (SELECT * FROM relations WHERE relkind IN ('r', 'p') AND NOT relispartition)
        SELECT 'INDEX', CAST(c.relname AS text) FROM tables t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indisvalid AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
        UNION ALL
        SELECT CASE k.contype WHEN 'f' THEN 'FK CONSTRAINT' ELSE 'CONSTRAINT' END, t.relname || ' ' || k.conname
        FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid WHERE k.contype IN ('p', 'u', 'x', 'f') AND k.coninhcount = 0
        UNION ALL
        SELECT 'TRIGGER', t.relname || ' ' || g.tgname FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
        UNION ALL
        SELECT kind, CAST(relname AS text) FROM relations, (VALUES ('SEQUENCE'), ('SEQUENCE SET')) AS kinds (kind) WHERE relkind = 'S'
        UNION ALL
        SELECT 'FUNCTION', CAST(p.proname AS text) FROM pg_proc p JOIN own ON own.oid = p.pronamespace
        WHERE p.prokind = 'f' AND NOT EXISTS (SELECT 1 FROM members m WHERE m.classid = CAST('pg_proc' AS regclass) AND m.objid = p.oid)
        """;

    /// <summary>
    /// Kind and name of each. A constraint and a trigger are named after their table and themselves, a function without its arguments.
    /// </summary>
    public static async Task<IReadOnlySet<(string Kind, string Name)>> ReadAsync(
        NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        var parts = new HashSet<(string, string)>();
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddWithValue("schema", schema);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            parts.Add((rows.GetString(0), rows.GetString(1)));
        }

        return parts;
    }
}
