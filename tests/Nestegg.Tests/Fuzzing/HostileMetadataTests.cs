using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Nestegg.Contents;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Json;
using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.Proof;
using Nestegg.Tests.Library;

namespace Nestegg.Tests.Fuzzing;

/// <summary>
/// Whoever shares an album writes what its readers decrypt: authentic and still hostile. It is read or left out, with a problem in words;
/// nothing throws, and no name leaves its folder.
/// </summary>
public class HostileMetadataTests
{
    private const long Me = SmallDatabase.Me;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Fuzzed_rows_of_a_library_are_opened_or_named() => Fuzz.RunAsync(60, async random =>
    {
        using var database = new SmallDatabase();
        var albumKey = database.AddAlbum(1, "shared");
        for (var id = 1; id <= 5; id++)
        {
            var file = database.AddFile(id, Encoding.UTF8.GetString(HostileJson.Next(random)));
            database.AddToAlbum(id, file, 1, albumKey);
            database.Execute(
                $"UPDATE files SET pub_magic_metadata = '{Column(Envelope(file, random))}', magic_metadata = "
                + $"'{Column(Envelope(file, random))}' WHERE file_id = {id}");
        }

        database.Execute(
            $"UPDATE collections SET magic_metadata = '{Column(Envelope(albumKey, random))}', attributes = "
            + $"'{Column(Encoding.UTF8.GetString(HostileJson.Next(random)))}'");
        AddPersonal(database, random);
        await ReadAllAsync(database);
    });

    [Fact]
    public Task Fuzzed_names_stay_inside_their_folder_and_sidecars_are_whole() => Fuzz.RunAsync(2000, random =>
    {
        if (LenientJson.TryParse(HostileJson.Next(random), out var json) && LenientJson.TryParse(HostileJson.Next(random), out var edits))
        {
            using var file = new LibraryFile
            {
                Id = 1, OwnerId = 2, Albums = [], HasContent = true, Metadata = FileMetadata.Read(
                json), PublicMetadata = PublicMetadata.Read(edits)
            };
            foreach (var isForWindows in (bool[])[false, true])
            {
                var names = new ExportName(isForWindows);
                var (stem, extension) = ExportName.Split(file.Name ?? "");
                Assert.All([
                    names.Numbered(stem, extension, 0), names.Numbered(stem, extension, 7, reservedBytes: 5), names.Folder(file.Name ?? "")
                ], IsOneSegment);
            }

            using var sidecar = JsonDocument.Parse(Sidecar.OfFile(file, file.Name ?? "", [file.Caption ?? ""]));
            _ = System.Xml.Linq.XDocument.Load(new MemoryStream(XmpSidecar.Write(file.Name, file.Caption, file.Location, XmpSidecar.Time(
                file.PublicMetadata.DateTime, file.PublicMetadata.OffsetTime, file.CreationTime))));
            _ = (file.ModificationTime, file.IsHidden, file.Hash.IsOfParts, file.PublicMetadata.Info?.ToJson(),
            file.PublicMetadata.Info?.Title, ContentReader.IsHash(
                file.Hash.Whole));
        }

        return Task.CompletedTask;
    });

    [Fact]
    public Task Fuzzed_zips_of_live_photos_are_taken_apart_or_kept_whole() => Fuzz.RunAsync(1000, async random =>
    {
        var zip = Fuzz.Mutate(Zip(random), random);
        var outcome = await ContentReader.UnpackAsync(new MemoryStream(zip), new RecordedHash(null, "AAAA", "AAAA"), part =>
        {
            Assert.Matches(@"^(\.[A-Za-z0-9]{1,10})?$", part.Extension);
            return Stream.Null;
        }, Token);
        Assert.True(outcome.Problem is null or { Length: > 0 });
    });

    [Fact]
    public Task Fuzzed_derived_data_is_opened_or_refused_in_words() => Fuzz.RunAsync(500, random =>
    {
        using var key = SecretKey.Random();
        var playlist = Encoding.UTF8.GetString(
            Fuzz.Mutate(
                "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"data:text/plain;base64,AAAAAAAAAAAAAAAAAAAAAA==\",IV=0x00000000000000000000000000000000\n#EXT-X-BYTERANGE:188@0\noutput.ts\n"u8.ToArray(),
                random));
        if (VideoPlaylist.TryParse(playlist, out var parsed))
        {
            using (parsed)
            {
                Assert.InRange(parsed.EndBytes, 1, long.MaxValue);
            }
        }

        var inner = random.Next(2) == 0 ? HostileJson.Next(random) : Fuzz.Mutate(SmallDatabase.Gzip(new { playlist }), random);
        var message = SecretStream.Seal(inner, key, out var header);
        var content = JsonSerializer.SerializeToUtf8Bytes(new { encryptedData = message, header });
        content = random.Next(2) == 0 ? Fuzz.Mutate(content, random) : content;
        Assert.Equal(FileData.TryOpen(content, key, out _, out var problem), problem.Length == 0);
        return Task.CompletedTask;
    });

