using System.Net.Sockets;
using Nestegg.Ente.Database;
using Nestegg.Ente.Integrity;
using Nestegg.Ente.Objects;
using Npgsql;

namespace Nestegg.Instance.Preflights;

/// <summary>What the database said when it was looked at.</summary>
/// <param name="ServerMajorVersion"><see langword="null"/> when the server did not answer.</param>
/// <param name="ObjectsBySlot">How many objects its rows name in a bucket slot; empty when they could not be read.</param>
internal sealed record DatabaseLook(int? ServerMajorVersion, IReadOnlyDictionary<string, long> ObjectsBySlot);

/// <summary>Signs in to the database and looks at its version, its schema, what the role may read, its secrets and its slots.</summary>
internal sealed class PreflightDatabase(EnteInstance instance, RunLog log)
{
    // museum's migrations use CREATE OR REPLACE TRIGGER.
    private const int OldestServer = 14;

    private static readonly IReadOnlyDictionary<string, long> NothingNamed = new Dictionary<string, long>();

    private string Subject => instance.DatabaseSettings.ToString();

    public async Task<DatabaseLook> LookAsync(CancellationToken cancellationToken)
    {
        var (connection, refusal) = await ConnectAsync(cancellationToken);
        if (connection is null)
        {
            log.Find(refusal!);
            return new DatabaseLook(null, NothingNamed);
        }

        await using (connection)
        {
            log.Find(Server(connection.PostgreSqlVersion, Subject));
            return new DatabaseLook(connection.PostgreSqlVersion.Major, await LookAtTablesAsync(connection, cancellationToken));
        }
    }

    private async Task<IReadOnlyDictionary<string, long>> LookAtTablesAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var unreadable = await UnreadableAsync(connection, cancellationToken);
        if (unreadable.Count > 0)
        {
            log.Find(Unreadable(unreadable));
            if (unreadable.Contains("schema_migrations"))
            {
                return NothingNamed;
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
            ? NothingNamed
            : await new PreflightSlots(instance.Slots, log).LookAsync(rows, cancellationToken);
    }

    internal static Finding Server(Version version, string subject) => version.Major < OldestServer
        ? new Finding(
            "database-too-old", Severity.Warning, subject,
            $"PostgreSQL {version} is older than museum's migrations need, which is {OldestServer}", "upgrade to PostgreSQL 15 or newer")
        : new Finding("database-ok", Severity.Ok, subject, $"PostgreSQL {version} answers");

    private async Task<(NpgsqlConnection? Connection, Finding? Refusal)> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await instance.Database.OpenConnectionAsync(cancellationToken), null);
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

    private Finding Refused(PostgresException exception)
    {
        var hint = exception.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
                $"look at {instance.Folder.Access.Describe("db.user")} and {instance.Folder.Access.Describe("db.password")}; a container keeps the password that it was first started with",
            PostgresErrorCodes.InvalidCatalogName => $"look at {instance.Folder.Access.Describe("db.name")}",
            PostgresErrorCodes.CannotConnectNow => "the server is starting; try again in a moment",
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
                + $"into the map in nestegg.yaml, or run nestegg inside that network (docs/operations.md)"
            : $"is PostgreSQL running, and does it listen at {target}? docs/operations.md describes the ways to reach it";
        return new Finding("database-unreachable", Severity.Error, Subject, $"no answer from {target}: {cause.Message}", hint);
    }

    // pg_dump locks and reads every table, and reads every sequence.
    private static async Task<HashSet<string>> UnreadableAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'S', 'v', 'm')
              AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                       AND CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT') ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END)
            ORDER BY c.relname
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private Finding Unreadable(HashSet<string> names)
    {
        const int shown = 5;
        var list = string.Join(", ", names.Order(StringComparer.Ordinal).Take(shown))
            + (names.Count > shown ? $" and {names.Count - shown} more" : "");
        var user = NpgsqlText.Identifier(instance.DatabaseSettings.User);
        return new Finding(
            "table-unreadable", Severity.Error,
            list, $"the role {instance.DatabaseSettings.User} may not read {list}, so the database cannot be dumped",
            $"as the owner: GRANT USAGE ON SCHEMA public TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "
            + $"{user}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {user};");
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

/// <summary>Names in SQL text.</summary>
internal static class NpgsqlText
{
    /// <summary>The name in double quotes.</summary>
    public static string Identifier(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
