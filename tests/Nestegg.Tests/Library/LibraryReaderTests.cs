using System.Text;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;

namespace Nestegg.Tests.Library;

public sealed class LibraryReaderTests : IDisposable
{
    private const long Me = SmallDatabase.Me;
    private readonly SmallDatabase database = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task More_files_than_a_page_come_once_and_in_order()
    {
        var first = database.AddAlbum(1, "first");
        var second = database.AddAlbum(2, "second");
        for (var id = 1; id <= 1001; id++)
        {
            var key = database.AddFile(id, $$"""{"title":"{{id}}"}""");
            database.AddToAlbum(id, key, 1, first);
            if (id % 2 == 0)
            {
                database.AddToAlbum(id, key, 2, second);
            }
        }

        var (reader, albums) = await OpenAsync();
        var files = await reader.FilesAsync(Me, albums, Token).ToListAsync(Token);
        Assert.Equal(Enumerable.Range(1, 1001).Select(id => (long)id), files.Select(file => file.Id));
        Assert.All(files, file => Assert.Equal(file.Id % 2 == 0 ? 2 : 1, file.Albums.Count));
        Assert.All(files, file => Assert.Equal($"{file.Id}", file.Name));
        Assert.Equal(500, await reader.FilesAsync(Me, [albums[1]], Token).CountAsync(Token));
        Assert.Equal(0, await reader.FilesAsync(Me, [], Token).CountAsync(Token));
    }

    [Fact]
    public async Task The_key_that_opens_the_metadata_wins_over_another_album_s_wrong_one()
    {
        var first = database.AddAlbum(1, "first");
        var second = database.AddAlbum(2, "second");
        var key = database.AddFile(7, """{"title":"x"}""");
        database.AddToAlbum(7, SecretKey.Random(), 1, first);
        database.AddToAlbum(7, key, 2, second);
        database.Insert("collection_files", 8, 2, "!", "!", 0);

        var (reader, albums) = await OpenAsync();
        var files = await reader.FilesAsync(Me, albums, Token).ToListAsync(Token);
        Assert.Equal("x", files[0].Name);
        Assert.True(key.FixedTimeEquals(files[0].Key!));
        Assert.Equal("file-key-damaged-in-album", Assert.Single(files[0].Problems).Code);
        Assert.Equal("file-row-missing", Assert.Single(files[1].Problems).Code);
    }

    [Fact]
    public async Task A_file_that_was_emptied_is_named()
    {
        var album = database.AddAlbum(1, "first");
        database.AddToAlbum(7, database.AddFile(7, "{}"), 1, album);
        database.Execute(
            "UPDATE files SET encrypted_metadata = '-', file_decryption_header = '-', thumbnail_decryption_header = '-', "
            + "metadata_decryption_header = '-'");
        var (reader, albums) = await OpenAsync();
        var file = await reader.FilesAsync(Me, albums, Token).SingleAsync(Token);
        Assert.Equal("file-scrubbed", Assert.Single(file.Problems).Code);
        Assert.Null(file.Key);
    }

