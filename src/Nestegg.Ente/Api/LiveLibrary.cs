using System.Text.Json;
using Microsoft.Data.Sqlite;
using Nestegg.Ente.Database;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Api;

/// <summary>
/// A live museum's answers about one account, in a private temporary SQLite file with the tables and columns of museum's own database:
/// readers of a snapshot read it without knowing the difference. Everything in it is as encrypted as museum gave it. The file is
/// removed on dispose and, after a crash, by the next run. The bytes of files are fetched when they are asked for.
/// </summary>
public sealed class LiveLibrary : IAsyncDisposable
{
    // What Ente's apps keep as entities; museum answers 404 for kinds that an account has not used.
    private static readonly string[] EntityTypes = ["location", "cgroup", "smart_album", "memory", "person", "contact"];

    private readonly PrivateFolder _folder;
    private readonly Dictionary<string, long> _people = new(StringComparer.OrdinalIgnoreCase);

    private readonly List<(long AlbumId, string Why)> _refused = [];

    private LiveLibrary(PrivateFolder folder, SqliteConnection connection) => (_folder, Connection) = (folder, connection);

    /// <summary>The tables. Belongs to this object.</summary>
    public SqliteConnection Connection { get; }

    /// <summary>The user ids of the people whose albums and shares the account sees, by address. Holds as many entries as there are people.</summary>
    public IReadOnlyDictionary<string, long> People => _people;

    /// <summary>The albums whose files museum did not list, and why: deleted or no longer shared since the list of albums was made.</summary>
    public IReadOnlyList<(long AlbumId, string Why)> Refused => _refused;

    /// <summary>Asks for everything but the bytes.</summary>
    /// <param name="session">Signed in for Photos or Locker.</param>
    /// <param name="temporaryFolder">Where the private folder is made.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="EnteException">museum does not answer, or refuses.</exception>
    public static async Task<LiveLibrary> ReadAsync(MuseumSession session, string temporaryFolder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        var folder = PrivateFolder.Create(temporaryFolder);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = folder.CreateFile("live.sqlite"), Pooling = false }.ToString());
        var library = new LiveLibrary(folder, connection);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await TableLoader.ExecuteAsync(connection, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768;" + LiveTables.Schema, cancellationToken);
            await library.AddAsync(session, cancellationToken);
            return library;
        }
        catch
        {
            await library.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds what a session for another app of the same account sees.</summary>
    public async Task AddAsync(MuseumSession session, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        var tables = new LiveTables(Connection, session.UserId);
        _people[session.Email] = session.UserId;
        using (var keys = JsonDocument.Parse(session.KeyAttributesJson))
        {
            await tables.AccountAsync(keys.RootElement, cancellationToken);
        }

        await TableLoader.ExecuteAsync(Connection, "BEGIN", cancellationToken);
        var known = await AlbumsAsync(session, tables, cancellationToken);
        await TrashAsync(session, tables, known, cancellationToken);
        await EntitiesAsync(session, tables, cancellationToken);
        await TableLoader.ExecuteAsync(Connection, "COMMIT", cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<HashSet<long>> AlbumsAsync(MuseumSession session, LiveTables tables, CancellationToken cancellationToken)
    {
        var known = new HashSet<long>();
        using var answer = await session.CollectionsAsync(cancellationToken);
        foreach (var album in answer.Body.List("collections"))
        {
            if (album.Integer("id") is not { } id)
            {
                continue;
            }

            known.Add(id);
            await tables.CollectionAsync(album, cancellationToken);
            Remember(album);
            if (album.Flag("isDeleted"))
            {
                continue;
            }

            await foreach (var file in session.FilesAsync(id, answer => _refused.Add((id, $"museum answered {(int)answer.Status} {answer.Code}".TrimEnd())), cancellationToken))
            {
                // Removed entries are marks for clients that had the file; they have no content.
                if (!file.Flag("isDeleted"))
                {
                    await tables.FileAsync(file, isTrashed: false, cancellationToken);
                }
            }
        }

        return known;
    }

    private static async Task TrashAsync(MuseumSession session, LiveTables tables, HashSet<long> known, CancellationToken cancellationToken)
    {
        await foreach (var entry in session.TrashAsync(cancellationToken))
        {
            if (entry.Flag("isDeleted") || entry.Flag("isRestored") || entry.Member("file").Integer("collectionID") is not { } albumId)
            {
                continue;
            }

            // The list of albums may leave out deleted ones, whose keys the trash still needs.
            if (known.Add(albumId) && await session.CollectionAsync(albumId, cancellationToken) is { } album)
            {
                using (album)
                {
                    await tables.CollectionAsync(album.Body.Member("collection"), cancellationToken);
                }
            }

            await tables.FileAsync(entry.Member("file"), isTrashed: true, cancellationToken);
            await tables.TrashAsync(entry, cancellationToken);
        }
    }

    private static async Task EntitiesAsync(MuseumSession session, LiveTables tables, CancellationToken cancellationToken)
    {
        foreach (var type in EntityTypes)
        {
            using var key = await session.EntityKeyAsync(type, cancellationToken);
            if (key is null)
            {
                continue;
            }

            await tables.KeyAsync("entity_key", type, key.Body, cancellationToken);
            await foreach (var entity in session.EntitiesAsync(type, cancellationToken))
            {
                await tables.EntityAsync("entity_data", type, entity, cancellationToken);
            }
        }

        await foreach (var contact in session.ContactsAsync(cancellationToken))
        {
            await tables.ContactAsync(contact, cancellationToken);
        }

        using var authenticator = await session.AuthenticatorKeyAsync(cancellationToken);
        if (authenticator is not null)
        {
            await tables.KeyAsync("authenticator_key", null, authenticator.Body, cancellationToken);
            await foreach (var code in session.AuthenticatorEntitiesAsync(cancellationToken))
            {
                await tables.EntityAsync("authenticator_entity", null, code, cancellationToken);
            }
        }
    }

    private void Remember(JsonElement album)
    {
        foreach (var person in album.List("sharees").Append(album.Member("owner")))
        {
            if (person.Text("email") is { Length: > 0 } email && person.Integer("id") is { } id)
            {
                _people[email] = id;
            }
        }
    }
}
