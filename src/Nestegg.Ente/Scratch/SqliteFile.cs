using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Nestegg.Ente.Scratch;

/// <summary>
/// A SQLite file of ours: how each of them is opened, prepares its statements and tells that its disk fails. What SQLite refuses for any
/// other reason is thrown as a <see cref="SqliteException"/>. Not for several tasks at once.
/// </summary>
internal class SqliteFile : IDisposable
{
    private const string Pragmas = "PRAGMA cache_size = -8192; PRAGMA trusted_schema = OFF";

    // A file that does not outlive the process has no use for a journal.
    private const string Fleeting = "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF";
    private const string Durable = "PRAGMA journal_mode = DELETE; PRAGMA synchronous = NORMAL";

    private readonly Dictionary<string, SqliteStatement> statements = new(StringComparer.Ordinal);
    private readonly Func<SqliteException, Exception> explain;

    internal SqliteFile(string path, bool isDurable, Func<SqliteException, Exception> explain)
    {
        this.explain = explain;
        Connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            Connection.Open();
            Execute($"{(isDurable ? Durable : Fleeting)}; {Pragmas}");
        }
        catch (SqliteException failure)
        {
            Connection.Dispose();
            throw IsOfDisk(failure) ? explain(failure) : failure;
        }
        catch
        {
            Connection.Dispose();
            throw;
        }
    }

    /// <summary>For readers that know a database only as that. Belongs to this object.</summary>
    public SqliteConnection Connection { get; }

    internal sqlite3 Handle => Connection.Handle!;

    /// <summary>
    /// Opens or makes a file that stays: what was committed is there after a crash. A disk that is full, read-only, failing or gone is
    /// thrown as what <paramref name="explain"/> makes of it.
    /// </summary>
    public static SqliteFile OpenDurable(string path, Func<SqliteException, Exception> explain) => new(path, isDurable: true, explain);

    /// <summary>The statement of this text, prepared once. Its parameters are <c>?</c>, or <c>?1</c>, <c>?2</c>, ….</summary>
    public SqliteStatement Statement(string sql)
    {
        if (!statements.TryGetValue(sql, out var statement))
        {
            statement = statements[sql] = new SqliteStatement(this, sql);
        }

        return statement;
    }

    /// <summary>Runs a statement once for these values.</summary>
    public void Run(string sql, params ReadOnlySpan<SqliteValue> values) => Statement(sql).Run(values);

    /// <summary>The rows of a query for these values; see <see cref="SqliteStatement"/>.</summary>
    public IEnumerable<SqliteStatement> Rows(string sql, params ReadOnlySpan<SqliteValue> values) => Statement(sql).Rows(values);

    /// <summary>A statement that adds a whole row; the table's name is quoted where it needs to be.</summary>
    public SqliteStatement Insert(string table, int columns) =>
        Statement($"INSERT INTO {table} VALUES ({string.Join(", ", Enumerable.Repeat("?", columns))})");

    /// <summary>Runs statements without parameters, with semicolons between them.</summary>
    public void Execute(string script) => Check(raw.sqlite3_exec(Handle, script));

    /// <summary>
    /// Begins a transaction, in which many changes are many times faster. Without <see cref="Commit"/> nothing is promised.
    /// </summary>
    public void Begin()
    {
        Debug.Assert(raw.sqlite3_get_autocommit(Handle) != 0, "Transactions do not nest.");
        Execute("BEGIN");
    }

    public void Commit()
    {
        Debug.Assert(raw.sqlite3_get_autocommit(Handle) == 0, "What is committed was begun.");
        Execute("COMMIT");
    }

    public virtual void Dispose()
    {
        foreach (var statement in statements.Values)
        {
            statement.Dispose();
        }

        Connection.Dispose();
    }

    internal void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw Failure();
        }
    }

    internal Exception Failure()
    {
        var message = raw.sqlite3_errmsg(Handle).utf8_to_string();
        var failure = new SqliteException(message, raw.sqlite3_errcode(Handle), raw.sqlite3_extended_errcode(Handle));
        return IsOfDisk(failure) ? explain(failure) : failure;
    }

    private static bool IsOfDisk(SqliteException failure) =>
        failure.SqliteErrorCode is raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY;
}
