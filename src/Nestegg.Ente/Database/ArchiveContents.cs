using System.Globalization;
using System.Text.RegularExpressions;

namespace Nestegg.Ente.Database;

/// <summary>An entry of an archive's table of contents, with what a reader of rows needs of it.</summary>
internal sealed record ArchiveEntry(
    int Id, bool HasData, string Tag, string Description, string? Definition, string? CopyStatement, string Schema)
{
    /// <summary>The entries that it cannot be made without.</summary>
    public IReadOnlyList<int> Dependencies { get; init; } = [];

    /// <summary>Where it stands in the archive: its first byte, and the one after its last.</summary>
    public (long From, long To) Bytes { get; init; }
}

/// <summary>Head and table of contents. Layout: PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c (ReadHead, ReadToc).</summary>
internal static partial class ArchiveContents
{
    private const int TextLimitBytes = 64 * 1024 * 1024;
    private const int NameLimitBytes = 64 * 1024;
    private const int EntryLimit = 1_000_000;
    private const long ContentsLimitBytes = 512L * 1024 * 1024;

    private static readonly Version Oldest = new(1, 14);
    private static readonly Version WithAlgorithm = new(1, 15);
    private static readonly Version WithRelationKind = new(1, 16);

    /// <summary>Reads the head. The offsets' size is given because each entry ends with an offset.</summary>
    public static async Task<(ArchiveHeader Header, int OffsetBytes)> HeadAsync(ArchiveSource source, CancellationToken cancellationToken)
    {
        foreach (var expected in "PGDMP"u8.ToArray())
        {
            if (await source.IsAtEndAsync(cancellationToken) || await source.ByteAsync(cancellationToken) != expected)
            {
                throw new EnteException(
                    "This is not an archive of pg_dump in the custom format: it does not begin with \"PGDMP\".",
                    "Make the dump with pg_dump --format=custom.");
            }
        }

        var version = new Version(await source.ByteAsync(cancellationToken), await source.ByteAsync(cancellationToken));
        _ = await source.ByteAsync(cancellationToken); // The revision; it never changes the layout.
        if (version < Oldest || version > WithRelationKind)
        {
            throw new EnteException(
                $"The database archive has format version {version}; this program reads "
                + $"{Oldest} to {WithRelationKind} (PostgreSQL 12 to 18).",
                "Restore it with the pg_restore of the PostgreSQL that wrote it, or use a newer Nestegg.");
        }

        var intBytes = await source.ByteAsync(cancellationToken);
        var offsetBytes = await source.ByteAsync(cancellationToken);
        var format = await source.ByteAsync(cancellationToken);
        if (intBytes != 4 || offsetBytes is < 4 or > 8 || format != 1)
        {
            throw source.Damaged(
                $"integers of {intBytes} bytes, offsets of {offsetBytes} bytes, format {format}; expected 4, 8 and 1 (custom)");
        }

        var compression = version >= WithAlgorithm
            ? Algorithm(source, await source.ByteAsync(cancellationToken))
            : await source.IntAsync(cancellationToken) == 0 ? ArchiveCompression.None : ArchiveCompression.Gzip;
        for (var part = 0; part < 7; part++)
        {
            _ = await source.IntAsync(cancellationToken); // The date of the dump, in the local time of the machine that made it.
        }

        var header = new ArchiveHeader(
            version, compression,
            await source.StringAsync(NameLimitBytes, cancellationToken) ?? "",
            await source.StringAsync(NameLimitBytes, cancellationToken) ?? "",
            await source.StringAsync(NameLimitBytes, cancellationToken) ?? "");
        return (header, offsetBytes);
    }

    /// <summary>Reads all entries. Memory grows with them (an Ente database has about 450), not with the rows.</summary>
    public static async Task<List<ArchiveEntry>> EntriesAsync(
        ArchiveSource source, ArchiveHeader header, int offsetBytes, CancellationToken cancellationToken)
    {
        source.Place = "its table of contents";
        var count = await source.IntAsync(cancellationToken);
        if (count is < 0 or > EntryLimit)
        {
            throw source.Damaged($"it counts {Counted.Of(count, "entry", "entries")}, the limit is {EntryLimit}");
        }

        var entries = new List<ArchiveEntry>();
        var ids = new HashSet<int>();
        for (var number = 0; number < count; number++)
        {
            var entry = await EntryAsync(source, header, offsetBytes, cancellationToken);
            if (!ids.Add(entry.Id))
            {
                throw source.Damaged($"two entries have the number {entry.Id}");
            }

            entries.Add(entry);
            if (source.Position > ContentsLimitBytes)
            {
                throw source.Damaged($"it is longer than {ContentsLimitBytes} bytes");
            }
        }

        return entries;
    }

    private static ArchiveCompression Algorithm(ArchiveSource source, byte value) =>
        value <= (byte)ArchiveCompression.Zstd ? (ArchiveCompression)value : throw source.Damaged($"unknown compression {value}");

