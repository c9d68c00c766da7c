using Microsoft.Data.Sqlite;

namespace Nestegg.Restore;

/// <summary>
/// What is in the target's buckets before the restore, in a private temporary SQLite file: a bucket may hold more objects than fit into memory.
/// Holds nothing for buckets that are empty, which is the usual case.
/// </summary>
internal sealed class BucketContents : IDisposable
{
    private readonly Lock gate = new();
    private readonly string folder = Directory.CreateTempSubdirectory("nestegg-restore-").FullName;
    private readonly SqliteConnection connection;
    private readonly SqliteCommand insert;
    private readonly SqliteCommand find;
    private readonly SqliteCommand mark;
    private SqliteTransaction? transaction;

    public BucketContents()
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Join(folder, "buckets.db"), Pooling = false }.ConnectionString);
        connection.Open();
        Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
        Execute("CREATE TABLE present (slot TEXT, key TEXT, size INTEGER, etag TEXT, known INTEGER, PRIMARY KEY (slot, key)) WITHOUT ROWID");
        insert = Command("INSERT OR REPLACE INTO present VALUES ($slot, $key, $size, $etag, 0)", "$slot", "$key", "$size", "$etag");
        find = Command("SELECT size, etag FROM present WHERE slot = $slot AND key = $key", "$slot", "$key");
        mark = Command("UPDATE present SET known = CASE WHEN size = $size THEN 1 ELSE 2 END WHERE slot = $slot AND key = $key", "$slot", "$key", "$size");
    }

    public bool IsEmpty { get; private set; } = true;

    public void Add(string slot, string key, long sizeBytes, string eTag)
    {
        lock (gate)
        {
            transaction ??= connection.BeginTransaction();
            IsEmpty = false;
            Run(insert, slot, key, sizeBytes, eTag);
        }
    }

    /// <summary>Says that the snapshot has an object of that key and length.</summary>
    public void Expect(string slot, string key, long sizeBytes)
    {
        lock (gate)
        {
            transaction ??= connection.BeginTransaction();
            Run(mark, slot, key, sizeBytes);
        }
    }

    /// <summary>How many objects of a slot are the snapshot's with the same length, with another, and nobody's.</summary>
    public (long Same, long Conflicting, long Foreign) Count(string slot)
    {
        lock (gate)
        {
            Settle();
            using var count = Command("SELECT coalesce(sum(known = 1), 0), coalesce(sum(known = 2), 0), coalesce(sum(known = 0), 0) FROM present WHERE slot = $slot", "$slot");
            count.Parameters[0].Value = slot;
            using var reader = count.ExecuteReader();
            reader.Read();
            return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        }
    }

    /// <summary>One object of a slot that is nobody's or in conflict, for a message.</summary>
    public string? Example(string slot, bool isConflict)
    {
        lock (gate)
        {
            Settle();
            using var example = Command("SELECT key FROM present WHERE slot = $slot AND known = $known LIMIT 1", "$slot", "$known");
            example.Parameters[0].Value = slot;
            example.Parameters[1].Value = isConflict ? 2 : 0;
            return (string?)example.ExecuteScalar();
        }
    }

    public (long SizeBytes, string ETag)? Find(string slot, string key)
    {
        if (IsEmpty)
            return null;

        lock (gate)
        {
            Settle();
            find.Parameters[0].Value = slot;
            find.Parameters[1].Value = key;
            using var reader = find.ExecuteReader();
            return reader.Read() ? (reader.GetInt64(0), reader.GetString(1)) : null;
        }
    }

    public void Dispose()
    {
        transaction?.Dispose();
        insert.Dispose();
        find.Dispose();
        mark.Dispose();
        connection.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void Settle()
    {
        transaction?.Commit();
        transaction?.Dispose();
        transaction = null;
    }

    private void Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        command.Transaction = transaction;
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i];

        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params string[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = name });

        return command;
    }

    private void Execute(string sql)
    {
        using var command = Command(sql);
        command.ExecuteNonQuery();
    }
}
