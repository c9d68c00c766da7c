using System.Security.Cryptography;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Ente.Objects;
using Nestegg.TestKit;

[assembly: AssemblyFixture(typeof(Nestegg.IntegrationTests.Library.FamilyAccounts))]

namespace Nestegg.IntegrationTests.Library;

/// <summary>Everything that an independent reader saw of the recorded instance is seen, from both sources and by both ways in.</summary>
public sealed class FamilyLibraryTests(FamilyDatabases databases, FamilyAccounts accounts) : IClassFixture<FamilyDatabases>
{
    private static readonly string[] Apps = ["photos", "locker"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("t1", "postgres", "password")]
    [InlineData("t1", "archive", "recovery key")]
    [InlineData("t2", "postgres", "recovery key")]
    [InlineData("t2", "archive", "password")]
    public async Task Albums_files_and_hashes_are_those_that_were_recorded(string moment, string source, string way)
    {
        await using var connection = await databases.OpenAsync(source, moment, Token);
        var reader = await LibraryReader.OpenAsync(connection, Token);
        var objects = FixtureFolder.Objects(moment).ToDictionary(found => found.Key, found => found.FilePath);
        foreach (var (email, password, recoveryKey, userId) in FamilyAccounts.At(moment))
        {
            var attributes = await reader.KeyAttributesAsync(userId, Token);
            Assert.NotNull(attributes);
            using var keys = way == "password" ? accounts.OpenByPassword(attributes, password) : FamilyAccounts.OpenByRecoveryKey(attributes, recoveryKey);
            var albums = await reader.AlbumsAsync(userId, keys, Token);
            Assert.All(albums, album => Assert.Empty(album.Problems));

            var expected = FamilyAccounts.Expected(moment, email);
            foreach (var app in Apps)
            {
                var live = albums.Where(album => album.App == app && !album.IsDeleted).ToList();
                var wanted = expected.TryGetProperty(app, out var list) ? list.EnumerateArray().ToList() : [];
                Assert.Equal(wanted.Select(album => album.GetProperty("id").GetInt64()).Order(), live.Select(album => album.Id));
                foreach (var album in wanted) await CompareAsync(album, live, reader, userId, objects);
            }

            var codes = await reader.AuthCodesAsync(userId, keys, Token).Select(code => code.Uri).ToListAsync(Token);
            var wantedCodes = expected.TryGetProperty("auth", out var auth) ? auth.EnumerateArray().Select(code => code.GetString()).ToList() : [];
            Assert.Equal(wantedCodes, codes);
        }
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("archive")]
    public async Task What_is_in_two_albums_comes_once_with_both(string source)
    {
        await using var connection = await databases.OpenAsync(source, "t1", Token);
        var (reader, keys, userId) = await AliceAsync(connection, "t1");
        using (keys)
        {
            var albums = (await reader.AlbumsAsync(userId, keys, Token)).Where(album => !album.IsDeleted).ToList();
            var files = await reader.FilesAsync(userId, albums, Token).ToListAsync(Token);
            Assert.Equal(files.Select(file => file.Id).Distinct(), files.Select(file => file.Id));
            Assert.Equal(files.Select(file => file.Id).Order(), files.Select(file => file.Id));
            Assert.Equal(2, files.Count(file => file.Albums.Select(album => album.Name).Order().SequenceEqual(["Family", "Japan 2023"])));
            Assert.Equal(2, files.Count(file => file.Albums.Any(album => album.Name == ".hidden") && file.IsHidden));
            Assert.Equal("New year on the roof", files.Single(file => file.Id == 10000005).Caption);
            Assert.NotNull(files.Single(file => file.Id == 10000005).Location);
        }
    }

