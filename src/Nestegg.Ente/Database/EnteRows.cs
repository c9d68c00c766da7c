using System.Data.Common;
using System.Runtime.CompilerServices;

namespace Nestegg.Ente.Database;

/// <summary>An open database of Ente, live or made from an archive, with what its schema has. Not for use by several threads.</summary>
internal sealed class EnteRows(DbConnection connection, EnteCatalog catalog)
{
    internal DbConnection Connection => connection;

    internal EnteCatalog Catalog => catalog;

    /// <summary>Looks at what an open database has; it stays the caller's.</summary>
    internal static async Task<EnteRows> OpenAsync(DbConnection connection, CancellationToken cancellationToken) =>
        new(connection, await EnteCatalog.ReadAsync(connection, cancellationToken));

    /// <summary>Streams the rows of a query; a row is valid until the next, and the connection is busy meanwhile.</summary>
    internal async IAsyncEnumerable<DbDataReader> ReadAsync(
        string sql, [EnumeratorCancellation] CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return reader;
        }
    }
}
