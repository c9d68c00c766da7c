using System.Diagnostics;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Nestegg.Ente.Scratch;

/// <summary>
/// A statement that is prepared once and run many times. It calls SQLite itself and not its ADO.NET provider, because binding UTF-8 spans
/// makes neither a string nor a box for a value; with millions of rows that is most of the time. Belongs to its <see cref="SqliteFile"/>.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private const int ShortTextBytes = 512;

    private readonly SqliteFile file;
    private readonly sqlite3_stmt statement;
    private bool isRead;

    internal SqliteStatement(SqliteFile file, string sql)
    {
        this.file = file;
        file.Check(raw.sqlite3_prepare_v2(file.Handle, sql, out statement));
    }

    /// <param name="parameter">From 0, as with all that is bound or read here.</param>
    public void BindNull(int parameter) => file.Check(raw.sqlite3_bind_null(statement, Place(parameter)));

    public void Bind(int parameter, long value) => file.Check(raw.sqlite3_bind_int64(statement, Place(parameter), value));

    public void BindText(int parameter, ReadOnlySpan<byte> utf8) => file.Check(raw.sqlite3_bind_text(statement, Place(parameter), utf8));

    public void BindText(int parameter, string text)
    {
        if (Encoding.UTF8.GetMaxByteCount(text.Length) > ShortTextBytes)
        {
            BindText(parameter, Encoding.UTF8.GetBytes(text));
            return;
        }

        Span<byte> utf8 = stackalloc byte[ShortTextBytes];
        BindText(parameter, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    public void BindBlob(int parameter, ReadOnlySpan<byte> bytes) => file.Check(raw.sqlite3_bind_blob(statement, Place(parameter), bytes));

    /// <summary>Runs it with what is bound. A parameter that is not bound again keeps its value for the next time.</summary>
    public void Run()
    {
        Debug.Assert(!isRead, "its rows are being read");
        try
        {
            while (Step())
            {
            }
        }
        finally
        {
            Reset();
        }
    }

    public void Run(params ReadOnlySpan<SqliteValue> values)
    {
        Bind(values);
        Run();
    }

    /// <summary>Runs it and gives its rows: this object each time, which holds a row until the next. For one reader, and at once.</summary>
    public IEnumerable<SqliteStatement> Rows(params ReadOnlySpan<SqliteValue> values)
    {
        Debug.Assert(!isRead, "its rows are being read already");
        Bind(values);
        return Rows();
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, Held(column)) == raw.SQLITE_NULL;

    public long Integer(int column) => raw.sqlite3_column_int64(statement, Held(column));

    public long? IntegerOrNull(int column) => IsNull(column) ? null : Integer(column);

    public string Text(int column) => raw.sqlite3_column_text(statement, Held(column)).utf8_to_string();

    /// <summary>Valid until the next row.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(statement, Held(column));

    public void Dispose() => statement.Dispose();

    private void Bind(ReadOnlySpan<SqliteValue> values)
    {
        Debug.Assert(values.Length == raw.sqlite3_bind_parameter_count(statement), "a value for each parameter");
        for (var i = 0; i < values.Length; i++)
        {
            values[i].Bind(this, i);
        }
    }

    private IEnumerable<SqliteStatement> Rows()
    {
        isRead = true;
        try
        {
            while (Step())
            {
                yield return this;
            }
        }
        finally
        {
            isRead = false;
            Reset();
        }
    }

    // SQLite counts parameters from 1.
    private int Place(int parameter)
    {
        Debug.Assert(!isRead, "What is bound while rows are read would change them.");
        Debug.Assert(parameter >= 0 && parameter < raw.sqlite3_bind_parameter_count(statement), "The statement has this parameter.");
        return parameter + 1;
    }

    // SQLite gives 0 and nothing where there is no such column, or no row.
    private int Held(int column)
    {
        Debug.Assert(isRead, "A row is held only until the next, and none after the last.");
        Debug.Assert(column >= 0 && column < raw.sqlite3_column_count(statement), "The query has this column.");
        return column;
    }

    private bool Step()
    {
        var code = raw.sqlite3_step(statement);
        return code switch
        {
            raw.SQLITE_ROW => true,
            raw.SQLITE_DONE => false,
            _ => throw file.Failure(),
        };
    }

    // It repeats the failure of the last step, which has been told.
    private void Reset() => _ = raw.sqlite3_reset(statement);
}
