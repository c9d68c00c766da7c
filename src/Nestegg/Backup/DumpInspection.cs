using System.IO.Pipelines;
using Nestegg.Ente;
using Nestegg.Ente.Database;

namespace Nestegg.Backup;

/// <summary>
/// Looks at a dump while it passes, on a task of its own: a program that ended without complaint may still have written nothing, half, or
/// something else. Holds 4 MiB; the dump waits when this falls behind.
/// </summary>
internal sealed class DumpInspection : IAsyncDisposable
{
    private const int BlockBytes = 256 * 1024;
    private const int WaitingBytes = 4 * 1024 * 1024;

    // A program that failed may say why in its last words, which come after what it has left to write.
    private const int LeftOverBytes = 64 * 1024 * 1024;
    private const string Hint =
        "run the configured pg_dump by hand and look at what it prints: a terminal in between (docker exec -t, ssh -t) changes line ends, a "
        + "shell may greet, a wrapper may leave something out. nestegg doctor says which program it is";

    private readonly Pipe pipe = new(new PipeOptions(
        pauseWriterThreshold: WaitingBytes, resumeWriterThreshold: WaitingBytes / 2, useSynchronizationContext: false));
    private readonly Task<DumpedTables> reading;

    public DumpInspection(CancellationToken cancellationToken) => reading = Task.Run(() => ReadAsync(cancellationToken), cancellationToken);

    /// <summary>
    /// Copies a dump to where it is kept; what is wrong with it is for <see cref="CompleteAsync"/> to say, unless it goes on long after
    /// that.
    /// </summary>
    /// <exception cref="NesteggException">It is no dump, and does not end either.</exception>
    public async Task CopyAsync(Stream dump, Stream target, CancellationToken cancellationToken)
    {
        var buffer = new byte[BlockBytes];
        var (isRead, unread) = (true, 0L);
        int count;
        // pg_dump writes a few kilobytes at a time, and each piece that is passed on wakes somebody.
        while ((count = await dump.ReadAtLeastAsync(buffer, BlockBytes / 4, throwOnEndOfStream: false, cancellationToken)) > 0)
        {
            isRead = isRead && !(await pipe.Writer.WriteAsync(buffer.AsMemory(0, count), cancellationToken)).IsCompleted;
            if (isRead)
            {
                await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }
            else if ((unread += count) > LeftOverBytes)
            {
                await CompleteAsync();
            }
        }

        await pipe.Writer.CompleteAsync();
    }

    /// <summary>What was in it, once all of it has passed.</summary>
    /// <exception cref="NesteggException">It is no whole dump.</exception>
    public async Task<DumpedTables> CompleteAsync()
    {
        try
        {
            return await reading;
        }
        catch (EnteException failure)
        {
            throw NotWhole(failure.Message, failure);
        }
    }

    /// <summary>Compares the rows that were dumped with those that the same transaction counted.</summary>
    /// <exception cref="NesteggException">A table is not there, or has another number of rows.</exception>
    public static void RequireRows(DumpedTables dumped, string schema, IReadOnlyDictionary<string, long> counted)
    {
        foreach (var (table, count) in counted)
        {
            if (!dumped.Rows.TryGetValue((schema, table), out var rows))
            {
                // A table that is only the sum of others has no rows of its own to dump.
                if (count > 0 || !dumped.WithoutRows.Contains((schema, table)))
                {
                    throw NotWhole($"It does not hold the rows of table \"{table}\", of which the database has {count:N0}.", null);
                }
            }
            else if (rows != count)
            {
                throw NotWhole(
                    $"It holds {Counted.Of(rows, "row")} of table \"{table}\", and at that moment the database has {count:N0}.", null);
            }
        }
    }

