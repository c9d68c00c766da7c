using System.Data.Common;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Library;

/// <summary>
/// Reads what an Ente database holds and opens it with a person's keys. The database is a live PostgreSQL or the SQLite file made
/// from an archive; both have the same tables. Older schemas lack some, which are then empty. Damage is data: what does not open is
/// given with its <see cref="LibraryProblem"/>s, and the rest goes on.
/// </summary>
/// <remarks>
/// Not for use by several threads. While one of the sequences is being enumerated, the connection is busy, except for
/// <see cref="FilesAsync"/> and <see cref="TrashAsync"/>, which read in pages.
/// </remarks>
public sealed partial class LibraryReader
{
    private readonly DbConnection _connection;

    private LibraryReader(DbConnection connection, EnteCatalog catalog) => (_connection, Catalog) = (connection, catalog);

    /// <summary>What tables and columns there are.</summary>
    public EnteCatalog Catalog { get; }

    /// <summary>Looks at what the database has.</summary>
    /// <param name="connection">Open; stays the caller's.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public static async Task<LibraryReader> OpenAsync(DbConnection connection, CancellationToken cancellationToken) =>
        new(connection, await EnteCatalog.ReadAsync(connection, cancellationToken));

    private DbCommand Command(string sql, params (string Name, object Value)[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>Streams the rows of a query; the row is valid until the next.</summary>
    private async IAsyncEnumerable<DbDataReader> RowsAsync(
        string sql, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return reader;
        }
    }
}
