using Microsoft.Data.Sqlite;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;

namespace Nestegg.Audit;

/// <summary>
/// The two sides of an audit in a private SQLite file: <c>named</c>, the objects that the database names, in the order of their keys, and
/// <c>present</c>, what is there. Sorting and comparing happen on disk, so memory does not grow with the objects; about 300 bytes of disk an object.
/// </summary>
internal sealed class AuditTables(SqliteConnection connection)
{
    private const string Named = "key TEXT NOT NULL, kind INTEGER, size INTEGER, version INTEGER, slots TEXT, deleted INTEGER, owner INTEGER, file INTEGER";

    public SqliteConnection Connection => connection;

    /// <summary>Takes up the named objects and sorts them.</summary>
    public async Task LoadNamedAsync(IAsyncEnumerable<NamedObject> objects, CancellationToken cancellationToken)
    {
        await ExecuteAsync($"CREATE TABLE loaded ({Named}); BEGIN", cancellationToken);
        await using (var insert = Insert("INSERT INTO loaded VALUES ($0, $1, $2, $3, $4, $5, $6, $7)", 8))
        {
            await foreach (var item in objects.WithCancellation(cancellationToken))
            {
                Run(insert, item.Key, (int)item.Kind, item.SizeBytes, item.Version, item.Slots.ToString(), item.IsDeleted, item.OwnerId, item.FileId);
            }
        }

        await ExecuteAsync("COMMIT", cancellationToken);
        await ExecuteAsync($"CREATE TABLE named ({Named}); INSERT INTO named SELECT * FROM loaded ORDER BY key; DROP TABLE loaded; CREATE INDEX named_by_key ON named (key)", cancellationToken);
    }

    /// <summary>Named objects with where they are, in the order of their keys; the list is used again for the next.</summary>
    public async IAsyncEnumerable<(NamedObject Object, IReadOnlyList<FoundObject> Found)> CompareAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT n.rowid, n.key, n.kind, n.size, n.version, n.slots, n.deleted, n.owner, n.file, p.place, p.size, p.modified
            FROM (SELECT rowid, * FROM named ORDER BY rowid) n LEFT JOIN present p ON p.key = n.key ORDER BY n.rowid
            """;
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var (current, rowId) = (default(NamedObject), 0L);
        var found = new List<FoundObject>();
        while (await row.ReadAsync(cancellationToken))
        {
            if (row.GetInt64(0) != rowId)
            {
                if (rowId != 0)
                {
                    yield return (current, found);
                }

                (current, rowId) = (Read(row, 1), row.GetInt64(0));
                found.Clear();
            }

            if (!row.IsDBNull(9))
            {
                found.Add(new FoundObject(row.GetInt32(9), row.GetInt64(10), row.GetInt64(11)));
            }
        }

        if (rowId != 0)
        {
            yield return (current, found);
        }
    }

    /// <summary>A command that is run once a row; its parameters are <c>$0</c>, <c>$1</c>, ….</summary>
    public SqliteCommand Insert(string sql, int parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < parameters; i++)
        {
            command.Parameters.AddWithValue($"${i}", DBNull.Value);
        }

        return command;
    }

    public static void Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        command.ExecuteNonQuery();
    }

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<long> CountAsync(string table, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT COUNT(*) FROM {table}";
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static NamedObject Read(SqliteDataReader row, int first) => new(
        row.GetString(first), (ObjectKind)row.GetInt32(first + 1), row.Integer(first + 2), row.Integer(first + 3),
        SlotNames.Parse(row.GetString(first + 4)), row.GetBoolean(first + 5), row.Integer(first + 6), row.Integer(first + 7));
}

/// <param name="Place">The number of a bucket in <see cref="AuditPlaces"/>; 0 in a snapshot.</param>
/// <param name="ModifiedMs">When it was stored, in milliseconds of Unix time; 0 in a snapshot.</param>
internal readonly record struct FoundObject(int Place, long SizeBytes, long ModifiedMs);
