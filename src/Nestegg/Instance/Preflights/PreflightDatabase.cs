using System.Net.Sockets;
using Nestegg.Ente;
using Nestegg.Ente.Database;
using Nestegg.Ente.Integrity;
using Nestegg.Ente.Objects;
using Npgsql;

namespace Nestegg.Instance.Preflights;

/// <summary>What the database said when it was looked at.</summary>
/// <param name="ServerMajorVersion"><see langword="null"/> when the server did not answer.</param>
/// <param name="ObjectsBySlot">How many objects its rows name in a bucket slot; empty when they could not be read.</param>
/// <param name="NamesNothing">Its rows could be read and speak of no object at all, or there is nobody whose objects they could be.</param>
internal sealed record DatabaseLook(int? ServerMajorVersion, IReadOnlyDictionary<string, long> ObjectsBySlot, bool NamesNothing)
{
    /// <summary>Keys of a few objects that its rows name in the slot that museum serves from.</summary>
    public IReadOnlyList<string> SampleKeys { get; init; } = [];
}

/// <summary>Signs in to the database and looks at its version, its schema, what the role may read, its secrets and its slots.</summary>
internal sealed class PreflightDatabase(EnteInstance instance, RunLog log)
{
    // museum's migrations use CREATE OR REPLACE TRIGGER.
    private const int OldestServer = 14;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private static readonly DatabaseLook NotRead = new(null, new Dictionary<string, long>(), NamesNothing: false);

    private string Subject => instance.DatabaseSettings.ToString();

    public async Task<DatabaseLook> LookAsync(CancellationToken cancellationToken)
    {
        var (connection, refusal) = await ConnectAsync(cancellationToken);
        if (connection is null)
        {
            log.Find(refusal!);
            return NotRead;
        }

        await using (connection)
        {
            log.Find(Server(connection.PostgreSqlVersion, Subject));
            return await LookAtTablesAsync(connection, cancellationToken) with { ServerMajorVersion = connection.PostgreSqlVersion.Major };
        }
    }

    private async Task<DatabaseLook> LookAtTablesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var settings = instance.DatabaseSettings;
        var schema = await MuseumSchema.FindAsync(connection, settings.SearchPath, settings.User, cancellationToken);
        if (PlaceOfTables(schema) is { } misplaced)
        {
            log.Find(misplaced);
        }

        var allUnreadable = await UnreadableAsync(connection, cancellationToken);
        var unreadable = allUnreadable.Where(table => table.Schema == schema.Name).Select(table => table.Name).ToHashSet();
        if (allUnreadable.Count > 0)
        {
            log.Find(Unreadable(allUnreadable));
            if (unreadable.Contains("schema_migrations"))
            {
                return NotRead;
            }
        }

        var rows = await EnteRows.OpenAsync(connection, cancellationToken);
        log.Find(Schema(rows.Catalog));
        if (rows.Catalog.HasTable(SecretsTrial.Table) && !unreadable.Contains(SecretsTrial.Table))
        {
            await foreach (var finding in PreflightSecrets.LookAsync(instance, rows, cancellationToken))
            {
                log.Find(finding);
            }
        }

