using System.Data.Common;
using Npgsql;

namespace Nestegg.Ente.Database;

/// <summary>
/// What a database of Ente has: its tables, their columns, the version of its schema. Older instances lack tables and
/// columns that newer ones have, so a reader asks here and takes what is absent for empty.
/// </summary>
public sealed class EnteCatalog
{
    /// <summary>The schema with which museum was first published.</summary>
    public const long OldestKnownSchema = 80;

    /// <summary>The newest schema that this library was checked against.</summary>
    public const long NewestKnownSchema = 124;

    // The first schema of the search path is museum's. What an extension has put into it is not.
    // pg_catalog and not information_schema: the latter hides the tables that the role may not read, and a table that
    // cannot be read must be an error and never an empty set.
    private const string PostgresColumns = """
        SELECT CAST(c.relname AS text), CAST(a.attname AS text)
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
        WHERE n.nspname = pg_catalog.current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
            AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                WHERE d.classid = CAST('pg_catalog.pg_class' AS pg_catalog.regclass) AND d.objid = c.oid AND d.deptype = 'e')
        """;

    private const string SqliteColumns = """
        SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
        """;

    private readonly Dictionary<string, HashSet<string>> columns;

    private EnteCatalog(string schema, Dictionary<string, HashSet<string>> columns, long? schemaVersion, bool schemaDirty)
    {
        this.columns = columns;
        Schema = schema;
        SchemaVersion = schemaVersion;
        SchemaDirty = schemaDirty;
    }

    /// <summary>The schema of a live database that the tables are in: the first of the session's search path.</summary>
    public string Schema { get; }

    /// <summary>The number of the last migration; null when the database has no <c>schema_migrations</c> row.</summary>
    public long? SchemaVersion { get; }

    /// <summary>A migration was begun and not finished: museum refuses to start on such a database.</summary>
    public bool SchemaDirty { get; }

    /// <summary>The names of all tables.</summary>
    public IReadOnlyCollection<string> Tables => columns.Keys;

    /// <summary>Reads the catalog of a live PostgreSQL or of the SQLite file that was made from an archive.</summary>
    /// <exception cref="DbException">The database does not answer, or the role may not read <c>schema_migrations</c>.</exception>
    public static async Task<EnteCatalog> ReadAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var schema = connection is NpgsqlConnection
            ? (string?)await ScalarAsync(connection, "SELECT CAST(pg_catalog.current_schema() AS text)", cancellationToken) ?? ""
            : "main";
        var columns = await ReadColumnsAsync(connection, cancellationToken);
        if (!columns.ContainsKey("schema_migrations"))
        {
            return new EnteCatalog(schema, columns, null, false);
        }

        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT version, dirty FROM schema_migrations ORDER BY version DESC LIMIT 1";
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new EnteCatalog(schema, columns, row.GetInt64(0), row.GetBoolean(1))
            : new EnteCatalog(schema, columns, null, false);
    }

    /// <summary>Whether there is such a table.</summary>
    public bool HasTable(string table) => columns.ContainsKey(table);

    /// <summary>Whether the table is there and has such a column.</summary>
    public bool HasColumn(string table, string column) => columns.TryGetValue(table, out var names) && names.Contains(column);

    /// <summary>The columns of a table; none when there is no such table.</summary>
    public IReadOnlyCollection<string> Columns(string table) => columns.TryGetValue(table, out var names) ? names : [];

    /// <summary>
    /// The column's name when the table has it, else <paramref name="otherwise"/>, for a SELECT that also suits older schemas.
    /// </summary>
    public string ColumnOr(string table, string column, string otherwise = "NULL") =>
        HasColumn(table, column) ? column : otherwise;

    /// <summary>Counts the rows of the named tables; those that do not exist are left out of the result.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountRowsAsync(
        DbConnection connection, IEnumerable<string> tables, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(tables);
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in tables.Where(HasTable))
        {
            // A table counts its own rows, as a dump has them, and not those of tables that inherit from it.
            var only = connection is NpgsqlConnection ? "ONLY " : "";
            counts[table] = (long)(await ScalarAsync(connection, $"SELECT COUNT(*) FROM {only}{Quote(table)}", cancellationToken))!;
        }

        return counts;
    }

    private static async Task<Dictionary<string, HashSet<string>>> ReadColumnsAsync(
        DbConnection connection, CancellationToken cancellationToken)
    {
        var columns = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        await using var command = connection.CreateCommand();
        command.CommandText = connection is NpgsqlConnection ? PostgresColumns : SqliteColumns;
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var table = row.GetString(0);
            if (!columns.TryGetValue(table, out var names))
            {
                columns.Add(table, names = new HashSet<string>(StringComparer.Ordinal));
            }

            names.Add(row.GetString(1));
        }

        return columns;
    }

    private static async Task<object?> ScalarAsync(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    internal static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