    private static void AddPersonal(SmallDatabase database, Random random)
    {
        using var key = SecretKey.Random();
        var wrapped = WrappedKey.Wrap(key, database.MasterKey);
        database.Insert("authenticator_key", Me, wrapped.Box, wrapped.Nonce);
        database.Insert("entity_key", Me, "cgroup", wrapped.Box, wrapped.Nonce);
        database.Insert("entity_key", Me, "contact", wrapped.Box, wrapped.Nonce);
        database.AddKeyAttributes(Me, database.MasterKey, key);
        var kit = SecretBox.Seal(HostileJson.Next(random), database.MasterKey, out var nonce);
        database.Insert("legacy_kit", "k", Me, "AAAA", (byte[])[.. nonce, .. kit], 0, 1);
        for (var i = 0; i < 3; i++)
        {
            var message = SecretStream.Seal(HostileJson.Next(random), key, out var header);
            database.Insert("authenticator_entity", $"{i}", Me, message, header, i, 0);
            database.Insert("entity_data", $"{i}", Me, "cgroup", message, header, i, i, 0);
            var contactKey = WrappedKey.Wrap(key, key);
            database.Insert("contact_entity", $"{i}", Me, 7, "../../x", (ReadOnlyMemory<byte>)(byte[])[
                .. contactKey.Nonce, .. contactKey.Box
            ], (ReadOnlyMemory<byte>)(byte[])[.. header, .. message], 0, i);
        }
    }

    private static async Task ReadAllAsync(SmallDatabase database)
    {
        var reader = await LibraryReader.OpenAsync(database.Connection, Token);
        var albums = await reader.AlbumsAsync(Me, database.Keys, Token);
        var files = await reader.FilesAsync(Me, albums, Token).ToListAsync(Token);
        Assert.Equal(5, files.Count);
        Assert.All(files, file => Assert.All(file.Problems, problem => Assert.NotEmpty(problem.Message)));
        var codes = await reader.AuthCodesAsync(Me, database.Keys, Token).ToListAsync(Token);
        Assert.All(codes, code => Assert.NotEqual(code.Uri is null, code.Problem is null));
        Assert.Equal(3, await reader.EntitiesAsync(Me, database.Keys, Token).CountAsync(Token));
        var contacts = await reader.ContactsAsync(Me, database.Keys, Token).ToListAsync(Token);
        _ = contacts.ConvertAll(contact => (contact.Name, contact.BirthDate));
        Assert.NotNull(Assert.Single(await reader.LegacyKitsAsync(Me, database.Keys, Token).ToListAsync(Token)).Problem);
        foreach (var file in files)
        {
            file.Dispose();
        }
    }

    /// <summary>A column of metadata that can be edited, around hostile JSON, and sometimes damaged itself.</summary>
    private static string Envelope(SecretKey key, Random random)
    {
        var message = SecretStream.Seal(HostileJson.Next(random), key, out var header);
        var column = JsonSerializer.SerializeToUtf8Bytes(new { version = 1, count = 1, data = message, header });
        return Encoding.UTF8.GetString(random.Next(4) == 0 ? Fuzz.Mutate(column, random) : column);
    }

    // SQLite ends a text at a zero.
    private static string Column(string text) =>
        text.Replace("'", "''", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal);

    private static void IsOneSegment(string name)
    {
        Assert.InRange(Encoding.UTF8.GetByteCount(name), 1, ExportName.MostBytes);
        Assert.DoesNotContain(name, (string[])[".", ".."]);
        Assert.DoesNotContain(name, character => character is '/' or '\0' || char.IsControl(character));
    }

    private static byte[] Zip(Random random)
    {
        string[] names = ["image.HEIC", "video.MOV", "../../image.jpg", "/etc/video", "image", "other.txt"];
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (var i = 0; i < random.Next(2, 5); i++)
            {
                using var entry = zip.CreateEntry(names[(i + random.Next(2)) % names.Length], random.Next(2) == 0
                    ? CompressionLevel.NoCompression
                    : CompressionLevel.Fastest).Open();
                entry.Write(new byte[random.Next(3000)]);
            }
        }

        return stream.ToArray();
    }
}