        return unreadable.Overlaps(SlotCounts.Tables)
            ? NotRead
            : new DatabaseLook(
                null, await new PreflightSlots(instance.Slots, log).LookAsync(rows, cancellationToken),
                NamesNothing: !await SlotCounts.IsAnyNamedAsync(rows, cancellationToken)
                    || !await HasAccountsAsync(rows, cancellationToken))
            {
                SampleKeys = await SlotCounts.SampleAsync(rows, instance.Slots.HotPrimary.Name, cancellationToken),
            };
    }

    private static async Task<bool> HasAccountsAsync(EnteRows rows, CancellationToken cancellationToken) =>
        !rows.Catalog.HasTable(SecretsTrial.Table)
        || await rows.ReadAsync($"SELECT 1 FROM {SecretsTrial.Table} LIMIT 1", cancellationToken).AnyAsync(cancellationToken);

    internal static Finding Server(Version version, string subject) => version.Major < OldestServer
        ? new Finding(
            "database-too-old", Severity.Warning, subject,
            $"PostgreSQL {version} is older than museum's migrations need, which is {OldestServer}", "upgrade to PostgreSQL 15 or newer")
        : new Finding("database-ok", Severity.Ok, subject, $"PostgreSQL {version} answers");

    private async Task<(NpgsqlConnection? Connection, Finding? Refusal)> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await OpenStartedAsync(cancellationToken), null);
        }
        catch (PostgresException exception)
        {
            return (null, Refused(exception));
        }
        catch (Exception exception) when (DatabaseFailure.IsOfDatabase(exception))
        {
            return (null, Unreachable(exception));
        }
    }

    private async Task<NpgsqlConnection> OpenStartedAsync(CancellationToken cancellationToken)
    {
        var wait = new StartWait(StartLimit, instance.Time, what => log.Step("services", what));
        while (true)
        {
            try
            {
                return await instance.Database.OpenConnectionAsync(cancellationToken);
            }
            catch (NpgsqlException failure) when (DatabaseFailure.IsOfStart(failure))
            {
                if (!await wait.GoesOnAsync($"PostgreSQL to start ({Subject})", cancellationToken))
                {
                    throw;
                }
            }
        }
    }

    private Finding Refused(PostgresException exception)
    {
        var hint = exception.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
                $"look at {instance.Folder.Access.Describe("db.user")} and {instance.Folder.Access.Describe("db.password")}; a container keeps the password that it was first started with",
            PostgresErrorCodes.InvalidCatalogName => $"look at {instance.Folder.Access.Describe("db.name")}",
            PostgresErrorCodes.CannotConnectNow => "the server is starting; try again in a moment",
            _ when DatabaseFailure.IsOfPooler(exception) => DatabaseFailure.PoolerHint,
            _ => "look at the server's log",
        };
        return new Finding("database-login-refused", Severity.Error, Subject, $"the server refuses: {exception.MessageText}", hint);
    }

    private Finding Unreachable(Exception exception)
    {
        var configured = instance.DatabaseSettings.Endpoint;
        var target = instance.Map.Resolve(configured);
        var cause = exception is SocketException ? exception : exception.InnerException ?? exception;
        var hint = cause is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData }
            ? $"{target.Host} is a name inside the compose network: publish the port on 127.0.0.1 and put \"{configured}=127.0.0.1:5432\" "
                + $"into the map in nestegg.yaml, or run nestegg inside that network (nestegg help operations)"
            : $"is PostgreSQL running, and does it listen at {target}? nestegg help operations describes the ways to reach it";
        return new Finding("database-unreachable", Severity.Error, Subject, $"no answer from {target}: {SystemWords.Of(exception)}", hint);
    }

    private Finding? PlaceOfTables(MuseumSchema schema)
    {
        var others = string.Join(", ", schema.Others);
        return schema switch
        {
            { Others: [] } => null,
            { IsPresent: false } => new Finding(
                "schema-elsewhere", Severity.Error, schema.Name,
                $"museum's settings lead to the schema {schema.Name}, where its tables are not; they are in {others}",
                $"set db.extra: search_path={schema.Others[0]} in museum.yaml, if that is what museum works with"),
            _ when instance.DatabaseSettings.SearchPath.Count > 0 => new Finding(
                "schema-others", Severity.Warning, schema.Name,
                $"museum works in the schema {schema.Name}; there are accounts in {others} as well, whose objects are not backed up",
                "if another museum works there, back it up with a nestegg.yaml of its own"),
            _ => new Finding(
                "schema-ambiguous", Severity.Error, schema.Name,
                $"there are museum's tables with accounts in the schema {schema.Name} and in {others}; the objects of {schema.Name} alone are "
                + $"backed up",
                "say in museum.yaml in which of them museum works: db.extra: search_path=NAME"),
        };
    }

    // pg_dump locks and reads every table, and reads every sequence, in all schemas; of what an extension has made it reads what it needs.
    private static async Task<IReadOnlyList<(string Schema, string Name)>> UnreadableAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT CAST(n.nspname AS text), CAST(c.relname AS text)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'S', 'v', 'm')
              AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                  WHERE d.classid = CAST('pg_catalog.pg_class' AS pg_catalog.regclass) AND d.objid = c.oid AND d.deptype = 'e')
              AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                       AND CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT') ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END)
            ORDER BY 1, 2
            """, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var tables = new List<(string, string)>();
        while (await row.ReadAsync(cancellationToken))
        {
            tables.Add((row.GetString(0), row.GetString(1)));
        }

        return tables;
    }

    private Finding Unreadable(IReadOnlyList<(string Schema, string Name)> tables)
    {
        const int shown = 5;
        var names = tables.Select(table => table.Schema == "public" ? table.Name : $"{table.Schema}.{table.Name}");
        var list = string.Join(", ", names.Take(shown))
            + (tables.Count > shown ? $" and {tables.Count - shown} more" : "");
        var user = EnteCatalog.Quote(instance.DatabaseSettings.User);
        var grants = tables.Select(table => EnteCatalog.Quote(table.Schema)).Distinct().Select(schema =>
            $"GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user}; "
            + $"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {user};");
        return new Finding(
            "table-unreadable", Severity.Error,
            list, $"the role {instance.DatabaseSettings.User} may not read {list}, so the database cannot be dumped",
            $"as the owner: {string.Join(' ', grants)}");
    }

    private static Finding Schema(EnteCatalog catalog)
    {
        const string subject = "schema_migrations";
        return catalog switch
        {
            { SchemaVersion: null } => new Finding(
                "schema-missing", Severity.Error, subject,
                "there is no row that says which schema this is; a museum started on it would run its first migration over whatever is "
                + "here",
                "is db.name the database of museum? Start museum once on a new one"),
            { SchemaDirty: true } => new Finding(
                "schema-dirty", Severity.Error,
                subject, $"migration {catalog.SchemaVersion} was begun and not finished: museum refuses to start on this database",
                "repair the schema as museum's log says; a backup is made all the same"),
            { SchemaVersion: > EnteCatalog.NewestKnownSchema } => new Finding(
                "schema-newer", Severity.Warning, subject,
                $"schema {catalog.SchemaVersion} is newer than {EnteCatalog.NewestKnownSchema}, the newest that this nestegg knows; the "
                + $"database is backed up whole, but new kinds of objects would not be",
                "look for a newer nestegg"),
            { SchemaVersion: < EnteCatalog.OldestKnownSchema } => new Finding(
                "schema-older", Severity.Warning, subject,
                $"schema {catalog.SchemaVersion} is older than {EnteCatalog.OldestKnownSchema}, the first that was published; it was never tested",
                "update museum"),
            _ => new Finding("schema-ok", Severity.Ok, subject, $"schema {catalog.SchemaVersion}, clean"),
        };
    }
}
