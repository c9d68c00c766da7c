using Microsoft.Data.Sqlite;
using Nestegg.Ente.Scratch;

namespace Nestegg.Ente.Database;

/// <summary>
/// The tables of an archive in a private temporary SQLite file (mode 0600, in a folder of this process alone), under the
/// names that they have in PostgreSQL. Integers and booleans are INTEGER, bytea is BLOB, everything else is TEXT as
/// PostgreSQL prints it. The file is removed on dispose and, after a crash, by the next process that makes one.
/// </summary>
public sealed class ArchiveDatabase : IAsyncDisposable
{
    // Without these there is no library, whatever the age of the schema.
    private static readonly string[] Needed = ["users", "key_attributes", "collections", "collection_files", "files", "object_keys"];

    // What readers look things up by. Made after loading, which is faster than keeping them while rows come.
    private static readonly (string Table, string[] Columns)[] Indexes =
    [
        ("files", ["file_id"]), ("files", ["owner_id"]), ("object_keys", ["file_id"]), ("file_data", ["file_id"]),
        ("collection_files", ["collection_id", "file_id"]),
        ("collection_files", ["file_id"]), ("trash", ["file_id"]), ("trash", ["user_id"]),
        ("collections", ["collection_id"]),
        ("collections", ["owner_id"]), ("collection_shares", ["to_user_id"]), ("collection_shares", ["collection_id"]),
        ("comments", ["collection_id"]), ("reactions", ["collection_id"]), ("memory_share_files", ["memory_share_id"]),
        ("entity_data", ["user_id"]),
        ("authenticator_entity", ["user_id"]), ("contact_entity", ["user_id"]), ("user_attachments", ["user_id"]),
    ];

    private ArchiveDatabase(ScratchDatabase file, ArchiveReader archive)
    {
        File = file;
        Header = archive.Header;
        Sequences = archive.Sequences;
    }

    /// <summary>The connection; it may also be used to add tables. Belongs to this object.</summary>
    public SqliteConnection Connection => File.Connection;

    /// <summary>The file, for what adds tables or looks up by statements of its own. Belongs to this object.</summary>
    internal ScratchDatabase File { get; }

    /// <summary>What the archive's head says.</summary>
    public ArchiveHeader Header { get; }

    /// <summary>Where the database's sequences stand.</summary>
    public IReadOnlyList<ArchiveSequence> Sequences { get; }

    /// <summary>Loads the <see cref="EnteTables.Library"/> tables of an archive that comes from a stream.</summary>
    /// <exception cref="EnteException">The archive is damaged, cut, of an unknown kind, or of something else than Ente.</exception>
    public static Task<ArchiveDatabase> LoadAsync(Stream archive, CancellationToken cancellationToken) =>
        LoadAsync(archive, schema: null, cancellationToken);

    /// <summary>
    /// The same for an archive of which it is known in which schema museum's tables are; where it is not, the one that has them is taken,
    /// and <c>public</c> where several do.
    /// </summary>
    internal static Task<ArchiveDatabase> LoadAsync(Stream archive, string? schema, CancellationToken cancellationToken) =>
        LoadAsync(archive, schema, EnteTables.Library, temporaryFolder: null, cancellationToken);

    /// <summary>
    /// Loads the named tables of an archive into a file under <paramref name="temporaryFolder"/>, which is the system's folder for
    /// temporary files when it is <see langword="null"/>. Tables that the archive does not have are left out.
    /// </summary>
    /// <exception cref="EnteException">The archive is damaged, cut, of an unknown kind, or of something else than Ente.</exception>
    /// <exception cref="ScratchException">The temporary folder is not there, is full, or cannot be written.</exception>
    public static Task<ArchiveDatabase> LoadAsync(
        Stream archive, IReadOnlyCollection<string> tables, string? temporaryFolder, CancellationToken cancellationToken) =>
        LoadAsync(archive, schema: null, tables, temporaryFolder, cancellationToken);

    private static async Task<ArchiveDatabase> LoadAsync(
        Stream archive, string? schema, IReadOnlyCollection<string> tables, string? temporaryFolder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tables);
        var reader = await ArchiveReader.OpenAsync(archive, cancellationToken);
        schema ??= SchemaOf(reader);
        RequireRows(reader, schema, tables);
        var file = ScratchDatabase.Create(temporaryFolder);
        try
        {
            await LoadTablesAsync(reader, file, table => table.Schema == schema && tables.Contains(table.Name), cancellationToken);
            return new ArchiveDatabase(file, reader);
        }
        catch (SqliteException failure)
        {
            file.Dispose();

            // What SQLite cannot build PostgreSQL could not have dumped, such as a table with two columns of one name.
            throw new EnteException(
                $"The database archive is damaged: a table of it cannot be built ({SystemWords.Of(failure)}).", ArchiveSource.DamageHint, failure);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Closes the connection and removes the file.</summary>
    public ValueTask DisposeAsync()
    {
        File.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string SchemaOf(ArchiveReader reader)
    {
        var schemas = AllTables(reader).GroupBy(table => table.Schema, table => table.Name)
            .Where(group => EnteTables.Telling.All(group.Contains)).Select(group => group.Key).ToList();
        return schemas.Count == 0 || schemas.Contains(EnteTables.UsualSchema) ? EnteTables.UsualSchema : schemas[0];
    }

    private static IEnumerable<(string Schema, string Name)> AllTables(ArchiveReader reader) =>
        reader.Tables.Select(table => (table.Schema, table.Name)).Concat(reader.TablesWithoutRows);

    private static void RequireRows(ArchiveReader reader, string schema, IReadOnlyCollection<string> tables)
    {
        var present = AllTables(reader).Where(table => table.Schema == schema).Select(table => table.Name);
        if (Needed.Where(tables.Contains).Except(present).FirstOrDefault() is { } absent)
        {
            throw new EnteException(
                $"The archive of database \"{reader.Header.Database}\" is not one of Ente: it has no table \"{absent}\".",
                "Name the database that museum uses (db.name in museum.yaml; ente_db unless changed).");
        }

        if (reader.TablesWithoutRows.Where(table => table.Schema == schema).Select(table => table.Name)
            .FirstOrDefault(tables.Contains) is { } empty)
        {
            throw new EnteException(
                $"The archive of database \"{reader.Header.Database}\" was made without the rows of table \"{empty}\".",
                "Make the dump without --schema-only, --exclude-table-data and --section.");
        }
    }

    private static async Task LoadTablesAsync(
        ArchiveReader reader, ScratchDatabase file, Predicate<ArchiveTable> isWanted, CancellationToken cancellationToken)
    {
        file.Begin();
        while (await reader.NextTableAsync(cancellationToken) is { } rows)
        {
            if (isWanted(rows.Table))
            {
                await TableLoader.LoadAsync(file, rows, cancellationToken);
            }
        }

        file.Commit();
        var catalog = await EnteCatalog.ReadAsync(file.Connection, cancellationToken);
        foreach (var (table, columns) in Indexes.Where(index => index.Columns.All(column => catalog.HasColumn(index.Table, column))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            file.Execute($"CREATE INDEX {table}_by_{string.Join("_and_", columns)} ON {table} ({string.Join(", ", columns)})");
        }

        file.Execute("ANALYZE");
    }
}