    private static async Task<ArchiveEntry> EntryAsync(
        ArchiveSource source, ArchiveHeader header, int offsetBytes, CancellationToken cancellationToken)
    {
        var from = source.Position;
        var id = await source.IntAsync(cancellationToken);
        var hasData = await source.IntAsync(cancellationToken) != 0;
        await SkipStringAsync(); // The oid of the catalog.
        await SkipStringAsync(); // The oid of the thing itself.
        var tag = await source.StringAsync(TextLimitBytes, cancellationToken) ?? "";
        var description = await source.StringAsync(NameLimitBytes, cancellationToken) ?? "";
        _ = await source.IntAsync(cancellationToken); // The section: before, with or after the rows.
        var definition = await source.StringAsync(TextLimitBytes, cancellationToken);
        await SkipStringAsync(); // The statement that drops it.
        var copy = await source.StringAsync(TextLimitBytes, cancellationToken);
        var schema = await source.StringAsync(NameLimitBytes, cancellationToken) ?? "";
        await SkipStringAsync(); // The tablespace.
        await SkipStringAsync(); // The table's access method.
        if (header.Version >= WithRelationKind)
        {
            _ = await source.IntAsync(cancellationToken);
        }

        await SkipStringAsync(); // The owner.
        await SkipStringAsync(); // Whether it has oids; always false.
        var dependencies = new List<int>();
        while (await source.StringAsync(NameLimitBytes, cancellationToken) is { } dependency)
        {
            dependencies.Add(
                int.TryParse(dependency, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    ? number
                    : throw source.Damaged($"the entry \"{tag}\" depends on \"{dependency}\", which is no number"));
        }

        var offsetState = await source.ByteAsync(cancellationToken);
        if (offsetState is < 1 or > 3)
        {
            throw source.Damaged($"the entry \"{tag}\" says {offsetState} where 1, 2 or 3 tells how its rows are found");
        }

        await source.SkipAsync(offsetBytes, cancellationToken);
        // Few kinds of definition are looked at later; the others need not stay in memory.
        var isLookedAt = description is "TABLE" or "SEQUENCE SET" or "ENCODING" or "SEARCHPATH" or "FUNCTION" or "PROCEDURE";
        return new ArchiveEntry(id, hasData, tag, description, isLookedAt ? definition : null, copy, schema)
        {
            Dependencies = dependencies,
            Bytes = (from, source.Position),
        };

        async Task SkipStringAsync() => _ = await source.StringAsync(TextLimitBytes, cancellationToken);
    }

    /// <summary>
    /// The table that an entry holds the rows of, with the columns that its COPY names and the types that its CREATE TABLE states.
    /// </summary>
    public static ArchiveTable Table(ArchiveEntry rows, IReadOnlyDictionary<(string, string), ArchiveEntry> definitions)
    {
        if (CopyColumns().Match(rows.CopyStatement ?? "") is not { Success: true } copy)
        {
            throw new EnteException(
                $"The database archive holds the rows of table \"{rows.Tag}\" as something else than COPY text.",
                "Make the dump with pg_dump --format=custom and without --inserts or --column-inserts.");
        }

        if (!definitions.TryGetValue((rows.Schema, rows.Tag), out var table))
        {
            throw new EnteException(
                $"The database archive holds the rows of table \"{rows.Tag}\" but not what its columns are.",
                "Make the dump with pg_dump --format=custom and without --data-only.");
        }

        var types = new Dictionary<string, ArchiveColumnType>(StringComparer.Ordinal);
        foreach (Match line in ColumnLine().Matches(table.Definition ?? ""))
        {
            types.TryAdd(Unquote(line.Groups["name"].Value), Type(line.Groups["type"].Value));
        }

        // A table that has its columns from another does not list them, and Ente has none.
        var isDerived = Derived().IsMatch(table.Definition ?? "");
        var names = Name().Matches(copy.Groups["columns"].Value).Select(match => Unquote(match.Value));
        return new ArchiveTable(rows.Schema, rows.Tag, [.. names.Select(name => new ArchiveColumn(
            name,
            types.TryGetValue(name, out var type) || isDerived ? type : throw new EnteException(
                $"The database archive does not say of which type column \"{name}\" of table \"{rows.Tag}\" is.",
                ArchiveSource.DamageHint)))]);
    }

    /// <summary>Where a sequence stands, from its <c>SELECT pg_catalog.setval('public.name', 42, true);</c>.</summary>
    public static ArchiveSequence Sequence(ArchiveEntry entry)
    {
        var match = SetValue().Match(entry.Definition ?? "");
        return match.Success
            && long.TryParse(match.Groups["value"].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? new ArchiveSequence(entry.Schema, entry.Tag, value, match.Groups["called"].Value == "true")
            : throw new EnteException(
                $"The database archive does not say where sequence \"{entry.Tag}\" stands.", ArchiveSource.DamageHint);
    }

    private static ArchiveColumnType Type(string type) => type switch
    {
        "bigint" or "integer" or "smallint" => ArchiveColumnType.Integer,
        "boolean" => ArchiveColumnType.Boolean,
        "bytea" => ArchiveColumnType.Bytes,
        _ => ArchiveColumnType.Text,
    };

    private static string Unquote(string name) =>
        name.StartsWith('"') ? name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name;

    // Atomic: a name that was read once is not read otherwise, so that no text, however odd, takes more than one pass.
    private const string NamePattern = """(?>"(?:[^"\n]|"")+"|[^\s",()]+)""";

    // COPY public.files (file_id, owner_id) FROM stdin; without the parentheses when the table has no columns.
    [GeneratedRegex(
        $@"^COPY (?>{NamePattern}+) (?:\((?<columns>(?:{NamePattern}(?:, {NamePattern})*)?)\))? FROM stdin;\s*$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex CopyColumns();

    [GeneratedRegex(@"^CREATE [A-Z ]*TABLE \S+ OF |^INHERITS \(", RegexOptions.Multiline)]
    private static partial Regex Derived();

    [GeneratedRegex(NamePattern)]
    private static partial Regex Name();

    // pg_dump puts each column on a line of its own. The type ends at a blank, a comma or the end, so that bigint[] is not bigint.
    [GeneratedRegex($@"^ {{4}}(?<name>{NamePattern}) (?<type>[^\s,]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex ColumnLine();

    [GeneratedRegex(@"^SELECT pg_catalog\.setval\('.+', (?<value>-?[0-9]+), (?<called>true|false)\);\s*$", RegexOptions.ExplicitCapture)]
    private static partial Regex SetValue();
}
