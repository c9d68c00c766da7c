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

    private readonly ArchiveBlockStream _blocks;
    private readonly Stream _text;
    private readonly (int Start, int Length)[] _fields;
    private byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _end;
    private bool _ended;

    internal ArchiveRows(ArchiveTable table, ArchiveBlockStream blocks, Stream text)
    {
        Table = table;
        _blocks = blocks;
        _text = text;
        _fields = new (int, int)[table.Columns.Count];
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
        var newline = _ended ? -1 : _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
        return newline is >= 0 and not EndMarkLength ? new ValueTask<bool>(Take(newline)) : SlowAsync(cancellationToken);
    }

    /// <summary>Whether the field of the current row is NULL.</summary>
    public bool IsNull(int column) => _fields[column].Length == NullLength;

    /// <summary>The field of the current row without escapes: text in UTF-8, other types as PostgreSQL prints them. Empty for NULL. Valid until the next row.</summary>
    public ReadOnlySpan<byte> Utf8(int column)
    {
        var (start, length) = _fields[column];
        return length == NullLength ? default : _buffer.AsSpan(start, length);
    }

    /// <summary>Passes over the rows that were not read, to the end of the table's data.</summary>
    internal async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        var leftBytes = await _blocks.SkipToEndAsync(cancellationToken);
        await _text.DisposeAsync();
        if (_ended && leftBytes > 0)
        {
            throw Damaged($"{leftBytes} bytes follow the end of the rows");
        }
    }

    internal EnteException Damaged(string what) => new(
        $"The database archive is damaged in table \"{Table.Name}\", at row {RowNumber}: {what}.", ArchiveSource.DamageHint);

    private async ValueTask<bool> SlowAsync(CancellationToken cancellationToken)
    {
        if (_ended)
        {
            return false;
        }

        var newline = await LineAsync(cancellationToken);
        if (newline != EndMarkLength || _buffer[_start] != '\\' || _buffer[_start + 1] != '.')
        {
            return Take(newline);
        }

        _start += newline + 1;
        await EndAsync(cancellationToken);
        return false;
    }

    /// <summary>After the end mark pg_dump writes two empty lines and nothing else.</summary>
    private async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        do
        {
            if (_buffer.AsSpan(_start, _end - _start).ContainsAnyExcept((byte)'\n'))
            {
                throw Damaged("there is something after the end mark of the rows");
            }

            _start = _end;
        }
        while (await FillAsync(cancellationToken));
        _ended = true;
        Array.Clear(_fields);
    }

    private async ValueTask<int> LineAsync(CancellationToken cancellationToken)
    {
        var searched = 0;
        while (true)
        {
            var newline = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                return searched + newline;
            }

            searched = _end - _start;
            if (!await FillAsync(cancellationToken))
            {
                throw Damaged("the rows end without their end mark");
            }
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= RowLimitBytes)
            {
                throw Damaged($"the row is longer than {RowLimitBytes} bytes");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        try
        {
            var read = await _text.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _end += read;
            return read > 0;
        }
        // The second is .NET's ZLibException, which is not public: the stream wants a dictionary.
        catch (Exception exception) when (exception is InvalidDataException or IOException { Source: "System.IO.Compression" })
        {
            throw new EnteException(
                $"The database archive is damaged in table \"{Table.Name}\", after row {RowNumber}: its compressed rows cannot be unpacked.",
                ArchiveSource.DamageHint, exception);
        }
    }

    private bool Take(int length)
    {
        RowNumber++;
        var found = Split(_start, _start + length);
        if (found != _fields.Length)
        {
            throw Damaged($"it has {found} fields, the table has {_fields.Length} columns");
        }

        _start += length + 1;
        return true;
    }

    private int Split(int from, int end)
    {
        var count = 0;
        if (_fields.Length == 0 && from == end)
        {
            return 0;
        }

        while (true)
        {
            var rest = _buffer.AsSpan(from, end - from);
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

            if (count < _fields.Length)
            {
                _fields[count] = (from, length);
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
