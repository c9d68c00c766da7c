using System.IO.Compression;

namespace Nestegg.Ente.Database;

/// <summary>
/// An archive that <c>pg_dump --format=custom</c> wrote, read forward from a stream that need not be seekable, without
/// PostgreSQL. Format versions 1.14 to 1.16 (PostgreSQL 12 to 18), rows uncompressed or compressed with zlib.
/// </summary>
/// <remarks>
/// Memory is a few hundred KiB, the table of contents, and the longest row. Every length in the archive has a limit. The
/// archive has been read as a whole only when <see cref="NextTableAsync"/> has returned null: it then checked that every
/// table that the table of contents announces was there and that nothing follows.
/// </remarks>
public sealed class ArchiveReader
{
    private const byte RowsBlock = 1;
    private const byte LargeObjectsBlock = 3;

    private readonly ArchiveSource source;
    private readonly Dictionary<int, (ArchiveEntry Entry, ArchiveTable? Table)> awaited = [];
    private ArchiveRows? rows;

    private ArchiveReader(ArchiveSource source, ArchiveHeader header, List<ArchiveEntry> entries)
    {
        this.source = source;
        Header = header;
        var definitions = new Dictionary<(string, string), ArchiveEntry>();
        foreach (var entry in entries.Where(entry => entry.Description == "TABLE"))
        {
            definitions.TryAdd((entry.Schema, entry.Tag), entry);
        }

        // Where there are extensions, rows without a definition are those of a table that an extension makes.
        var hasExtensions = entries.Exists(entry => entry.Description == "EXTENSION");
        foreach (var entry in entries.Where(entry => entry.HasData))
        {
            var isReadable = IsRows(entry) && !(hasExtensions && !definitions.ContainsKey((entry.Schema, entry.Tag)));
            awaited.Add(entry.Id, (entry, isReadable ? ArchiveContents.Table(entry, definitions) : null));
        }

        Tables = [.. this.awaited.Values.Select(awaited => awaited.Table).OfType<ArchiveTable>()];
        TablesWithoutRows = [.. definitions.Keys.Except(Tables.Select(table => (table.Schema, table.Name)))];
        Entries = [.. entries.Select(entry => (entry.Description, entry.Schema, entry.Tag))];
        Misnamed = [.. entries.Where(entry => !ArchiveNames.Agree(entry)).Select(entry => (entry.Description, entry.Schema, entry.Tag))];
        Sequences = [.. entries.Where(entry => entry.Description == "SEQUENCE SET").Select(ArchiveContents.Sequence)];
    }

    /// <summary>What the head says.</summary>
    public ArchiveHeader Header { get; }

    /// <summary>The tables whose rows the archive has to hold.</summary>
    public IReadOnlyList<ArchiveTable> Tables { get; }

    /// <summary>Tables that the archive creates but that it has no rows section for, as with <c>--exclude-table-data</c>.</summary>
    public IReadOnlyList<(string Schema, string Name)> TablesWithoutRows { get; }

    /// <summary>The table of contents: what each entry makes or fills, in which schema, and its name there.</summary>
    public IReadOnlyList<(string Kind, string Schema, string Name)> Entries { get; }

    /// <summary>Entries whose statement is about another table or sequence than the entry itself: pg_dump writes none.</summary>
    public IReadOnlyList<(string Kind, string Schema, string Name)> Misnamed { get; }

    /// <summary>Where the sequences stand.</summary>
    public IReadOnlyList<ArchiveSequence> Sequences { get; }

    /// <summary>Reads the head and the table of contents. The stream stays the caller's.</summary>
    /// <exception cref="EnteException">It is no such archive, a damaged one, or one of a kind that is not read here.</exception>
    public static async Task<ArchiveReader> OpenAsync(Stream stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var source = new ArchiveSource(stream);
        var (header, offsetBytes) = await ArchiveContents.HeadAsync(source, cancellationToken);
        if (header.Compression is ArchiveCompression.Lz4 or ArchiveCompression.Zstd)
        {
            throw new EnteException(
                $"The database archive is compressed with "
                + $"{header.Compression.ToString().ToLowerInvariant()} inside, which is not read here.",
                "Make the dump with pg_dump --format=custom --compress=0, or with --compress=gzip.");
        }

        var entries = await ArchiveContents.EntriesAsync(source, header, offsetBytes, cancellationToken);
        if (entries.Find(entry => entry.Description == "ENCODING")?.Definition is { } encoding
            && !encoding.Contains("'UTF8'", StringComparison.Ordinal) && !encoding.Contains("'SQL_ASCII'", StringComparison.Ordinal))
        {
            throw new EnteException(
                $"The database archive is not in UTF-8: it says \"{encoding.Trim()}\".", "Make the dump with pg_dump --encoding=UTF8.");
        }

        return new ArchiveReader(source, header, entries);
    }

