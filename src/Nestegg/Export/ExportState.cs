using System.Globalization;
using Microsoft.Data.Sqlite;
using Nestegg.Ente.Database;

namespace Nestegg.Export;

/// <summary>A folder that the export made for an album.</summary>
/// <param name="Folder">Relative to the export's root, with <c>/</c> between segments.</param>
/// <param name="Name">The album's name when it was last seen.</param>
internal sealed record ExportedAlbum(string Folder, string Name);

/// <summary>One file of an album as it was written.</summary>
/// <param name="Stamp">What the content was: its decryption header, which no two contents share; null when the state was rebuilt and nobody has looked yet.</param>
/// <param name="Title">The title that its names were made of.</param>
/// <param name="SidecarName">The name of its file in <c>.meta</c>.</param>
internal sealed record ExportedFile(string? Stamp, string Title, string SidecarName);

/// <summary>A name that is in use in an album's folder.</summary>
/// <param name="Part">0 for the file itself or a live photo's picture, 1 for its video, 9 for an XMP sidecar.</param>
/// <param name="SizeBytes">As written; -1 when unknown.</param>
/// <param name="Modified">Ticks of the modification time as written, in UTC; 0 when unknown.</param>
internal sealed record ExportedName(string Name, int Part, long SizeBytes, long Modified);

/// <summary>
/// What earlier runs wrote into the folder: a SQLite file in it, so that memory does not grow with the library. It is a cache: when it
/// is lost it is rebuilt from the sidecars, which carry the ids. Used by one task at a time.
/// </summary>
internal sealed class ExportState : IAsyncDisposable
{
    private const string Schema = """
        PRAGMA journal_mode = DELETE; PRAGMA synchronous = NORMAL;
        CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS albums (album INTEGER PRIMARY KEY, folder TEXT NOT NULL, fold TEXT NOT NULL UNIQUE, name TEXT NOT NULL, run INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS files (album INTEGER, file INTEGER, stamp TEXT, title TEXT NOT NULL, sidecar TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (album, file)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS files_by_file ON files (file);
        CREATE TABLE IF NOT EXISTS names (album INTEGER, file INTEGER, part INTEGER, name TEXT NOT NULL, fold TEXT NOT NULL,
            size INTEGER NOT NULL, modified INTEGER NOT NULL, PRIMARY KEY (album, file, part)) WITHOUT ROWID;
        CREATE UNIQUE INDEX IF NOT EXISTS names_by_fold ON names (album, fold);
        CREATE TABLE IF NOT EXISTS sidecars (album INTEGER, file INTEGER, fold TEXT NOT NULL, PRIMARY KEY (album, file)) WITHOUT ROWID;
        CREATE UNIQUE INDEX IF NOT EXISTS sidecars_by_fold ON sidecars (album, fold);
        """;

    private const int ChangesPerTransaction = 500;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = [];
    private readonly long _run;
    private int _changes;

    private ExportState(SqliteConnection connection, long run, bool isFresh) => (_connection, _run, IsFresh) = (connection, run, isFresh);

    /// <summary>Nothing is known, or the last run did not end in order: what the disk holds has to be looked at.</summary>
    internal bool IsFresh { get; }