    [Theory]
    [InlineData("t1", "postgres", 2)]
    [InlineData("t2", "postgres", 7)]
    [InlineData("t2", "archive", 7)]
    public async Task The_trash_opens_even_when_its_album_is_gone(string moment, string source, int expected)
    {
        await using var connection = await databases.OpenAsync(source, moment, Token);
        var (reader, keys, userId) = await AliceAsync(connection, moment);
        using (keys)
        {
            var albums = await reader.AlbumsAsync(userId, keys, Token);
            var trash = await reader.TrashAsync(userId, albums, Token).ToListAsync(Token);
            Assert.Equal(expected, trash.Count);
            Assert.All(trash, file =>
            {
                Assert.Empty(file.Problems);
                Assert.NotNull(file.Name);
                Assert.True(file.TrashedUntil > 1_790_000_000_000_000);
            });
            Assert.Equal(moment == "t2", trash.Any(file => file.Albums.Single().IsDeleted));
        }
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("archive")]
    public async Task Places_people_comments_reactions_and_derived_data_open(string source)
    {
        await using var connection = await databases.OpenAsync(source, "t1", Token);
        var (reader, keys, userId) = await AliceAsync(connection, "t1");
        using (keys)
        {
            var entities = await reader.EntitiesAsync(userId, keys, Token).ToListAsync(Token);
            Assert.Equal(["cgroup", "location"], entities.Select(entity => entity.Type));
            Assert.All(entities, entity => Assert.Null(entity.Problem));
            Assert.All(entities, entity => Assert.NotEmpty(entity.Json.GetProperty("name").GetString()!));
            Assert.Empty(await reader.ContactsAsync(userId, keys, Token).ToListAsync(Token));

            var albums = await reader.AlbumsAsync(userId, keys, Token);
            var comment = Assert.Single(await reader.CommentsAsync(albums, Token).ToListAsync(Token));
            Assert.Equal(10000043, comment.FileId);
            Assert.False(string.IsNullOrEmpty(comment.Text));
            Assert.Equal("green_heart", Assert.Single(await reader.ReactionsAsync(albums, Token).ToListAsync(Token)).Name);
            await OpenDerivedDataAsync(reader, userId, albums);
        }
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("archive")]
    public async Task An_account_is_found_by_hash_by_opening_addresses_or_not_at_all(string source)
    {
        await using var connection = await databases.OpenAsync(source, "t1", Token);
        var reader = await LibraryReader.OpenAsync(connection, Token);
        var settings = await File.ReadAllTextAsync(Path.Combine(FixtureFolder.Instance, "museum.yaml"), Token);
        using var secrets = Secrets(settings);
        using var onlyHash = Secrets($"key: {{ encryption: none, hash: {Convert.ToBase64String(Setting(settings, "hash: "))} }}");
        using var wrongHash = Secrets($"key: {{ encryption: {Convert.ToBase64String(Setting(settings, "encryption: "))}, hash: {Convert.ToBase64String(new byte[64])} }}");
        using var onlyWrongHash = Secrets($"key: {{ encryption: none, hash: {Convert.ToBase64String(new byte[64])} }}");
        const string Carol = " Carol.O-Neil+photos@NESTEGG.example";
        var byHash = Assert.Single(await reader.FindUsersAsync(Carol, onlyHash, Token));
        var byAddress = Assert.Single(await reader.FindUsersAsync(Carol, wrongHash, Token));
        Assert.Equal(byHash.Id, byAddress.Id);
        Assert.Equal("carol.o-neil+photos@nestegg.example", byAddress.Email);
        Assert.True(byAddress.HasKeys);
        Assert.Equal(byHash.Id, Assert.Single(await reader.FindUsersByAddressAsync(Carol, secrets, Token)).Id);
        Assert.Empty(await reader.FindUsersAsync("nobody@nestegg.example", secrets, Token));
        Assert.Empty(await reader.FindUsersAsync(Carol, onlyWrongHash, Token));
        Assert.Null(await reader.KeyAttributesAsync(1, Token));
        Assert.Null(await reader.FindUserAsync(1, null, Token));
        Assert.Equal(3, await reader.UsersAsync(secrets, Token).CountAsync(user => user.Email is not null, Token));
    }

    [Fact]
    public async Task The_login_record_fits_the_password_and_tells_it_from_damage()
    {
        await using var connection = await databases.OpenAsync("postgres", "t2", Token);
        var reader = await LibraryReader.OpenAsync(connection, Token);
        var (_, password, _, userId) = FamilyAccounts.At("t2").Single(account => account.Email.StartsWith("bob", StringComparison.Ordinal));
        var attributes = (await reader.KeyAttributesAsync(userId, Token))!;
        var login = await reader.SrpRecordAsync(userId, Token);
        Assert.NotNull(login);
        Assert.True(KeyChain.TryDeriveKey(attributes, System.Text.Encoding.UTF8.GetBytes(password), out var passwordKey, out _));
        using (passwordKey)
        {
            var damaged = attributes with { MasterKey = attributes.MasterKey! with { Nonce = new byte[24] } };
            Assert.Equal(OpenOutcome.Damaged, KeyChain.OpenWithPasswordKey(damaged, passwordKey, login).Outcome);
            Assert.Equal(OpenOutcome.WrongPassword, KeyChain.OpenWithPasswordKey(attributes, SecretKey.Random(), login).Outcome);
        }
    }

