using System.Text.Json;
using Microsoft.Data.Sqlite;
using Nestegg.Ente.Json;
using Nestegg.Ente.Scratch;

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

    private readonly ScratchDatabase file;
    private readonly Dictionary<string, long> people = new(StringComparer.OrdinalIgnoreCase);

    private readonly List<(long AlbumId, string Why)> refused = [];

    private LiveLibrary(ScratchDatabase file) => this.file = file;

    /// <summary>The tables. Belongs to this object.</summary>
    public SqliteConnection Connection => file.Connection;

    /// <summary>
    /// The user ids of the people whose albums and shares the account sees, by address. Holds as many entries as there are people.
    /// </summary>
    public IReadOnlyDictionary<string, long> People => people;

    /// <summary>
    /// The albums whose files museum did not list, and why: deleted or no longer shared since the list of albums was made.
    /// </summary>
    public IReadOnlyList<(long AlbumId, string Why)> Refused => refused;

    /// <summary>Asks for everything but the bytes.</summary>
    /// <param name="session">Signed in for Photos or Locker.</param>
    /// <param name="temporaryFolder">Where the file is made; <see langword="null"/> for the system's folder for temporary files.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="EnteException">museum does not answer, or refuses.</exception>
    /// <exception cref="ScratchException">The temporary folder is not there, is full, or cannot be written.</exception>
    public static async Task<LiveLibrary> ReadAsync(MuseumSession session, string? temporaryFolder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        var library = new LiveLibrary(ScratchDatabase.Create(temporaryFolder));
        try
        {
            library.file.Execute(LiveTables.Schema);
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
        var tables = new LiveTables(file, session.UserId);
        people[session.Email] = session.UserId;
        using (var keys = JsonDocument.Parse(session.KeyAttributesJson))
        {
            tables.AddAccount(keys.RootElement);
        }

        file.Begin();
        var known = await AlbumsAsync(session, tables, cancellationToken);
        await TrashAsync(session, tables, known, cancellationToken);
        await EntitiesAsync(session, tables, cancellationToken);
        file.Commit();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return ValueTask.CompletedTask;
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
            tables.AddCollection(album);
            Remember(album);
            if (album.Flag("isDeleted"))
            {
                continue;
            }

            await foreach (var file in session.FilesAsync(
                id, answer => refused.Add((id, $"museum answered {(int)answer.Status} {answer.Code}".TrimEnd())), cancellationToken))
            {
                // Removed entries are marks for clients that had the file; they have no content.
                if (!file.Flag("isDeleted"))
                {
                    tables.AddFile(file, isTrashed: false);
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
                    tables.AddCollection(album.Body.Member("collection"));
                }
            }

            tables.AddFile(entry.Member("file"), isTrashed: true);
            tables.AddTrash(entry);
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

            tables.AddKey("entity_key", type, key.Body);
            await foreach (var entity in session.EntitiesAsync(type, cancellationToken))
            {
                tables.AddEntity("entity_data", type, entity);
            }
        }

        await foreach (var contact in session.ContactsAsync(cancellationToken))
        {
            tables.AddContact(contact);
        }

        using var authenticator = await session.AuthenticatorKeyAsync(cancellationToken);
        if (authenticator is not null)
        {
            tables.AddKey("authenticator_key", null, authenticator.Body);
            await foreach (var code in session.AuthenticatorEntitiesAsync(cancellationToken))
            {
                tables.AddEntity("authenticator_entity", null, code);
            }
        }
    }

    private void Remember(JsonElement album)
    {
        foreach (var person in album.List("sharees").Append(album.Member("owner")))
        {
            if (person.Text("email") is { Length: > 0 } email && person.Integer("id") is { } id)
            {
                people[email] = id;
            }
        }
    }
}