    internal static async Task<ExportState> OpenAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenAnyAsync(path, cancellationToken);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is 11 or 26)
        {
            // Damaged, or no database: it is only a cache of what the sidecars say.
            File.Delete(path);
            return await OpenAnyAsync(path, cancellationToken);
        }
    }

    private static async Task<ExportState> OpenAnyAsync(string path, CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            await TableLoader.ExecuteAsync(connection, Schema, cancellationToken);
            var run = long.Parse(await FactAsync(connection, "run", cancellationToken) ?? "0", CultureInfo.InvariantCulture) + 1;
            var ended = await FactAsync(connection, "ended", cancellationToken) == "yes";
            await TableLoader.ExecuteAsync(connection, $"INSERT OR REPLACE INTO facts VALUES ('run', '{run}'), ('ended', 'no')", cancellationToken);
            await TableLoader.ExecuteAsync(connection, "BEGIN", cancellationToken);
            return new ExportState(connection, run, !ended);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes the folder for an account.</summary>
    /// <exception cref="NesteggException">It is another one's.</exception>
    internal async Task ClaimAsync(long userId, string root, CancellationToken cancellationToken)
    {
        var account = userId.ToString(CultureInfo.InvariantCulture);
        if (await FactAsync(_connection, "account", cancellationToken) is { } other && other != account)
        {
            throw new NesteggException(FailureKind.BadInput, $"{root} holds the export of another account ({other})", "give each account a folder of its own with --to");
        }

        await SetFactAsync("account", account, cancellationToken);
    }

    private Task SetFactAsync(string name, string value, CancellationToken cancellationToken) =>
        ChangeAsync("INSERT OR REPLACE INTO facts VALUES ($0, $1)", cancellationToken, name, value);

    internal async Task<ExportedAlbum?> AlbumAsync(long album, CancellationToken cancellationToken) => (await SelectAsync(
        "SELECT folder, name FROM albums WHERE album = $0", row => new ExportedAlbum(row.GetString(0), row.GetString(1)), cancellationToken, album)).FirstOrDefault();

    internal Task<bool> IsFolderTakenAsync(string folder, CancellationToken cancellationToken) =>
        ExistsAsync("SELECT 1 FROM albums WHERE fold = $0", cancellationToken, ExportName.Fold(folder));

    internal Task PutAlbumAsync(long album, ExportedAlbum exported, CancellationToken cancellationToken) => ChangeAsync(
        "INSERT OR REPLACE INTO albums VALUES ($0, $1, $2, $3, $4)", cancellationToken,
        album, exported.Folder, ExportName.Fold(exported.Folder), exported.Name, _run);

    internal async Task<ExportedFile?> FileAsync(long album, long file, CancellationToken cancellationToken) => (await SelectAsync(
        "SELECT stamp, title, sidecar FROM files WHERE album = $0 AND file = $1",
        row => new ExportedFile(row.IsDBNull(0) ? null : row.GetString(0), row.GetString(1), row.GetString(2)), cancellationToken, album, file)).FirstOrDefault();

    /// <summary>Records a file as seen in this run.</summary>
    internal async Task PutFileAsync(long album, long file, ExportedFile exported, CancellationToken cancellationToken)
    {
        await ChangeAsync(
            "INSERT OR REPLACE INTO files VALUES ($0, $1, $2, $3, $4, $5)", cancellationToken, album, file, exported.Stamp, exported.Title, exported.SidecarName, _run);
        await ChangeAsync("INSERT OR REPLACE INTO sidecars VALUES ($0, $1, $2)", cancellationToken, album, file, ExportName.Fold(exported.SidecarName));
    }

    internal Task TouchFileAsync(long album, long file, CancellationToken cancellationToken) =>
        ChangeAsync("UPDATE files SET run = $2 WHERE album = $0 AND file = $1", cancellationToken, album, file, _run);

    /// <summary>The names of a file in an album, by part.</summary>
    internal Task<List<ExportedName>> NamesAsync(long album, long file, CancellationToken cancellationToken) => SelectAsync(
        "SELECT name, part, size, modified FROM names WHERE album = $0 AND file = $1 ORDER BY part",
        row => new ExportedName(row.GetString(0), row.GetInt32(1), row.GetInt64(2), row.GetInt64(3)), cancellationToken, album, file);

    /// <summary>The albums that hold the same content of a file.</summary>
    internal Task<List<long>> AlbumsWithAsync(long file, string stamp, CancellationToken cancellationToken) => SelectAsync(
        "SELECT album FROM files WHERE file = $0 AND stamp = $1 ORDER BY album",
        row => row.GetInt64(0), cancellationToken, file, stamp);

    internal Task<bool> IsNameTakenAsync(long album, string name, long exceptFile, CancellationToken cancellationToken) =>
        ExistsAsync("SELECT 1 FROM names WHERE album = $0 AND fold = $1 AND file <> $2", cancellationToken, album, ExportName.Fold(name), exceptFile);

    internal Task<bool> IsSidecarTakenAsync(long album, string name, long exceptFile, CancellationToken cancellationToken) =>
        ExistsAsync("SELECT 1 FROM sidecars WHERE album = $0 AND fold = $1 AND file <> $2", cancellationToken, album, ExportName.Fold(name), exceptFile);

    internal Task PutNameAsync(long album, long file, ExportedName name, CancellationToken cancellationToken) => ChangeAsync(
        "INSERT OR REPLACE INTO names VALUES ($0, $1, $2, $3, $4, $5, $6)", cancellationToken,
        album, file, name.Part, name.Name, ExportName.Fold(name.Name), name.SizeBytes, name.Modified);

    internal Task ForgetNamesAsync(long album, long file, CancellationToken cancellationToken) =>
        ChangeAsync("DELETE FROM names WHERE album = $0 AND file = $1", cancellationToken, album, file);

    internal async Task ForgetFileAsync(long album, long file, CancellationToken cancellationToken)
    {
        await ForgetNamesAsync(album, file, cancellationToken);
        await ChangeAsync("DELETE FROM sidecars WHERE album = $0 AND file = $1", cancellationToken, album, file);
        await ChangeAsync("DELETE FROM files WHERE album = $0 AND file = $1", cancellationToken, album, file);
    }

    internal async Task ForgetAlbumAsync(long album, CancellationToken cancellationToken)
    {
        foreach (var table in (string[])["names", "sidecars", "files", "albums"])
        {
            await ChangeAsync($"DELETE FROM {table} WHERE album = $0", cancellationToken, album);
        }
    }

    /// <summary>Files of an album that this run did not see, at most <paramref name="limit"/> of them.</summary>
    internal Task<List<long>> UnseenFilesAsync(long album, long after, int limit, CancellationToken cancellationToken) => SelectAsync(
        "SELECT file FROM files WHERE album = $0 AND run <> $1 AND file > $2 ORDER BY file LIMIT $3",
        row => row.GetInt64(0), cancellationToken, album, _run, after, limit);

    internal async Task<long> CountFilesAsync(long album, CancellationToken cancellationToken) =>
        (await SelectAsync("SELECT count(*) FROM files WHERE album = $0", row => row.GetInt64(0), cancellationToken, album))[0];

    /// <summary>Albums that this run did not see. As many as there are albums, at most.</summary>
    internal Task<List<long>> UnseenAlbumsAsync(CancellationToken cancellationToken) => SelectAsync(
        "SELECT album FROM albums WHERE run <> $0 ORDER BY album",
        row => row.GetInt64(0), cancellationToken, _run);

    /// <summary>Records that the run came to its end, so that the next one need not look at every sidecar.</summary>
    internal async Task EndAsync(CancellationToken cancellationToken)
    {
        await SetFactAsync("ended", "yes", cancellationToken);
        await TableLoader.ExecuteAsync(_connection, "COMMIT; BEGIN", cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // What was recorded is true whether the run came to its end or not.
            await TableLoader.ExecuteAsync(_connection, "COMMIT", CancellationToken.None);
        }
        catch (SqliteException)
        {
            // A full disk, which the run has met before: the next run asks the sidecars.
            return;
        }
        finally
        {
            foreach (var command in _commands.Values)
            {
                await command.DisposeAsync();
            }

            await _connection.DisposeAsync();
        }
    }

    private static async Task<string?> FactAsync(SqliteConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT value FROM facts WHERE name = $name";
        command.Parameters.AddWithValue("$name", name);
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    private async Task<bool> ExistsAsync(string sql, CancellationToken cancellationToken, params object?[] values) =>
        (await SelectAsync(sql, _ => true, cancellationToken, values)).Count > 0;

    private async Task<List<T>> SelectAsync<T>(string sql, Func<SqliteDataReader, T> read, CancellationToken cancellationToken, params object?[] values)
    {
        await using var row = await Command(sql, values).ExecuteReaderAsync(cancellationToken);
        var found = new List<T>();
        while (await row.ReadAsync(cancellationToken))
        {
            found.Add(read(row));
        }

        return found;
    }

    private async Task ChangeAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        try
        {
            await Command(sql, values).ExecuteNonQueryAsync(cancellationToken);
            if (++_changes % ChangesPerTransaction == 0)
            {
                await TableLoader.ExecuteAsync(_connection, "COMMIT; BEGIN", cancellationToken);
            }
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is 8 or 10 or 13 or 14)
        {
            // Read-only, an I/O error, full, cannot open.
            throw ExportFolder.CannotWrite(exception);
        }
    }

    // Every file needs a dozen statements: each is prepared once.
    private SqliteCommand Command(string sql, object?[] values)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _commands[sql] = _connection.CreateCommand();
            command.CommandText = sql;
            foreach (var number in Enumerable.Range(0, values.Length))
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${number}" });
            }
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }
}