    [Fact]
    public async Task A_damaged_row_is_named_and_the_rest_still_opens()
    {
        await using var connection = await databases.OpenAsync("postgres", "t1", Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = """
                UPDATE files SET encrypted_metadata = substr(encrypted_metadata, 9) WHERE file_id = 10000020;
                UPDATE files SET pub_magic_metadata = '{"data":"AAAA","header":5}' WHERE file_id = 10000042;
                UPDATE files SET file_decryption_header = '!' WHERE file_id = 10000043;
                UPDATE collection_files SET encrypted_key = (SELECT encrypted_key FROM collection_files WHERE file_id = 10000044 LIMIT 1) WHERE file_id = 10000045;
                DELETE FROM object_keys WHERE file_id = 10000046;
                UPDATE collections SET encrypted_name = 'AAAA' WHERE collection_id = 1580559962386439;
                UPDATE collections SET encrypted_key = 'AAAA' WHERE collection_id = 1580559962386443;
                """;
            await command.ExecuteNonQueryAsync(Token);
        }

        var (reader, keys, userId) = await AliceAsync(connection, "t1");
        using (keys)
        {
            var albums = (await reader.AlbumsAsync(userId, keys, Token)).Where(album => !album.IsDeleted).ToList();
            var files = await reader.FilesAsync(userId, albums, Token).ToListAsync(Token);
            Assert.Equal("album-name-damaged", Assert.Single(albums.Single(album => album.Id == 1580559962386439).Problems).Code);
            Assert.Equal("album-key-wrong", Assert.Single(albums.Single(album => album.Id == 1580559962386443).Problems).Code);
            var problems = files.Where(file => file.Problems.Count > 0).ToDictionary(file => file.Id, file => file.Problems.Select(problem => problem.Code));
            Assert.Equal(["metadata-damaged"], problems[10000020]);
            Assert.Equal(["magic-metadata-damaged"], problems[10000042]);
            Assert.Equal(["file-key-wrong"], problems[10000045]);
            Assert.Equal(["object-row-missing", "thumbnail-row-missing"], problems[10000046]);
            Assert.Equal(["file-header-damaged"], problems[10000043]);
            Assert.Equal(5 + files.Count(file => file.Albums.Any(album => album.Key is null)), problems.Count);
        }
    }

    private static async Task<(LibraryReader Reader, KeyChain Keys, long UserId)> AliceAsync(System.Data.Common.DbConnection connection, string moment)
    {
        var reader = await LibraryReader.OpenAsync(connection, Token);
        var (_, _, recoveryKey, userId) = FamilyAccounts.At(moment).First();
        return (reader, FamilyAccounts.OpenByRecoveryKey((await reader.KeyAttributesAsync(userId, Token))!, recoveryKey), userId);
    }

    private static async Task CompareAsync(JsonElement wanted, List<Album> albums, LibraryReader reader, long userId, Dictionary<string, string> objects)
    {
        var album = albums.Single(album => album.Id == wanted.GetProperty("id").GetInt64());
        Assert.Equal(wanted.GetProperty("name").GetString(), album.Name);
        Assert.Equal(wanted.GetProperty("type").GetString(), album.Type);
        Assert.Equal(wanted.GetProperty("owner").GetInt64(), album.OwnerId);
        Assert.Equal(wanted.GetProperty("visibility").GetInt32(), (int)album.Visibility);
        Assert.Equal(wanted.GetProperty("subType").GetInt32(), album.SubType);
        Assert.Equal(album.OwnerId != userId, album.IsShared);
        var files = wanted.GetProperty("files").EnumerateArray().ToDictionary(file => file.GetProperty("id").GetInt64());
        await foreach (var file in reader.FilesAsync(userId, [album], Token))
        {
            Assert.Empty(file.Problems);
            Assert.True(files.Remove(file.Id, out var expected), $"file {file.Id} is not expected");
            await CompareAsync(expected, file, objects);
            file.Dispose();
        }

        Assert.Empty(files);
    }

