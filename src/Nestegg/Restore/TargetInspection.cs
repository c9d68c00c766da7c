using Nestegg.Ente.Database;
using Nestegg.Ente.Integrity;
using Npgsql;

namespace Nestegg.Restore;

/// <summary>Looks at the database that a restore is to fill, and changes nothing.</summary>
/// <param name="connection">To it, or to another of its server while it is absent.</param>
/// <param name="schema">The schema that the snapshot's tables are in.</param>
internal sealed class TargetInspection(NpgsqlConnection connection, string schema)
{
    // What an extension has made is not anybody's data. What the role may not read may be. Museum has no views: one is somebody's work.
    private const string Tables = $"""
        SELECT format('%I.%I', n.nspname, c.relname), CAST(c.relname AS text),
            c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND n.nspname NOT IN ('information_schema', '{TargetDatabase.MarkerSchema}')
            AND n.nspname NOT LIKE 'pg\_%'
            AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = CAST('pg_class' AS regclass) AND d.objid = c.oid AND d.deptype = 'e')
        ORDER BY 1
        """;

    // A dump that brings one of the same name fails in the middle, and what another role owns cannot be changed afterwards.
    private static string Strangers(string schema) => $"""
        SELECT what FROM (
            SELECT c.oid, CAST('pg_class' AS regclass) AS catalog, format('the sequence %I.%I', n.nspname, c.relname) AS what
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND n.nspname = {Literal(schema)}
            UNION ALL
            SELECT t.oid, CAST('pg_type' AS regclass), format('the type %I.%I', n.nspname, t.typname)
            FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
            WHERE n.nspname = {Literal(schema)} AND t.typelem = 0 AND (t.typrelid = 0
                OR EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
            UNION ALL
            SELECT p.oid, CAST('pg_proc' AS regclass), format('the function %I.%I', n.nspname, p.proname)
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = {Literal(schema)}) AS found
        WHERE NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = found.catalog AND d.objid = found.oid AND d.deptype = 'e')
        ORDER BY 1 LIMIT 1
        """;

    private const string InPlaceOfMarker = $"""
        SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '{TargetDatabase.MarkerSchema}' AND (c.relname <> 'progress' OR c.relkind <> 'r' OR NOT ARRAY['repository', 'snapshot', 'step', 'started_at']
            <@ ARRAY(SELECT CAST(attname AS text) FROM pg_attribute WHERE attrelid = c.oid))
        UNION ALL
        SELECT format('%I.%I', n.nspname, p.proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = '{TargetDatabase.MarkerSchema}'
        ORDER BY 1 LIMIT 1
        """;