    [Fact]
    public async Task A_very_old_album_has_its_name_in_the_clear_and_a_folder_its_path()
    {
        using var key = database.AddAlbum(1, "");
        var path = SecretBox.Seal("/storage/DCIM"u8, key, out var nonce);
        database.Execute(
            "UPDATE collections SET encrypted_name = NULL, name_decryption_nonce = NULL, name = 'Holiday', is_deleted = NULL, type = "
            + "'folder'");
        database.Execute(
            $$"""UPDATE collections SET attributes = '{"version":1,"encryptedPath":"{{Convert.ToBase64String(path)}}","pathDecryptionNonce":"{{Convert.ToBase64String(nonce)}}"}'""");
        var (_, albums) = await OpenAsync();
        var album = Assert.Single(albums);
        Assert.Equal(("Holiday", "/storage/DCIM", false), (album.Name, album.DevicePath, album.IsDeleted));
        Assert.DoesNotContain("Holiday", album.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sharee_s_own_view_of_an_album_is_theirs()
    {
        using var key = SecretKey.Random();
        var name = SecretBox.Seal("shared"u8, key, out var nonce);
        database.Insert("collections", 5, 99, "", "", null, "album", "{}", 1, 0, name, nonce, Magic(
            key, """{"visibility":0,"order":1}"""), null, "photos");
        database.Insert("collection_shares", 5, 99, Me, SealedBox.Seal(
            key.Bytes, [.. database.Keys.PublicKeyBytes]), 1, 0, "COLLABORATOR", Magic(key, """{"visibility":2}"""));
        var (_, albums) = await OpenAsync();
        var album = Assert.Single(albums);
        Assert.Empty(album.Problems);
        Assert.Equal(
            ("shared", "COLLABORATOR", true, Visibility.Visible, 0L),
            (album.Name, album.Role, album.IsHidden, album.Visibility, album.Order));
    }

    [Fact]
    public async Task An_Auth_code_without_FINAL_opens_and_a_damaged_one_is_named()
    {
        using var key = SecretKey.Random();
        var wrapped = WrappedKey.Wrap(key, database.MasterKey);
        database.Insert("authenticator_key", Me, wrapped.Box, wrapped.Nonce);
        const string Uri = "otpauth://totp/a?secret=A&codeDisplay=%7B%22trashed%22%3Atrue%7D";
        using var legacy = new SecretStreamEncryptor(key);
        var message = new byte[JsonSerializer.SerializeToUtf8Bytes(Uri).Length + 17];
        legacy.Encrypt(JsonSerializer.SerializeToUtf8Bytes(Uri), isLast: false, message);
        database.Insert("authenticator_entity", "1", Me, message, legacy.Header.ToArray(), 1, 0);
        database.Insert("authenticator_entity", "2", Me, SecretStream.Seal("{}"u8, key, out var header), header, 2, 0);
        database.Insert("authenticator_entity", "3", Me, message[1..], legacy.Header.ToArray(), 3, 0);
        database.Insert("authenticator_entity", "4", Me, null, null, 4, 1);

        var (reader, _) = await OpenAsync();
        var codes = await reader.AuthCodesAsync(Me, database.Keys, Token).ToListAsync(Token);
        Assert.Equal([Uri, null, null], codes.Select(code => code.Uri));
        Assert.True(codes[0].IsTrashed);
        Assert.Equal([null, "auth-code-unreadable", "auth-code-damaged"], codes.Select(code => code.Problem?.Code));
        Assert.DoesNotContain("secret", codes[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entities_open_compressed_or_not_and_without_their_key_they_are_named()
    {
        using var key = SecretKey.Random();
        var wrapped = WrappedKey.Wrap(key, database.MasterKey);
        database.Insert("entity_key", Me, "cgroup", wrapped.Box, wrapped.Nonce);
        database.Insert("entity_data", "a", Me, "cgroup", SecretStream.Seal(
            SmallDatabase.Gzip(new { name = "Oma" }), key, out var header), header, 1, 1, null);
        database.Insert("entity_data", "b", Me, "cgroup", SecretStream.Seal("""{"name":"Opa"}"""u8, key, out header), header, 2, 2, 0);
        database.Insert("entity_data", "c", Me, "memory", SecretStream.Seal("{}"u8, key, out header), header, 3, 3, 0);
        var (reader, _) = await OpenAsync();
        var entities = await reader.EntitiesAsync(Me, database.Keys, Token).ToListAsync(Token);
        Assert.Equal(["Oma", "Opa"], entities.Take(2).Select(entity => entity.Json.GetProperty("name").GetString()));
        Assert.Equal("entity-damaged", entities[2].Problem?.Code);
    }

    [Fact]
    public async Task Contacts_and_their_pictures_open()
    {
        using var root = SecretKey.Random();
        using var key = SecretKey.Random();
        var wrappedRoot = WrappedKey.Wrap(root, database.MasterKey);
        var wrapped = WrappedKey.Wrap(key, root);
        database.Insert("entity_key", Me, "contact", wrappedRoot.Box, wrappedRoot.Nonce);
        var data = Combined("""{"contactUserId":7,"name":"Bob","birthDate":"1980-01-02"}""", key);
        database.Insert("contact_entity", "c1", Me, 7, "ua_abc", (ReadOnlyMemory<byte>)(byte[])[
            .. wrapped.Nonce, .. wrapped.Box
        ], (ReadOnlyMemory<byte>)data, 0, 1);
        database.Insert("contact_entity", "c2", Me, 8, null, (ReadOnlyMemory<byte>)new byte[3], (ReadOnlyMemory<byte>)data, 0, 2);
        var (reader, _) = await OpenAsync();
        var contacts = await reader.ContactsAsync(Me, database.Keys, Token).ToListAsync(Token);
        Assert.Equal(("Bob", "1980-01-02", 7L), (contacts[0].Name, contacts[0].BirthDate, contacts[0].ContactUserId));
        Assert.Equal($"{Me}/user-attachments/profile_picture/ua_abc", contacts[0].PictureObjectKey);
        Assert.True(contacts[0].TryOpenPicture(Combined("JPEG", key), out var picture));
        Assert.Equal("JPEG", Encoding.UTF8.GetString(picture));
        Assert.False(contacts[0].TryOpenPicture(new byte[10], out _));
        Assert.Equal("contact-damaged", contacts[1].Problem?.Code);
    }

    [Fact]
    public async Task Guests_comment_and_react_under_the_name_they_gave()
    {
        using var key = database.AddAlbum(1, "party");
        var guest = Padded("Uncle Tom", key);
        var comment = SecretBox.Seal("nice!"u8, key, out var nonce);
        var heart = Padded("green_heart", key);
        database.Insert("anon_users", "g", 1, guest.Box, guest.Nonce);
        database.Insert("comments", "c", 1, 5, null, -1, "g", comment, nonce, 0, 1);
        database.Insert("comments", "d", 1, null, "c", Me, null, comment[..^1], nonce, 0, 2);
        database.Insert("reactions", "r", 1, null, "c", -1, "g", heart.Box, heart.Nonce, 0, 1);
        var (reader, albums) = await OpenAsync();
        var comments = await reader.CommentsAsync(albums, Token).ToListAsync(Token);
        Assert.Equal(("nice!", "Uncle Tom", 5L), (comments[0].Text, comments[0].GuestName, comments[0].FileId!.Value));
        Assert.Equal("comment-damaged", comments[1].Problem?.Code);
        var reaction = Assert.Single(await reader.ReactionsAsync(albums, Token).ToListAsync(Token));
        Assert.Equal(("green_heart", "Uncle Tom", "c"), (reaction.Name, reaction.GuestName, reaction.CommentId));
    }

    [Fact]
    public async Task Tables_that_an_older_instance_lacks_are_empty()
    {
        using var old = new SmallDatabase(isOld: true);
        using var key = old.AddAlbum(1, "old");
        old.AddToAlbum(7, old.AddFile(7, """{"title":"x"}"""), 1, key);
        var reader = await LibraryReader.OpenAsync(old.Connection, Token);
        var albums = await reader.AlbumsAsync(Me, old.Keys, Token);
        Assert.Equal("x", (await reader.FilesAsync(Me, albums, Token).SingleAsync(Token)).Name);
        Assert.Empty(await reader.TrashAsync(Me, albums, Token).ToListAsync(Token));
        Assert.Empty(await reader.AuthCodesAsync(Me, old.Keys, Token).ToListAsync(Token));
        Assert.Empty(await reader.EntitiesAsync(Me, old.Keys, Token).ToListAsync(Token));
        Assert.Empty(await reader.ContactsAsync(Me, old.Keys, Token).ToListAsync(Token));
        Assert.Empty(await reader.CommentsAsync(albums, Token).ToListAsync(Token));
        Assert.Empty(await reader.ReactionsAsync(albums, Token).ToListAsync(Token));
        Assert.Null(await reader.SrpRecordAsync(Me, Token));
    }

    private async Task<(LibraryReader Reader, IReadOnlyList<Album> Albums)> OpenAsync()
    {
        var reader = await LibraryReader.OpenAsync(database.Connection, Token);
        return (reader, await reader.AlbumsAsync(Me, database.Keys, Token));
    }

    private static string Magic(SecretKey key, string json)
    {
        var message = SecretStream.Seal(Encoding.UTF8.GetBytes(json), key, out var header);
        return $$"""{"version":1,"count":1,"data":"{{Convert.ToBase64String(message)}}","header":"{{Convert.ToBase64String(header)}}"}""";
    }

    private static (byte[] Box, byte[] Nonce) Padded(string text, SecretKey key)
    {
        var padded = new byte[100];
        Encoding.UTF8.GetBytes(text, padded);
        return (SecretBox.Seal(padded, key, out var nonce), nonce);
    }

    private static byte[] Combined(string text, SecretKey key)
    {
        var message = SecretStream.Seal(Encoding.UTF8.GetBytes(text), key, out var header);
        return [.. header, .. message];
    }
}
