using Microsoft.Data.Sqlite;

namespace Nestegg.Ente.Scratch;

/// <summary>
/// A SQLite database for what does not fit into memory, in a private temporary file (mode 0600, in a <see cref="ScratchFolder"/>). The
/// file is removed on dispose and, after a crash, by the next run.
/// </summary>
internal sealed class ScratchDatabase : SqliteFile
{
    private const string FileName = "scratch.sqlite";

    private readonly ScratchFolder folder;
    private readonly string path;

    private ScratchDatabase(ScratchFolder folder, string path)
        : base(path, isDurable: false, failure => Explain(folder, failure)) => (this.folder, this.path) = (folder, path);

    /// <param name="parent">Where its folder is made; <see langword="null"/> for <see cref="ScratchFolder.SystemFolder"/>.</param>
    /// <exception cref="ScratchException">The folder cannot be used, now or when the file is written.</exception>
    public static ScratchDatabase Create(string? parent = null)
    {
        var folder = ScratchFolder.Create(parent);
        try
        {
            return new ScratchDatabase(folder, folder.CreateFile(FileName));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A database with these tables, in a transaction that is never committed: nobody but this connection reads it, and it sees what it has
    /// changed.
    /// </summary>
    public static ScratchDatabase CreateWith(string schema)
    {
        var database = Create();
        try
        {
            database.Execute(schema);
            database.Begin();
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Opens the same file once more, for a reader in parallel; to be disposed of before this object.</summary>
    public SqliteFile OpenAnother() => new(path, isDurable: false, failure => Explain(folder, failure));

    public override void Dispose()
    {
        base.Dispose();
        folder.Dispose();
    }

    private static ScratchException Explain(ScratchFolder folder, SqliteException failure) => new(folder.Parent, failure);
}