    // Of the sessions of others a role that is no superuser sees only that they are there, and of which role.
    private const string OtherSessions = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND (backend_type = 'client backend' OR (backend_type IS NULL AND usesysid IS NOT NULL))
        """;

    private static string Extensions(string mayCreate) => $"""
        SELECT CAST(extname AS text) FROM pg_extension
        UNION SELECT CAST(v.name AS text) FROM pg_available_extension_versions v JOIN pg_roles r ON r.rolname = current_user
        WHERE r.rolsuper OR (v.trusted AND {mayCreate})
        """;

    // The server says it of every session by itself.
    private bool IsSuperuser => connection.PostgresParameters.GetValueOrDefault("is_superuser") == "on";

    public async Task<DatabaseState> RunAsync(CancellationToken cancellationToken)
    {
        var tables = await ReadAsync(
            Tables, row => (FullName: row.GetString(0), Name: row.GetString(1), IsReadable: row.GetBoolean(2)), cancellationToken);
        var foreign = tables.Where(table => !EnteTables.Bookkeeping.Contains(table.Name)).ToList();
        var asked = foreign.Where(table => table.IsReadable)
            .Select(table => $"SELECT {Literal(table.FullName)} WHERE EXISTS (SELECT 1 FROM {table.FullName})");
        var withRows = await ReadAsync(
            string.Join(" UNION ALL ", asked.DefaultIfEmpty("SELECT '' WHERE false")), row => row.GetString(0), cancellationToken);
        var inPlaceOfMarker = await ScalarAsync(InPlaceOfMarker, cancellationToken) as string;
        var hasUsers = await ScalarAsync($"SELECT to_regclass('{MarkerRemark.Table}') IS NOT NULL", cancellationToken) is true;
        return new DatabaseState
        {
            Exists = true,
            ServerVersion = connection.PostgreSqlVersion.ToString(),
            Tables = tables.Count,
            TableWithRows = withRows.Concat(foreign.Where(table => !table.IsReadable).Select(table => table.FullName)).FirstOrDefault(),
            Stranger = tables.Count == 0 ? await ScalarAsync(Strangers(schema), cancellationToken) as string : null,
            InPlaceOfMarker = inPlaceOfMarker,
            Users = hasUsers ? await UserTotals.CountAsync(connection, cancellationToken) : 0,
            OtherSessions = Convert.ToInt32(await ScalarAsync(OtherSessions, cancellationToken)),
            IsSuperuser = IsSuperuser,
            Marker = inPlaceOfMarker is null ? await ReadMarkerAsync(hasUsers, cancellationToken) : null,
            Role = await ReadRoleAsync(isThere: true, cancellationToken),
        };
    }

    /// <summary>For a database that is absent.</summary>
    public async Task<DatabaseState> OfServerAsync(CancellationToken cancellationToken) => new()
    {
        ServerVersion = connection.PostgreSqlVersion.ToString(),
        IsSuperuser = IsSuperuser,
        Role = await ReadRoleAsync(isThere: false, cancellationToken),
    };

    private async Task<DatabaseRole> ReadRoleAsync(bool isThere, CancellationToken cancellationToken)
    {
        var role = (await ReadAsync(
            $"""
            SELECT CAST(current_user AS text), rolsuper OR rolcreatedb, has_database_privilege(current_database(), 'CREATE'),
                COALESCE((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = {Literal(schema)}), true), pg_is_in_recovery()
            FROM pg_roles WHERE rolname = current_user
            """,
            row => new DatabaseRole
            {
                Name = row.GetString(0),
                MayCreateDatabases = row.GetBoolean(1),
                MayCreate = row.GetBoolean(2),
                OwnsSchema = row.GetBoolean(3),
                IsOnStandby = row.GetBoolean(4),
            },
            cancellationToken)).Single();

        // Whoever makes a database owns it. Its extensions are those of the server.
        var extensions = await ReadAsync(
            Extensions(mayCreate: isThere ? "has_database_privilege(current_database(), 'CREATE')" : "true"), row => row.GetString(0),
            cancellationToken);
        return role with { MayCreate = role.MayCreate || !isThere, Extensions = extensions.ToHashSet() };
    }

    private async Task<RestoreMarker?> ReadMarkerAsync(bool hasUsers, CancellationToken cancellationToken)
    {
        const string place = $"{TargetDatabase.MarkerSchema}.progress";
        if (await ScalarAsync($"SELECT to_regclass('{place}') IS NULL", cancellationToken) is true)
        {
            return hasUsers
                ? MarkerRemark.Read(await ScalarAsync(
                    $"SELECT obj_description(to_regclass('{MarkerRemark.Table}'), 'pg_class')", cancellationToken) as string)
                : null;
        }

        // A row that no restore has written is no marker.
        string[] steps = [.. Enum.GetNames<RestoreStep>().Select(Literal)];
        var markers = await ReadAsync(
            $"""
            SELECT repository, snapshot, step, started_at FROM {place}
            WHERE repository IS NOT NULL AND snapshot IS NOT NULL AND started_at IS NOT NULL AND step IN ({string.Join(", ", steps)})
            """,
            row => new RestoreMarker(
                row.GetString(0), row.GetString(1), Enum.Parse<RestoreStep>(row.GetString(2)), row.GetFieldValue<DateTimeOffset>(3)),
            cancellationToken);
        return markers.FirstOrDefault();
    }

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private async Task<List<T>> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            rows.Add(read(row));
        }

        return rows;
    }

    private async Task<object?> ScalarAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