    private static async Task CompareAsync(JsonElement expected, LibraryFile file, Dictionary<string, string> objects)
    {
        Assert.Equal(expected.GetProperty("owner").GetInt64(), file.OwnerId);
        Assert.Equal(expected.GetProperty("title").GetString(), file.Metadata?.Title);
        Assert.Equal(expected.GetProperty("name").GetString(), file.Name);
        Assert.Equal(expected.GetProperty("type").GetInt32(), (int)file.Type);
        Assert.Equal(expected.GetProperty("creationTime").GetInt64(), file.Metadata?.CreationTime);
        Assert.Equal(expected.GetProperty("visibility").GetInt32(), (int)file.Visibility);
        Assert.Equal(expected.TryGetProperty("caption", out var caption) ? caption.GetString() : null, file.Caption);
        Assert.Equal(expected.TryGetProperty("hash", out var hash) ? hash.GetString() : null, file.Metadata?.Hash);
        if (expected.TryGetProperty("info", out var info))
        {
            Assert.False(file.HasContent);
            Assert.True(JsonElement.DeepEquals(info, file.PublicMetadata.Info!.ToJson()));
            return;
        }

        var plaintext = await DecryptAsync(file, file.Content!.Value, file.ContentHeader, objects);
        Assert.Equal(expected.GetProperty("size").GetInt64(), plaintext.Length);
        Assert.Equal(SecretStream.PlaintextBytes(file.Content.Value.SizeBytes!.Value), plaintext.Length);
        Assert.Equal(expected.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(plaintext)));
        var thumbnail = await DecryptAsync(file, file.Thumbnail!.Value, file.ThumbnailHeader, objects);
        Assert.NotEmpty(thumbnail);
        if (file.Type == FileType.LivePhoto) await ComparePartsAsync(expected.GetProperty("parts"), file, plaintext);
        else Assert.Equal(file.Hash.Whole, Convert.ToBase64String(Blake2b.Hash(plaintext)));
    }

    private static async Task ComparePartsAsync(JsonElement expected, LibraryFile file, byte[] zip)
    {
        Assert.True(LivePhoto.TryOpen(new MemoryStream(zip), out var livePhoto, out var problem), problem);
        using (livePhoto)
        {
            foreach (var (name, part, hash) in new[] { ("image", livePhoto.Image, file.Hash.Image), ("video", livePhoto.Video, file.Hash.Video) })
            {
                using var content = new MemoryStream();
                Assert.True(await part.TryCopyToAsync(content.WriteAsync, Token));
                Assert.Equal(expected.GetProperty(name + part.Extension).GetString(), Convert.ToHexStringLower(SHA256.HashData(content.ToArray())));
                Assert.Equal(hash, Convert.ToBase64String(Blake2b.Hash(content.ToArray())));
            }
        }
    }

    private static async Task OpenDerivedDataAsync(LibraryReader reader, long userId, IReadOnlyList<Album> albums)
    {
        var objects = FixtureFolder.Objects("t1").ToDictionary(found => found.Key, found => found.FilePath);
        var opened = new List<ObjectKind>();
        await foreach (var file in reader.FilesAsync(userId, [.. albums.Where(album => !album.IsDeleted)], Token))
        {
            foreach (var named in file.Objects.Where(named => named.Kind is ObjectKind.MlData or ObjectKind.VideoPlaylist))
            {
                var content = await File.ReadAllBytesAsync(objects[named.Key], Token);
                Assert.Equal(named.SizeBytes, content.Length);
                Assert.True(FileData.TryOpen(content, file.Key!, out var json, out var problem), problem);
                Assert.True(json.TryGetProperty(named.Kind == ObjectKind.MlData ? "face" : "playlist", out _));
                opened.Add(named.Kind);
            }
        }

        Assert.Equal(6, opened.Count(kind => kind == ObjectKind.MlData));
        Assert.Equal(1, opened.Count(kind => kind == ObjectKind.VideoPlaylist));
    }

    private static async Task<byte[]> DecryptAsync(LibraryFile file, NamedObject named, byte[] header, Dictionary<string, string> objects)
    {
        using var plaintext = new MemoryStream();
        await using var encrypted = File.OpenRead(objects[named.Key]);
        Assert.Equal(named.SizeBytes, encrypted.Length);
        var defect = await SecretStreamDecryptor.DecryptAsync(encrypted, file.Key!, header, plaintext.WriteAsync, Token);
        Assert.Null(defect);
        return plaintext.ToArray();
    }

    private static MuseumSecrets Secrets(string yaml) => MuseumSecrets.From(MuseumConfiguration.Create([("museum.yaml", yaml)], [new EnvironmentVariable("ENVIRONMENT", "none", "")]));

    private static byte[] Setting(string yaml, string name) =>
        Convert.FromBase64String(yaml.Split('\n').First(line => line.Trim().StartsWith(name, StringComparison.Ordinal)).Split(": ")[1].Trim());
}