    /// <summary>Looks for tables and columns that the database has not, and for numbers that were given out and would be again.</summary>
    /// <param name="sequences">Read in the live database before the dump began.</param>
    /// <exception cref="NesteggException">There is one.</exception>
    public static void RequireNames(DumpedTables dumped, EnteCatalog catalog, IReadOnlyList<SequenceValue> sequences)
    {
        // The catalog does not list a table without columns.
        foreach (var table in dumped.Columns.Where(table => table.Schema == catalog.Schema && table.Columns.Count > 0))
        {
            RequireTable(catalog, table.Name);
            if (table.Columns.FirstOrDefault(column => !catalog.HasColumn(table.Name, column.Name)) is { Name: { } column })
            {
                throw NotWhole($"It has a column \"{column}\" of table \"{table.Name}\", and the database has no such column.", null);
            }
        }

        foreach (var (_, table) in dumped.WithoutRows.Where(table => table.Schema == catalog.Schema))
        {
            RequireTable(catalog, table);
        }

        foreach (var sequence in sequences)
        {
            var sets = dumped.Sequences.Where(set => set.Schema == catalog.Schema && set.Name == sequence.Name);
            if (sets.Any(set => !sequence.IsReachedBy(set)))
            {
                throw NotWhole(
                    $"It sets the sequence \"{sequence.Name}\" to less than {sequence.Last:N0}, which the database had given out before.", null);
            }
        }
    }

    /// <summary>Looks for what the schema has besides tables, without which a restore would fail or be another database.</summary>
    /// <param name="parts"><see cref="SchemaParts.ReadAsync"/> of the same transaction.</param>
    /// <exception cref="NesteggException">Something is not in the dump.</exception>
    public static void RequireParts(DumpedTables dumped, string schema, IReadOnlySet<(string Kind, string Name)> parts)
    {
        var made = dumped.Entries.Where(entry => entry.Schema == schema)
            .Select(entry => (entry.Kind, entry.Kind == "FUNCTION" ? entry.Name.Split('(')[0] : entry.Name));
        if (parts.Except(made).Order().ToList() is [var (kind, name), .. var others])
        {
            throw NotWhole(
                $"It does not make the {kind.ToLowerInvariant()} \"{name}\""
                + (others.Count > 0 ? $", nor {others.Count:N0} more of its indexes, constraints, triggers, functions and sequences" : ""),
                null);
        }
    }

    private static void RequireTable(EnteCatalog catalog, string table)
    {
        if (!catalog.HasTable(table))
        {
            throw NotWhole($"It makes a table \"{table}\", which the database has not.", null);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await pipe.Writer.CompleteAsync(new OperationCanceledException("the dump was given up"));
        await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<DumpedTables> ReadAsync(CancellationToken cancellationToken)
    {
        // Disposing tells the writer that nobody reads any more.
        await using var stream = pipe.Reader.AsStream();
        var archive = await ArchiveReader.OpenAsync(stream, cancellationToken);
        if (archive.Misnamed is [var (kind, _, name), ..])
        {
            throw new EnteException(
                $"Its table of contents contradicts itself: the entry {kind} \"{name}\" holds a statement about something else.", Hint);
        }

        return new DumpedTables(
            await archive.CountRowsAsync(cancellationToken), archive.TablesWithoutRows.ToHashSet(), archive.Entries)
        {
            Columns = archive.Tables,
            Sequences = archive.Sequences,
        };
    }

    private static NesteggException NotWhole(string what, Exception? cause) => new(
        FailureKind.OutOfReach, $"pg_dump did not complain, but what it wrote is no whole dump of the database. {what.TrimEnd('.')}", Hint,
        cause);
}

/// <summary>The tables of a dump.</summary>
/// <param name="Rows">How many rows it has of each.</param>
/// <param name="WithoutRows">Those that it makes and has no rows for, not even none.</param>
/// <param name="Entries">Its whole table of contents.</param>
internal sealed record DumpedTables(
    IReadOnlyDictionary<(string Schema, string Table), long> Rows, IReadOnlySet<(string Schema, string Table)> WithoutRows,
    IReadOnlyList<(string Kind, string Schema, string Name)> Entries)
{
    /// <summary>The tables that it has rows of, with the columns that the rows have.</summary>
    public IReadOnlyList<ArchiveTable> Columns { get; init; } = [];

    /// <summary>Where it sets its sequences.</summary>
    public IReadOnlyList<ArchiveSequence> Sequences { get; init; } = [];
}
