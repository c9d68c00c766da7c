using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Nestegg.Ente;
using Nestegg.Ente.Scratch;
using SQLitePCL;

namespace Nestegg.Export;

/// <summary>
/// What earlier runs wrote into the folder: a SQLite file in it, so that memory does not grow with the library. It is a cache: when it
/// is lost it is rebuilt from the sidecars, which carry the ids. Used by one task at a time.
/// </summary>
internal sealed class ExportState : IDisposable
{
    private const string Schema = """
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

    // In the file, for a name of which nobody knows yet what was written under it.
    private const long UnknownSize = -1;

    private readonly SqliteFile file;
    private readonly long run;
    private int changes;

    private ExportState(SqliteFile file, long run, bool isFresh) => (this.file, this.run, IsFresh) = (file, run, isFresh);

    /// <summary>Nothing is known, or the last run did not end in order: what the disk holds has to be looked at.</summary>
    internal bool IsFresh { get; }

    /// <exception cref="NesteggException">Something else than a file has its name, or it cannot be written.</exception>
    internal static ExportState Open(string path)
    {
        RequireFile(path);
        try
        {
            return OpenAny(path);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB)
        {
            // Damaged, or no database: it is only a cache of what the sidecars say.
            System.IO.File.Delete(path);
            return OpenAny(path);
        }
    }

    private static void RequireFile(string path)
    {
        try
        {
            using var found = HeldFolder.TryOpenFile(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        }
        catch (StrangeEntryException failure)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the record {path} of the export is no file but a link, a folder, a pipe, a socket or a device",
                $"remove {path}: the next run makes it again from the files in {Sidecar.FolderName}", failure);
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            throw ExportFolder.CannotWrite(failure);
        }
    }

    private static ExportState OpenAny(string path)
    {
        var file = SqliteFile.OpenDurable(path, ExportFolder.CannotWrite);
        try
        {
            file.Execute(Schema);
            var run = long.Parse(Fact(file, "run") ?? "0", CultureInfo.InvariantCulture) + 1;
            var isFresh = Fact(file, "ended") != "yes";
            file.Execute($"INSERT OR REPLACE INTO facts VALUES ('run', '{run}'), ('ended', 'no')");
            file.Begin();
            return new ExportState(file, run, isFresh);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Takes the folder for an account.</summary>
    /// <exception cref="NesteggException">It is another one's.</exception>
    internal void Claim(long userId, string root)
    {
        var account = userId.ToString(CultureInfo.InvariantCulture);
        if (Fact(file, "account") is { } other && other != account)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"{root} holds the export of another account ({other})",
                "give each account a folder of its own with --to");
        }

        SetFact("account", account);
    }

    internal ExportedAlbum? Album(long album) =>
        file.Rows("SELECT folder, name FROM albums WHERE album = ?", album)
            .Select(row => new ExportedAlbum(row.Text(0), row.Text(1))).FirstOrDefault();

    internal bool IsFolderTaken(string folder) => file.Rows("SELECT 1 FROM albums WHERE fold = ?", ExportName.Fold(folder)).Any();

    internal void PutAlbum(long album, ExportedAlbum exported) => Change(
        "INSERT OR REPLACE INTO albums VALUES (?, ?, ?, ?, ?)",
        album, exported.Folder, ExportName.Fold(exported.Folder), exported.Name, run);

    internal ExportedFile? File(long album, long id) =>
        file.Rows("SELECT stamp, title, sidecar FROM files WHERE album = ? AND file = ?", album, id)
            .Select(row => new ExportedFile(row.IsNull(0) ? null : row.Text(0), row.Text(1), row.Text(2))).FirstOrDefault();

    /// <summary>Records a file as seen in this run.</summary>
    internal void PutFile(long album, long id, ExportedFile exported)
    {
        Debug.Assert(exported.SidecarName.Length > 0, "A file that was written has a sidecar.");
        Change(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", album, id, exported.Stamp, exported.Title, exported.SidecarName, run);
        Change("INSERT OR REPLACE INTO sidecars VALUES (?, ?, ?)", album, id, ExportName.Fold(exported.SidecarName));
    }

    internal void TouchFile(long album, long id) => Change("UPDATE files SET run = ?3 WHERE album = ?1 AND file = ?2", album, id, run);

    /// <summary>The names of a file in an album, by part.</summary>
    internal List<ExportedName> Names(long album, long id) =>
        [.. file.Rows("SELECT name, part, size, modified FROM names WHERE album = ? AND file = ? ORDER BY part", album, id)
            .Select(row => new ExportedName(row.Text(0), (FilePart)row.Integer(1), Written(row.Integer(2), row.Integer(3))))];

    /// <summary>The names of a file's content in an album, by part.</summary>
    internal List<ExportedName> ContentNames(long album, long id) => Names(album, id).FindAll(name => name.Part != FilePart.Xmp);

    internal ExportedName? XmpName(long album, long id) => Names(album, id).Find(name => name.Part == FilePart.Xmp);

    /// <summary>The albums that hold the same content of a file.</summary>
    internal List<long> AlbumsWith(long id, string stamp) =>
        [.. file.Rows("SELECT album FROM files WHERE file = ? AND stamp = ? ORDER BY album", id, stamp).Select(row => row.Integer(0))];

    internal bool IsNameTaken(long album, string name, long exceptFile) =>
        file.Rows("SELECT 1 FROM names WHERE album = ? AND fold = ? AND file <> ?", album, ExportName.Fold(name), exceptFile).Any();

    internal bool IsSidecarTaken(long album, string name, long exceptFile) =>
        file.Rows("SELECT 1 FROM sidecars WHERE album = ? AND fold = ? AND file <> ?", album, ExportName.Fold(name), exceptFile).Any();

    internal void PutName(long album, long id, ExportedName name) => Change(
        "INSERT OR REPLACE INTO names VALUES (?, ?, ?, ?, ?, ?, ?)",
        album, id, (int)name.Part, name.Name, ExportName.Fold(name.Name),
        name.Written?.SizeBytes ?? UnknownSize, name.Written?.ModifiedUtc.Ticks ?? 0);

    internal void ForgetNames(long album, long id) => Change("DELETE FROM names WHERE album = ? AND file = ?", album, id);

    internal void ForgetFile(long album, long id)
    {
        ForgetNames(album, id);
        Change("DELETE FROM sidecars WHERE album = ? AND file = ?", album, id);
        Change("DELETE FROM files WHERE album = ? AND file = ?", album, id);
    }

    internal void ForgetAlbum(long album)
    {
        foreach (var table in (string[])["names", "sidecars", "files", "albums"])
        {
            Change($"DELETE FROM {table} WHERE album = ?", album);
        }
    }

    /// <summary>Files of an album that this run did not see, at most <paramref name="limit"/> of them.</summary>
    internal List<long> UnseenFiles(long album, long after, int limit) =>
        [.. file.Rows("SELECT file FROM files WHERE album = ? AND run <> ? AND file > ? ORDER BY file LIMIT ?", album, run, after, limit)
            .Select(row => row.Integer(0))];

    internal long CountFiles(long album) =>
        file.Rows("SELECT count(*) FROM files WHERE album = ?", album).Select(row => row.Integer(0)).First();

    /// <summary>Albums that this run did not see. As many as there are albums, at most.</summary>
    internal List<long> UnseenAlbums() =>
        [.. file.Rows("SELECT album FROM albums WHERE run <> ? ORDER BY album", run).Select(row => row.Integer(0))];

    /// <summary>Records that the run came to its end, so that the next one need not look at every sidecar.</summary>
    internal void End()
    {
        SetFact("ended", "yes");
        file.Commit();
        file.Begin();
    }

    public void Dispose()
    {
        try
        {
            // What was recorded is true whether the run came to its end or not.
            file.Commit();
        }
        catch (Exception failure) when (failure is NesteggException or SqliteException)
        {
            // A full disk, which the run has met before: the next run asks the sidecars.
        }
        finally
        {
            file.Dispose();
        }
    }

    private static WrittenState? Written(long sizeBytes, long modifiedTicks) =>
        sizeBytes == UnknownSize ? null : new WrittenState(sizeBytes, new DateTime(modifiedTicks, DateTimeKind.Utc));

    private static string? Fact(SqliteFile file, string name) =>
        file.Rows("SELECT value FROM facts WHERE name = ?", name).Select(row => row.Text(0)).FirstOrDefault();

    private void SetFact(string name, string value) => Change("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value);

    private void Change(string sql, params ReadOnlySpan<SqliteValue> values)
    {
        file.Run(sql, values);
        if (++changes % ChangesPerTransaction == 0)
        {
            file.Commit();
            file.Begin();
        }
    }
}
