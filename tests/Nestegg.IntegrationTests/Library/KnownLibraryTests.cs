using System.Security.Cryptography;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Ente.Objects;
using Nestegg.TestKit.Instances;

[assembly: AssemblyFixture(typeof(Nestegg.IntegrationTests.Library.PasswordKeys))]

namespace Nestegg.IntegrationTests.Library;

/// <summary>Everything that is known of an instance is seen, from both sources and by both ways in.</summary>
public sealed class KnownLibraryTests(KnownInstances instances, KnownDatabases databases, PasswordKeys passwords)
    : IClassFixture<KnownDatabases>
{
    private static readonly string[] Apps = ["photos", "locker"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData("t1", "postgres", "password")]
    [InstanceData("t1", "archive", "recovery key")]
    [InstanceData("t2", "postgres", "recovery key")]
    [InstanceData("t2", "archive", "password")]
    [InstanceData("older", "postgres", "recovery key", Only = KnownInstances.Sample)]
    [InstanceData("older", "archive", "recovery key", Only = KnownInstances.Sample)]
    public async Task Albums_files_and_hashes_are_those_that_are_known(string name, string moment, string source, string way)
    {
        var known = (await instances.OpenAsync(name, Token))[moment];
        await using var connection = await databases.OpenAsync(known, source, Token);
        var reader = await LibraryReader.OpenAsync(connection, Token);
        foreach (var person in known.People)
        {
            var attributes = await reader.KeyAttributesAsync(person.UserId, Token);
            Assert.NotNull(attributes);
            // Accounts of the first years have no recovery key.
            using var keys = way == "password" || person.RecoveryWords.Length == 0
                ? passwords.OpenByPassword(attributes, person.Password)
                : PasswordKeys.OpenByRecoveryKey(attributes, person.RecoveryWords);
            var albums = await reader.AlbumsAsync(person.UserId, keys, Token);
            Assert.All(albums, album => Assert.Empty(album.Problems));
            foreach (var app in Apps)
            {
                var live = albums.Where(album => album.App == app && !album.IsDeleted).ToList();
                var wanted = person.Albums.Where(album => album.App == app).ToList();
                Assert.Equal(wanted.Select(album => album.Id).Order(), live.Select(album => album.Id));
                foreach (var album in wanted)
                {
                    await CompareAsync(album, live, reader, person.UserId, known);
                }
            }

            Assert.Equal(
                person.AuthCodes, await reader.AuthCodesAsync(person.UserId, keys, Token).Select(code => code.Uri!).ToListAsync(Token));
        }
    }

    [Theory]
    [InstanceData("postgres")]
    [InstanceData("archive")]
    public async Task What_is_in_two_albums_comes_once_with_both(string name, string source)
    {
        var known = (await instances.OpenAsync(name, Token))["t1"];
        await using var connection = await databases.OpenAsync(known, source, Token);
        var (reader, keys, owner) = await OwnerAsync(connection, known);
        using (keys)
        {
            var albums = (await reader.AlbumsAsync(owner.UserId, keys, Token)).Where(album => !album.IsDeleted).ToList();
            var files = await reader.FilesAsync(owner.UserId, albums, Token).ToListAsync(Token);
            Assert.Equal(owner.Files.Select(file => file.Id).Order(), files.Select(file => file.Id));
            var places = owner.Albums.SelectMany(album => album.Files, (album, file) => (album.Id, FileId: file.Id))
                .ToLookup(place => place.FileId, place => place.Id);
            Assert.All(files, file => Assert.Equal(places[file.Id].Order(), file.Albums.Select(album => album.Id).Order()));
            Assert.Contains(files, file => file.Albums.Count > 1);
            var hidden = files.Where(file => file.Albums.Any(album => album.Name == ".hidden")).ToList();
            Assert.NotEmpty(hidden);
            Assert.All(hidden, file => Assert.True(file.IsHidden));
            Assert.Contains(files, file => file.Caption is not null && file.Location is not null);
        }
    }

    [RecordedFact]
    public async Task The_recorded_album_has_what_its_README_says()
    {
        var known = (await instances.OpenAsync(KnownInstances.Recorded, Token))["t1"];
        await using var connection = await databases.OpenAsync(known, "postgres", Token);
        var (reader, keys, owner) = await OwnerAsync(connection, known);
        using (keys)
        {
            var albums = (await reader.AlbumsAsync(owner.UserId, keys, Token)).Where(album => !album.IsDeleted).ToList();
            var files = await reader.FilesAsync(owner.UserId, albums, Token).ToListAsync(Token);
            Assert.Equal(2, files.Count(file => file.Albums.Select(album => album.Name).Order().SequenceEqual(["Family", "Japan 2023"])));
            Assert.Equal(2, files.Count(file => file.Albums.Any(album => album.Name == ".hidden") && file.IsHidden));
            Assert.Equal("New year on the roof", files.Single(file => file.Id == 10000005).Caption);
            Assert.NotNull(files.Single(file => file.Id == 10000005).Location);
            Assert.Equal(10000043, Assert.Single(await reader.CommentsAsync(albums, Token).ToListAsync(Token)).FileId);
            Assert.Equal("green_heart", Assert.Single(await reader.ReactionsAsync(albums, Token).ToListAsync(Token)).Name);
        }
    }

    [Theory]
    [InstanceData("t1", "postgres")]
    [InstanceData("t2", "postgres")]
    [InstanceData("t2", "archive")]
    public async Task The_trash_opens_even_when_its_album_is_gone(string name, string moment, string source)
    {
        var known = (await instances.OpenAsync(name, Token))[moment];
        await using var connection = await databases.OpenAsync(known, source, Token);
        var (reader, keys, owner) = await OwnerAsync(connection, known);
        using (keys)
        {
            var albums = await reader.AlbumsAsync(owner.UserId, keys, Token);
            var trash = await reader.TrashAsync(owner.UserId, albums, Token).ToListAsync(Token);
            Assert.Equal(owner.Counts.Trash, trash.Count);
            Assert.All(trash, file =>
            {
                Assert.Empty(file.Problems);
                Assert.NotNull(file.Name);
                Assert.True(file.TrashedUntil > 1_700_000_000_000_000);
            });
            Assert.Equal(moment == "t2", trash.Any(file => file.Albums.Single().IsDeleted));
        }
    }

    [Theory]
    [InstanceData("postgres")]
    [InstanceData("archive")]
    public async Task Places_people_comments_reactions_and_derived_data_open(string name, string source)
    {
        var known = (await instances.OpenAsync(name, Token))["t1"];
        await using var connection = await databases.OpenAsync(known, source, Token);
        var (reader, keys, owner) = await OwnerAsync(connection, known);
        using (keys)
        {
            var entities = await reader.EntitiesAsync(owner.UserId, keys, Token).ToListAsync(Token);
            Assert.Equal(owner.Counts.Entities, entities.Count);
            Assert.Equal(["cgroup", "location"], entities.Select(entity => entity.Type).Distinct().Order());
            Assert.All(entities, entity => Assert.Null(entity.Problem));
            Assert.All(entities, entity => Assert.NotEmpty(entity.Json.GetProperty("name").GetString()!));
            Assert.Equal(owner.Counts.Contacts, await reader.ContactsAsync(owner.UserId, keys, Token).CountAsync(Token));

            var albums = await reader.AlbumsAsync(owner.UserId, keys, Token);
            var comments = await reader.CommentsAsync(albums, Token).ToListAsync(Token);
            Assert.Equal(owner.Counts.Comments, comments.Count);
            Assert.All(comments, comment => Assert.False(string.IsNullOrEmpty(comment.Text)));
            var reactions = await reader.ReactionsAsync(albums, Token).ToListAsync(Token);
            Assert.Equal(owner.Counts.Reactions, reactions.Count);
            Assert.All(reactions, reaction => Assert.False(string.IsNullOrEmpty(reaction.Name)));
            await OpenDerivedDataAsync(reader, owner, albums, known);
        }
    }

    [Theory]
    [InstanceData]
    public async Task A_damaged_row_is_named_and_the_rest_still_opens(string name)
    {
        var known = (await instances.OpenAsync(name, Token))["t1"];
        // An album all of whose files are in no other one, another album, and files in neither.
        var all = known.LoneFiles(Role.Owner);
        var closed = known.OwnAlbums(Role.Owner)
            .First(album => album.Files.Count > 0 && album.Files.All(file => all.Any(lone => lone.File.Id == file.Id)));
        var unnamed = known.OwnAlbums(Role.Owner).First(album => album != closed);
        var lone = all.Where(pair => pair.Album != closed).Select(pair => pair.File.Id).ToList();
        await using var connection = await databases.OpenAsync(known, "postgres", Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = $$"""
                UPDATE files SET encrypted_metadata = substr(encrypted_metadata, 9) WHERE file_id = {{lone[0]}};
                UPDATE files SET pub_magic_metadata = '{"data":"AAAA","header":5}' WHERE file_id = {{lone[1]}};
                UPDATE files SET file_decryption_header = '!' WHERE file_id = {{lone[2]}};
                UPDATE collection_files SET encrypted_key = (SELECT encrypted_key FROM collection_files WHERE file_id = {{lone[5]}} LIMIT 1) WHERE file_id = {{lone[3]}};
                DELETE FROM object_keys WHERE file_id = {{lone[4]}};
                UPDATE collections SET encrypted_name = 'AAAA' WHERE collection_id = {{unnamed.Id}};
                UPDATE collections SET encrypted_key = 'AAAA' WHERE collection_id = {{closed.Id}};
                """;
            await command.ExecuteNonQueryAsync(Token);
        }

        var (reader, keys, owner) = await OwnerAsync(connection, known);
        using (keys)
        {
            var albums = (await reader.AlbumsAsync(owner.UserId, keys, Token)).Where(album => !album.IsDeleted).ToList();
            var files = await reader.FilesAsync(owner.UserId, albums, Token).ToListAsync(Token);
            Assert.Equal("album-name-damaged", Assert.Single(albums.Single(album => album.Id == unnamed.Id).Problems).Code);
            Assert.Equal("album-key-wrong", Assert.Single(albums.Single(album => album.Id == closed.Id).Problems).Code);
            var problems = files.Where(file => file.Problems.Count > 0)
                .ToDictionary(file => file.Id, file => file.Problems.Select(problem => problem.Code));
            Assert.Equal(["metadata-damaged"], problems[lone[0]]);
            Assert.Equal(["magic-metadata-damaged"], problems[lone[1]]);
            Assert.Equal(["file-header-damaged"], problems[lone[2]]);
            Assert.Equal(["file-key-wrong"], problems[lone[3]]);
            Assert.Equal(["object-row-missing", "thumbnail-row-missing"], problems[lone[4]]);
            Assert.Equal(5 + closed.Files.Count, problems.Count);
        }
    }

    private static async Task<(LibraryReader Reader, KeyChain Keys, KnownPerson Owner)> OwnerAsync(
        System.Data.Common.DbConnection connection, KnownMoment known)
    {
        var reader = await LibraryReader.OpenAsync(connection, Token);
        var owner = known[Role.Owner];
        return (reader, PasswordKeys.OpenByRecoveryKey(
            (await reader.KeyAttributesAsync(owner.UserId, Token))!, owner.RecoveryWords), owner);
    }

    private static async Task CompareAsync(KnownAlbum wanted, List<Album> albums, LibraryReader reader, long userId, KnownMoment known)
    {
        var album = albums.Single(album => album.Id == wanted.Id);
        Assert.Equal(
            (wanted.Name, wanted.Type, wanted.OwnerId, wanted.Visibility, wanted.SubType, wanted.OwnerId != userId),
            (album.Name, album.Type, album.OwnerId, (int)album.Visibility, album.SubType, album.IsShared));
        var files = wanted.Files.ToDictionary(file => file.Id);
        await foreach (var file in reader.FilesAsync(userId, [album], Token))
        {
            Assert.Empty(file.Problems);
            Assert.True(files.Remove(file.Id, out var expected), $"file {file.Id} is not expected");
            await CompareAsync(expected, file, known);
            file.Dispose();
        }

        Assert.Empty(files);
    }

    private static async Task CompareAsync(KnownFile expected, LibraryFile file, KnownMoment known)
    {
        Assert.Equal(
            (expected.OwnerId, expected.Title, expected.Name, expected.Type, expected.CreationTime, expected.Visibility, expected.Caption,
            expected.Hash),
            (file.OwnerId, file.Metadata?.Title, file.Name, (int)file.Type, file.Metadata?.CreationTime, (int)file.Visibility,
            file.Caption, file.Hash.IsOfParts
                ? $"{file.Hash.Image}:{file.Hash.Video}"
                : file.Hash.Whole));
        Assert.Equal(expected.HasContent, file.HasContent);
        if (expected.Info is { } info)
        {
            Assert.True(JsonElement.DeepEquals(info, file.PublicMetadata.Info!.ToJson()));
            return;
        }

        var plaintext = await DecryptAsync(file, file.Content!.Value, file.ContentHeader, known);
        Assert.Equal(expected.SizeBytes, plaintext.Length);
        Assert.Equal(SecretStream.PlaintextBytes(file.Content.Value.SizeBytes!.Value), plaintext.Length);
        Assert.Equal(expected.Sha256, Convert.ToHexStringLower(SHA256.HashData(plaintext)));
        Assert.NotEmpty(await DecryptAsync(file, file.Thumbnail!.Value, file.ThumbnailHeader, known));
        if (file.Type == FileType.LivePhoto)
        {
            await ComparePartsAsync(expected, file, plaintext);
        }

        // Old apps recorded a live photo's hash as that of its zip.
        if (file.Hash.Whole is not null)
        {
            Assert.Equal(file.Hash.Whole, Convert.ToBase64String(Blake2b.Hash(plaintext)));
        }
    }

    private static async Task ComparePartsAsync(KnownFile expected, LibraryFile file, byte[] zip)
    {
        Assert.True(LivePhoto.TryOpen(new MemoryStream(zip), out var livePhoto, out var problem), problem);
        using (livePhoto)
        {
            foreach (var (name, part, hash) in new[]
            {
                ("image", livePhoto.Image, file.Hash.Image),
                ("video", livePhoto.Video, file.Hash.Video),
            })
            {
                using var content = new MemoryStream();
                Assert.True(await part.TryCopyToAsync(content.WriteAsync, Token));
                Assert.Equal(expected.Parts[name + part.Extension], Convert.ToHexStringLower(SHA256.HashData(content.ToArray())));
                if (file.Hash.IsOfParts)
                {
                    Assert.Equal(hash, Convert.ToBase64String(Blake2b.Hash(content.ToArray())));
                }
            }
        }
    }

    private static async Task OpenDerivedDataAsync(LibraryReader reader, KnownPerson owner, IReadOnlyList<Album> albums, KnownMoment known)
    {
        var opened = new List<ObjectKind>();
        await foreach (var file in reader.FilesAsync(owner.UserId, [.. albums.Where(album => !album.IsDeleted)], Token)
            .Concat(reader.TrashAsync(owner.UserId, albums, Token)))
        {
            foreach (var named in file.Objects.Where(named => named.Kind is ObjectKind.MlData or ObjectKind.VideoPlaylist))
            {
                var content = await File.ReadAllBytesAsync(known.Paths[named.Key], Token);
                Assert.Equal(named.SizeBytes, content.Length);
                Assert.True(FileData.TryOpen(content, file.Key!, out var json, out var problem), problem);
                Assert.True(json.TryGetProperty(named.Kind == ObjectKind.MlData ? "face" : "playlist", out _));
                opened.Add(named.Kind);
            }
        }

        Assert.Equal(owner.Counts.MlData, opened.Count(kind => kind == ObjectKind.MlData));
        Assert.Equal(known.Objects.Count(
            item => item.Key.EndsWith("_playlist", StringComparison.Ordinal)), opened.Count(kind => kind == ObjectKind.VideoPlaylist));
    }

    private static async Task<byte[]> DecryptAsync(LibraryFile file, NamedObject named, byte[] header, KnownMoment known)
    {
        using var plaintext = new MemoryStream();
        await using var encrypted = File.OpenRead(known.Paths[named.Key]);
        Assert.Equal(named.SizeBytes, encrypted.Length);
        var defect = await SecretStreamDecryptor.DecryptAsync(encrypted, file.Key!, header, plaintext.WriteAsync, Token);
        Assert.Null(defect);
        return plaintext.ToArray();
    }
}
