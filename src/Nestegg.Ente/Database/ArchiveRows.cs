using System.Diagnostics;

namespace Nestegg.Ente.Database;

/// <summary>
/// The rows of one table in an archive, one after the other, as spans into one buffer that the next row overwrites.
/// The data is COPY's text format: PostgreSQL's documentation of COPY, "Text Format".
/// </summary>
public sealed class ArchiveRows
{
    // PostgreSQL itself cannot hold a field of 1 GiB; Ente's largest (embeddings, cut pastes) are a few MiB.
    private const int RowLimitBytes = 256 * 1024 * 1024;

    private const int NullLength = -1;
    private const int EndMarkLength = 2;
    private const int EndLines = 3;

    // The end of the last row, the end mark, two empty lines.
    private static ReadOnlySpan<byte> LastLines => "\n\\.\n\n\n"u8;

    private readonly ArchiveBlockStream blocks;
    private readonly Stream text;
    private readonly (int Start, int Length)[] fields;
    private byte[] buffer = new byte[256 * 1024];
    private int start;
    private int end;
    private bool ended;

    internal ArchiveRows(ArchiveTable table, ArchiveBlockStream blocks, Stream text)
    {
        Table = table;
        this.blocks = blocks;
        this.text = text;
        fields = new (int, int)[table.Columns.Count];
    }

    /// <summary>The table that the rows are of.</summary>
    public ArchiveTable Table { get; }

    /// <summary>The number of the current row, counted from 1.</summary>
    public long RowNumber { get; private set; }

    /// <summary>Goes to the next row.</summary>
    /// <returns>False when there is none; the end mark of the data has then been seen.</returns>
    /// <exception cref="EnteException">The archive is damaged.</exception>
    public ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        var newline = ended ? -1 : buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
        return newline is >= 0 and not EndMarkLength ? new ValueTask<bool>(Take(newline)) : SlowAsync(cancellationToken);
    }

    /// <summary>Whether the field of the current row is NULL.</summary>
    public bool IsNull(int column) => fields[column].Length == NullLength;

    /// <summary>
    /// The field of the current row without escapes: text in UTF-8, other types as PostgreSQL prints them. Empty for NULL. Valid until the
    /// next row.
    /// </summary>
    public ReadOnlySpan<byte> Utf8(int column)
    {
        var (start, length) = fields[column];
        return length == NullLength ? default : buffer.AsSpan(start, length);
    }

    /// <summary>
    /// Counts the rows and takes none apart: each is a line, and after them come the end mark and two empty lines.
    /// </summary>
    internal async ValueTask<long> CountAsync(CancellationToken cancellationToken)
    {
        Debug.Assert(RowNumber == 0, "Rows that were read one by one are not counted again.");
        var lines = 0L;
        bool isMore;
        do
        {
            var counted = end - start;
            isMore = await FillAsync(cancellationToken);
            lines += buffer.AsSpan(counted, end - counted).Count((byte)'\n');
            start = Math.Max(0, end - LastLines.Length);
        }
        while (isMore);

        RowNumber = Math.Max(0, lines - EndLines);
        var last = buffer.AsSpan(start, end - start);
        var isWhole = lines > EndLines ? last.SequenceEqual(LastLines) : last.SequenceEqual(LastLines[1..]);
        if (!isWhole)
        {
            throw Damaged("the rows end without their end mark");
        }

        ended = true;
        return RowNumber;
    }

    /// <summary>Passes over the rows that were not read, to the end of the table's data.</summary>
    internal async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        var leftBytes = await blocks.SkipToEndAsync(cancellationToken);
        await text.DisposeAsync();
        if (ended && leftBytes > 0)
        {
            throw Damaged($"{leftBytes} bytes follow the end of the rows");
        }
    }

    internal EnteException Damaged(string what) => new(
        $"The database archive is damaged in table \"{Table.Name}\", at row {RowNumber}: {what}.", ArchiveSource.DamageHint);

    private async ValueTask<bool> SlowAsync(CancellationToken cancellationToken)
    {
        if (ended)
        {
            return false;
        }

        var newline = await LineAsync(cancellationToken);
        if (newline != EndMarkLength || buffer[start] != '\\' || buffer[start + 1] != '.')
        {
            return Take(newline);
        }

        start += newline + 1;
        await EndAsync(cancellationToken);
        return false;
    }

    /// <summary>After the end mark pg_dump writes two empty lines and nothing else.</summary>
    private async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        do
        {
            if (buffer.AsSpan(start, end - start).ContainsAnyExcept((byte)'\n'))
            {
                throw Damaged("there is something after the end mark of the rows");
            }

            start = end;
        }
        while (await FillAsync(cancellationToken));
        ended = true;
        Array.Clear(fields);
    }

    private async ValueTask<int> LineAsync(CancellationToken cancellationToken)
    {
        var searched = 0;
        while (true)
        {
            var newline = buffer.AsSpan(start + searched, end - start - searched).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                return searched + newline;
            }

            searched = end - start;
            if (!await FillAsync(cancellationToken))
            {
                throw Damaged("the rows end without their end mark");
            }
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
        }

        if (end == buffer.Length)
        {
            if (buffer.Length >= RowLimitBytes)
            {
                throw Damaged($"the row is longer than {RowLimitBytes} bytes");
            }

            Array.Resize(ref buffer, buffer.Length * 2);
        }

        try
        {
            var read = await text.ReadAsync(buffer.AsMemory(end), cancellationToken);
            end += read;
            return read > 0;
        }
        // The second is .NET's ZLibException, which is not public: the stream wants a dictionary.
        catch (Exception exception) when (exception is InvalidDataException or IOException { Source: "System.IO.Compression" })
        {
            throw new EnteException(
                $"The database archive is damaged in table "
                + $"\"{Table.Name}\", after row {RowNumber}: its compressed rows cannot be unpacked.",
                ArchiveSource.DamageHint, exception);
        }
    }

    private bool Take(int length)
    {
        RowNumber++;
        var found = Split(start, start + length);
        if (found != fields.Length)
        {
            throw Damaged($"it has {Counted.Of(found, "field")}, the table has {Counted.Of(fields.Length, "column")}");
        }

        start += length + 1;
        return true;
    }

    private int Split(int from, int end)
    {
        var count = 0;
        if (fields.Length == 0 && from == end)
        {
            return 0;
        }

        while (true)
        {
            var rest = buffer.AsSpan(from, end - from);
            var length = rest.IndexOfAny((byte)'\t', (byte)'\\');
            if (length < 0)
            {
                length = rest.Length;
            }

            var next = from + length + 1;
            if (length < rest.Length && rest[length] == '\\')
            {
                var tab = rest[length..].IndexOf((byte)'\t');
                rest = tab < 0 ? rest : rest[..(length + tab)];
                next = from + rest.Length + 1;
                length = Unescape(rest, length);
            }

            if (count < fields.Length)
            {
                fields[count] = (from, length);
            }

            count++;
            if (next > end)
            {
                return count;
            }

            from = next;
        }
    }

    /// <summary>Unescapes a field in place from its first backslash on; the new length, or <see cref="NullLength"/>.</summary>
    private int Unescape(Span<byte> field, int backslash)
    {
        if (field is [(byte)'\\', (byte)'N'])
        {
            return NullLength;
        }

        return CopyText.TryUnescape(field[backslash..], out var length)
            ? backslash + length
            : throw Damaged("a backslash stands at the end of a field");
    }
}
