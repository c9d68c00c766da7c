using Microsoft.Data.Sqlite;

namespace Nestegg.Ente.Database;

/// <summary>
/// The tables of an archive in a private temporary SQLite file (mode 0600, in a folder of this process alone), under the
/// names that they have in PostgreSQL. Integers and booleans are INTEGER, bytea is BLOB, everything else is TEXT as
/// PostgreSQL prints it. The file is removed on dispose and, after a crash, by the next process that makes one.
/// </summary>
public sealed class ArchiveDatabase : IAsyncDisposable
{
    private const string FileName = "library.sqlite";

    // What a wish for speed costs here is nothing: the file does not outlive the process, let alone a power cut.
    private const string Pragmas = """
        PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = NORMAL;
        PRAGMA cache_size = -8192; PRAGMA trusted_schema = OFF;
        """;

    // Without these there is no library, whatever the age of the schema.
    private static readonly string[] Needed = ["users", "key_attributes", "collections", "collection_files", "files", "object_keys"];

    // What readers look things up by. Made after loading, which is faster than keeping them while rows come.
    private static readonly (string Table, string[] Columns)[] Indexes =
    [
        ("files", ["file_id"]), ("files", ["owner_id"]), ("object_keys", ["file_id"]), ("file_data", ["file_id"]),
        ("collection_files", ["collection_id", "file_id"]), ("collection_files", ["file_id"]), ("trash", ["file_id"]), ("trash", ["user_id"]),
        ("collections", ["collection_id"]), ("collections", ["owner_id"]), ("collection_shares", ["to_user_id"]), ("collection_shares", ["collection_id"]),
        ("comments", ["collection_id"]), ("reactions", ["collection_id"]), ("memory_share_files", ["memory_share_id"]),
        ("entity_data", ["user_id"]), ("authenticator_entity", ["user_id"]), ("contact_entity", ["user_id"]), ("user_attachments", ["user_id"]),
    ];

    private readonly PrivateFolder _folder;
    private readonly string _connectionString;

    private ArchiveDatabase(PrivateFolder folder, string connectionString, SqliteConnection connection, ArchiveReader archive)
    {
        _folder = folder;
        _connectionString = connectionString;
        Connection = connection;
        Header = archive.Header;
        Sequences = archive.Sequences;
    }

    /// <summary>The connection; it may also be used to add tables. Belongs to this object.</summary>
    public SqliteConnection Connection { get; }

    /// <summary>What the archive's head says.</summary>
    public ArchiveHeader Header { get; }

    /// <summary>Where the database's sequences stand.</summary>
    public IReadOnlyList<ArchiveSequence> Sequences { get; }

    /// <summary>Loads the <see cref="EnteTables.Library"/> tables of an archive that comes from a stream.</summary>
    /// <exception cref="EnteException">The archive is damaged, cut, of an unknown kind, or of something else than Ente.</exception>
    public static Task<ArchiveDatabase> LoadAsync(Stream archive, CancellationToken cancellationToken) =>
        LoadAsync(archive, EnteTables.Library, Path.GetTempPath(), cancellationToken);

    /// <summary>Loads the named tables of an archive into a file under <paramref name="temporaryFolder"/>; those that the archive does not have are left out.</summary>
    /// <exception cref="EnteException">The archive is damaged, cut, of an unknown kind, or of something else than Ente.</exception>
    public static async Task<ArchiveDatabase> LoadAsync(
        Stream archive, IReadOnlyCollection<string> tables, string temporaryFolder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tables);
        var reader = await ArchiveReader.OpenAsync(archive, cancellationToken);
        RequireRows(reader, tables);
        var folder = PrivateFolder.Create(temporaryFolder);
        var connectionString = new SqliteConnectionStringBuilder { DataSource = folder.CreateFile(FileName), Pooling = false }.ToString();
        var connection = new SqliteConnection(connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await TableLoader.ExecuteAsync(connection, Pragmas, cancellationToken);
            await LoadTablesAsync(reader, connection, tables, cancellationToken);
            return new ArchiveDatabase(folder, connectionString, connection, reader);
        }
        catch (Exception exception)
        {
            await connection.DisposeAsync();
            folder.Dispose();
            if (exception is SqliteException failure)
            {
                throw Explained(failure, temporaryFolder);
            }

            throw;
        }
    }

    /// <summary>Opens one more connection, for a reader in parallel; the caller disposes of it before this object.</summary>
    public async Task<SqliteConnection> OpenAnotherAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await TableLoader.ExecuteAsync(connection, Pragmas, cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Closes the connection and removes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        _folder.Dispose();
    }

    private static void RequireRows(ArchiveReader reader, IReadOnlyCollection<string> tables)
    {
        var withRows = reader.Tables.Where(IsEntes).Select(table => table.Name).ToHashSet(StringComparer.Ordinal);
        if (Needed.Where(tables.Contains).Except(withRows.Concat(reader.TablesWithoutRows)).FirstOrDefault() is { } absent)
        {
            throw new EnteException(
                $"The archive of database \"{reader.Header.Database}\" is not one of Ente: it has no table \"{absent}\".",
                "Name the database that museum uses (db.name in museum.yaml; ente_db unless changed).");
        }

        if (reader.TablesWithoutRows.FirstOrDefault(tables.Contains) is { } empty)
        {
            throw new EnteException(
                $"The archive of database \"{reader.Header.Database}\" was made without the rows of table \"{empty}\".",
                "Make the dump without --schema-only, --exclude-table-data and --section.");
        }
    }

    private static bool IsEntes(ArchiveTable table) => table.Schema == "public";

    // SQLite refuses for two reasons: the disk, or a table that PostgreSQL could not have dumped (two columns of one name).
    private static EnteException Explained(SqliteException failure, string temporaryFolder) =>
        failure.SqliteErrorCode is SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_IOERR or SQLitePCL.raw.SQLITE_CANTOPEN
            ? new EnteException(
                $"The database could not be unpacked into {temporaryFolder}: {failure.Message}.",
                "Make room there, or name another folder in the environment variable TMPDIR.", failure)
            : new EnteException($"The database archive is damaged: a table of it cannot be built ({failure.Message}).", ArchiveSource.DamageHint, failure);

    private static async Task LoadTablesAsync(
        ArchiveReader reader, SqliteConnection connection, IReadOnlyCollection<string> tables, CancellationToken cancellationToken)
    {
        await TableLoader.ExecuteAsync(connection, "BEGIN", cancellationToken);
        while (await reader.NextTableAsync(cancellationToken) is { } rows)
        {
            if (IsEntes(rows.Table) && tables.Contains(rows.Table.Name))
            {
                await TableLoader.LoadAsync(connection, rows, cancellationToken);
            }
        }

        await TableLoader.ExecuteAsync(connection, "COMMIT", cancellationToken);
        var catalog = await EnteCatalog.ReadAsync(connection, cancellationToken);
        foreach (var (table, columns) in Indexes.Where(index => index.Columns.All(column => catalog.HasColumn(index.Table, column))))
        {
            await TableLoader.ExecuteAsync(
                connection, $"CREATE INDEX {table}_by_{string.Join("_and_", columns)} ON {table} ({string.Join(", ", columns)})", cancellationToken);
        }

        await TableLoader.ExecuteAsync(connection, "ANALYZE", cancellationToken);
    }
}