    /// <summary>Goes to the rows of the next table, passing over those that are left of the current one.</summary>
    /// <returns>The rows; null after the last table, when the archive was found to be whole.</returns>
    /// <exception cref="EnteException">The archive is damaged or ends before all its tables were there.</exception>
    public async Task<ArchiveRows?> NextTableAsync(CancellationToken cancellationToken)
    {
        await FinishAsync(cancellationToken);
        while (await NextRowsAsync(cancellationToken) is var (_, table))
        {
            if (table is not null)
            {
                return rows = Rows(table);
            }

            await new ArchiveBlockStream(source).SkipToEndAsync(cancellationToken);
        }

        return null;
    }

    /// <summary>
    /// Reads to the end and counts the rows of every table that is left, without taking them apart; those of extensions too.
    /// </summary>
    /// <exception cref="EnteException">The archive is damaged or ends before all its tables were there.</exception>
    public async Task<IReadOnlyDictionary<(string Schema, string Table), long>> CountRowsAsync(CancellationToken cancellationToken)
    {
        await FinishAsync(cancellationToken);
        var counts = new Dictionary<(string, string), long>();
        while (await NextRowsAsync(cancellationToken) is var (entry, table))
        {
            rows = Rows(table ?? new ArchiveTable(entry.Schema, entry.Tag, []));
            counts[(entry.Schema, entry.Tag)] = await rows.CountAsync(cancellationToken);
            await FinishAsync(cancellationToken);
        }

        return counts;
    }

    private static bool IsRows(ArchiveEntry entry) => entry.Description == "TABLE DATA";

    private async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (rows is not null)
        {
            await rows.FinishAsync(cancellationToken);
            rows = null;
        }
    }

    /// <summary>Goes to the next block of rows, past the large objects before it; null after the last.</summary>
    private async Task<(ArchiveEntry Entry, ArchiveTable? Table)?> NextRowsAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            source.Place = "the rows of its tables";
            if (await source.IsAtEndAsync(cancellationToken))
            {
                return this.awaited.Count == 0 ? null : throw new EnteException(
                    $"The database archive ends too early: the rows of {Counted.Of(this.awaited.Count, "table")} are missing, the first of them "
                    + $"\"{this.awaited.Values.First().Entry.Tag}\".",
                    ArchiveSource.DamageHint);
            }

            var kind = await source.ByteAsync(cancellationToken);
            var id = await source.IntAsync(cancellationToken);
            if (!this.awaited.Remove(id, out var awaited))
            {
                throw source.Damaged($"rows of entry {id}, which has none or had them before");
            }

            source.Place = $"the rows of \"{awaited.Entry.Tag}\"";
            switch (kind)
            {
                case RowsBlock when IsRows(awaited.Entry):
                    return awaited;
                case RowsBlock:
                    await new ArchiveBlockStream(source).SkipToEndAsync(cancellationToken);
                    break;
                case LargeObjectsBlock when !IsRows(awaited.Entry):
                    await SkipLargeObjectsAsync(cancellationToken);
                    break;
                default:
                    throw source.Damaged($"a block of kind {kind}");
            }
        }
    }

    private ArchiveRows Rows(ArchiveTable table)
    {
        var blocks = new ArchiveBlockStream(source);
        Stream text = Header.Compression == ArchiveCompression.Gzip
            ? new ZLibStream(blocks, CompressionMode.Decompress, leaveOpen: true)
            : blocks;
        return new ArchiveRows(table, blocks, text);
    }

    // Ente has none; a database that is shared with something else may.
    private async ValueTask SkipLargeObjectsAsync(CancellationToken cancellationToken)
    {
        while (await source.IntAsync(cancellationToken) != 0)
        {
            await new ArchiveBlockStream(source).SkipToEndAsync(cancellationToken);
        }
    }
}
