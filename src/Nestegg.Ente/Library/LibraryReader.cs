using System.Data.Common;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Cryptography;
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
public sealed class LibraryReader
{
    private readonly AccountReader accounts;
    private readonly AlbumReader albums;
    private readonly FileReader files;
    private readonly PersonalReader personal;
    private readonly SocialReader social;
    private readonly LinkReader links;
    private readonly RecoveryReader recovery;

    private LibraryReader(EnteRows rows)
    {
        Catalog = rows.Catalog;
        accounts = new AccountReader(rows);
        albums = new AlbumReader(rows);
        files = new FileReader(rows);
        personal = new PersonalReader(rows);
        social = new SocialReader(rows);
        links = new LinkReader(rows);
        recovery = new RecoveryReader(rows, accounts);
    }

    /// <summary>What tables and columns there are.</summary>
    public EnteCatalog Catalog { get; }

    /// <summary>Looks at what the database has.</summary>
    /// <param name="connection">Open; stays the caller's.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public static async Task<LibraryReader> OpenAsync(DbConnection connection, CancellationToken cancellationToken) =>
        new(await EnteRows.OpenAsync(connection, cancellationToken));

    /// <summary>All accounts, by id.</summary>
    /// <param name="secrets">museum's; null to leave the addresses closed.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public IAsyncEnumerable<LibraryUser> UsersAsync(MuseumSecrets? secrets, CancellationToken cancellationToken) =>
        accounts.UsersAsync(secrets, cancellationToken);

    /// <summary>
    /// Finds accounts by address: the one that has the hash that museum looks up, then those whose address opens to it.
    /// More than one comes back when an account was made again after <c>key.hash</c> had changed.
    /// </summary>
    /// <param name="email">As typed.</param>
    /// <param name="secrets">museum's; what it lacks is not tried.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public Task<IReadOnlyList<LibraryUser>> FindUsersAsync(string email, MuseumSecrets secrets, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        return accounts.FindAsync(email, secrets, cancellationToken);
    }

    /// <summary>An account by its id; null when there is none.</summary>
    /// <param name="userId">The id.</param>
    /// <param name="secrets">museum's; null to leave the address closed.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public Task<LibraryUser?> FindUserAsync(long userId, MuseumSecrets? secrets, CancellationToken cancellationToken) =>
        accounts.FindAsync(userId, secrets, cancellationToken);

    /// <summary>An account's wrapped keys; null when it has none.</summary>
    public Task<KeyAttributes?> KeyAttributesAsync(long userId, CancellationToken cancellationToken) =>
        accounts.KeyAttributesAsync(userId, cancellationToken);

    /// <summary>An account's login record; null when it has none.</summary>
    public Task<SrpRecord?> SrpRecordAsync(long userId, CancellationToken cancellationToken) =>
        accounts.SrpRecordAsync(userId, cancellationToken);

    /// <summary>
    /// The albums that a person owns, the deleted ones among them, and those that others share with them, by id. All are held in
    /// memory: about 1 KB an album, of which a person has tens to thousands. The caller disposes them.
    /// </summary>
    public Task<KeyedList<Album>> AlbumsAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return albums.ReadAsync(userId, keys, cancellationToken);
    }

    /// <summary>
    /// The files of some albums, by id, each once with those of the albums that it is in. Reads in pages of 500 and holds one page;
    /// the connection is free between two files. The caller disposes each file.
    /// </summary>
    /// <param name="userId">Who looks: what only an owner may know is given to the owner.</param>
    /// <param name="albums">From <see cref="AlbumsAsync"/>.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public IAsyncEnumerable<LibraryFile> FilesAsync(long userId, IReadOnlyCollection<Album> albums, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(albums);
        return files.ReadAsync(userId, albums, cancellationToken);
    }

    /// <summary>
    /// The files in a person's trash, by id, as <see cref="FilesAsync"/> gives files. Those deleted for good are not among them.
    /// </summary>
    /// <param name="userId">The person.</param>
    /// <param name="albums">All of the person's albums, the deleted ones too: their keys open what was in them.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public IAsyncEnumerable<LibraryFile> TrashAsync(long userId, IReadOnlyCollection<Album> albums, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(albums);
        return files.ReadTrashAsync(userId, albums, cancellationToken);
    }

    /// <summary>How much <see cref="FilesAsync"/> and <see cref="TrashAsync"/> will give.</summary>
    /// <param name="userId">The person whose trash is counted.</param>
    /// <param name="albums">The albums whose files are counted.</param>
    /// <param name="cancellationToken">Stops the counting.</param>
    public Task<FileTotals> CountFilesAsync(long userId, IReadOnlyCollection<Album> albums, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(albums);
        return files.CountAsync(userId, albums, cancellationToken);
    }

    /// <summary>A person's codes of Ente Auth, the oldest first.</summary>
    public IAsyncEnumerable<AuthCode> AuthCodesAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return personal.AuthCodesAsync(userId, keys, cancellationToken);
    }

    /// <summary>What the apps remember for a person: places, people, smart albums, memories.</summary>
    public IAsyncEnumerable<UserEntity> EntitiesAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return personal.EntitiesAsync(userId, keys, cancellationToken);
    }

    /// <summary>What a person noted about others. The caller disposes each.</summary>
    public IAsyncEnumerable<Contact> ContactsAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return personal.ContactsAsync(userId, keys, cancellationToken);
    }

    /// <summary>The comments on some albums and their files, the oldest first.</summary>
    public IAsyncEnumerable<Comment> CommentsAsync(IReadOnlyCollection<Album> albums, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(albums);
        return social.CommentsAsync(albums, cancellationToken);
    }

    /// <summary>The reactions to some albums, their files and comments, the oldest first.</summary>
    public IAsyncEnumerable<Reaction> ReactionsAsync(IReadOnlyCollection<Album> albums, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(albums);
        return social.ReactionsAsync(albums, cancellationToken);
    }

    /// <summary>A person's links to memories, by id. Holds the ids of all their files: about 30 a link.</summary>
    public IAsyncEnumerable<MemoryShare> MemorySharesAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return links.MemorySharesAsync(userId, keys, cancellationToken);
    }

    /// <summary>
    /// A person's links to single files, by id. Links of before November 2025 end in the file's key itself, so their rows hold nothing to
    /// open, and they are left out. Each takes the time and memory that its row asks for: 64 MiB.
    /// </summary>
    public IAsyncEnumerable<SharedFileLink> FileLinksAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return links.FileLinksAsync(userId, keys, cancellationToken);
    }

    /// <summary>
    /// The accounts that others entrusted to a person, Ente's "legacy", by id. What a person entrusted to others, only those can open. The
    /// caller disposes each.
    /// </summary>
    public IAsyncEnumerable<EntrustedAccount> EntrustedAccountsAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return recovery.EntrustedAccountsAsync(userId, keys, cancellationToken);
    }

    /// <summary>A person's legacy kits, the oldest first.</summary>
    public IAsyncEnumerable<LegacyKit> LegacyKitsAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return recovery.LegacyKitsAsync(userId, keys, cancellationToken);
    }
}
