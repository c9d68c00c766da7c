using System.Text;
using System.Text.Json;
using CsCheck;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Json;
using Nestegg.Ente.Library;

namespace Nestegg.Tests.Library;

public class MetadataTests
{
    [Fact]
    public void Numbers_are_read_as_integers_doubles_and_text()
    {
        var metadata = File(
            """{"title":"a.jpg","creationTime":1.6e15,"modificationTime":"1600000000000001","fileType":1.0,"latitude":"47.5","longitude":8,"duration":3.7,"hash":null}""");
        Assert.Equal(1_600_000_000_000_000, metadata.CreationTime);
        Assert.Equal(1_600_000_000_000_001, metadata.ModificationTime);
        Assert.Equal(FileType.Video, metadata.Type);
        Assert.Equal(new Location(47.5, 8), metadata.Location);
        Assert.Equal(3.7, metadata.Duration);
        Assert.Null(metadata.Hash);
    }

    [Theory]
    [InlineData("{}", FileType.Unknown)]
    [InlineData("""{"fileType":127}""", (FileType)127)]
    [InlineData("""{"fileType":-1}""", FileType.Unknown)]
    [InlineData("""{"fileType":1e300}""", FileType.Unknown)]
    [InlineData("""{"fileType":[2]}""", FileType.Unknown)]
    public void An_odd_type_is_no_reason_to_fail(string json, FileType expected) => Assert.Equal(expected, File(json).Type);

    [Theory]
    [InlineData("""{"latitude":0,"longitude":0}""")]
    [InlineData("""{"latitude":47}""")]
    [InlineData("""{"latitude":91,"longitude":8}""")]
    [InlineData("""{"latitude":"NaN","longitude":8}""")]
    [InlineData("""{"latitude":null,"longitude":null}""")]
    public void What_is_no_place_is_no_location(string json) => Assert.Null(File(json).Location);

    [Fact]
    public void Half_a_surrogate_pair_becomes_a_replacement_character()
    {
        Assert.Equal("a\ufffd.jpg", File("""{"title":"a\ud83d.jpg"}""").Title);
        Assert.Equal("\ufffd", File("""{"title":"\uDC00"}""").Title);
        Assert.Equal("😀", File("""{"title":"\ud83d\ude00"}""").Title);
        Assert.Equal(@"\ud83d", File("""{"title":"\\ud83d"}""").Title);
        Assert.Equal("x", File("{\"\\ud800\":1,\"title\":\"x\"}").Title);
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_replaced_and_not_fatal()
    {
        Assert.True(LenientJson.TryParse([.. "{\"title\":\"a"u8, 0xff, .. "b\"}"u8], out var json));
        Assert.Equal("a\ufffdb", FileMetadata.Read(json).Title);
    }

    [Fact]
    public void Edits_come_before_the_original()
    {
        using var file = Opened(
            """{"title":"IMG.JPG","creationTime":5000000000000000,"latitude":1,"longitude":2}""",
            """{"editedName":"Oma.jpg","editedTime":6000000000000000,"lat":3,"long":4,"caption":2024,"w":10,"h":"20"}""");
        Assert.Equal("Oma.jpg", file.Name);
        Assert.Equal(6_000_000_000_000_000, file.CreationTime);
        Assert.Equal(6_000_000_000_000_000, file.ModificationTime);
        Assert.Equal(new Location(3, 4), file.Location);
        Assert.Equal("2024", file.Caption);
        Assert.Equal((10L, 20L), (file.PublicMetadata.Width!.Value, file.PublicMetadata.Height!.Value));
    }

    [Fact]
    public void An_edit_that_was_taken_back_is_none()
    {
        using var file = Opened(
            """{"title":"IMG.JPG","creationTime":5000000000000000,"modificationTime":7000000000000000,"latitude":1,"longitude":2}""",
            """{"editedName":"","editedTime":0,"lat":0,"long":4,"caption":null}""");
        Assert.Equal("IMG.JPG", file.Name);
        Assert.Equal(5_000_000_000_000_000, file.CreationTime);
        Assert.Equal(7_000_000_000_000_000, file.ModificationTime);
        Assert.Equal(new Location(1, 2), file.Location);
        Assert.Null(file.Caption);
    }

    [Theory]
    [InlineData("photos", 1795434936590, 1795434936590)]
    [InlineData("locker", 1795434936590, 1795434936590000)]
    [InlineData("locker", 1795434936590000, 1795434936590000)]
    public void Locker_s_milliseconds_become_microseconds(string app, long written, long expected)
    {
        using var file = Opened($$"""{"creationTime":{{written}}}""", null, app);
        Assert.Equal(expected, file.CreationTime);
    }

    [Theory]
    [InlineData("""{"fileType":0,"hash":"aa"}""", "aa", null, null)]
    [InlineData("""{"fileType":0,"hash":"aa:bb"}""", "aa:bb", null, null)]
    [InlineData("""{"fileType":2,"hash":"aa:bb"}""", null, "aa", "bb")]
    [InlineData("""{"fileType":2,"imageHash":"aa","videoHash":"bb"}""", null, "aa", "bb")]
    [InlineData("""{"fileType":2,"hash":"zip"}""", "zip", null, null)]
    [InlineData("""{"fileType":2,"hash":"aa:"}""", "aa:", null, null)]
    [InlineData("""{"fileType":2,"imageHash":"aa"}""", null, null, null)]
    [InlineData("""{"fileType":1,"hash":""}""", null, null, null)]
    public void The_recorded_hash_is_of_the_whole_or_of_the_parts(string json, string? whole, string? image, string? video)
    {
        var hash = RecordedHash.Of(File(json));
        Assert.Equal(new RecordedHash(whole, image, video), hash);
        Assert.Equal(whole is null && image is null, hash.IsAbsent);
    }

    [Theory]
    [InlineData("""{"info":{"type":"note","data":{"title":"Wi-Fi","content":"x"}}}""", "note", "Wi-Fi")]
    [InlineData("""{"info":"{\"type\":\"physical-record\",\"data\":{\"name\":\"Will\"}}"}""", "physicalRecord", "Will")]
    [InlineData("""{"info":{"type":"from-the-future","data":[1]}}""", "fromTheFuture", null)]
    public void A_Locker_item_is_read_in_its_old_and_new_forms(string json, string type, string? title)
    {
        var item = PublicMetadata.Read(Json(json)).Info;
        Assert.Equal((type, title), (item?.Type, item?.Title));
        Assert.DoesNotContain("Wi-Fi", item?.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"info":"not JSON"}""")]
    [InlineData("""{"info":"[]"}""")]
    [InlineData("""{"info":7}""")]
    [InlineData("""{"info":{"data":{}}}""")]
    public void What_is_no_Locker_item_is_absent(string json) => Assert.Null(PublicMetadata.Read(Json(json)).Info);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"version":1,"count":0,"data":"","header":""}""")]
    public void Absent_magic_metadata_is_no_damage(string? column)
    {
        using var key = SecretKey.Random();
        Assert.True(MagicMetadata.TryOpen(column, key, out var json));
        Assert.Equal(JsonValueKind.Undefined, json.ValueKind);
    }

    [Theory]
    [InlineData("[1")]
    [InlineData("""{"data":"AAAA","header":"AAAA"}""")]
    [InlineData("""{"data":5,"header":{}}""")]
    public void Magic_metadata_that_does_not_open_is_damage(string column)
    {
        using var key = SecretKey.Random();
        Assert.False(MagicMetadata.TryOpen(column, key, out _));
    }

    [Fact]
    public void Arbitrary_JSON_is_never_an_exception()
    {
        string[] names =
        [
            "title", "creationTime", "modificationTime",
            "fileType", "latitude", "longitude", "hash", "imageHash", "videoHash", "duration", "editedName", "editedTime",
            "caption", "dateTime",
            "offsetTime", "lat", "long", "w", "h", "uploaderName", "info", "type", "data", "name", "visibility", "encryptedData", "header",
        ];
        var text = Gen.OneOf(Gen.String, Gen.Const(@"\ud800"), Gen.Const("../../x"), Gen.Double.Select(number => number.ToString("R")));
        var leaf = Gen.OneOf(
            text.Select(value => JsonSerializer.Serialize(value)), Gen.Const("\"\\udfff\""), Gen.Long.Select(number => number.ToString()),
            Gen.Double.Where(double.IsFinite).Select(number => number.ToString("R")),
            Gen.OneOf([.. new[] { "null", "true", "1e999", "-0", "[]", "{}", "123456789012345678901234567890" }.Select(Gen.Const)]));
        var member = Gen.Select(Gen.Int[0, names.Length - 1].Select(i => names[i]), leaf, (name, value) => $"\"{name}\":{value}");
        var flat = member.Array[0, 12].Select(members => "{" + string.Join(',', members) + "}");
        var nested = Gen.Select(
            member.Array[0, 12], flat, (members, info) => "{" + string.Join(',', [.. members, "\"info\":" + info]) + "}");
        Gen.OneOf(flat, nested, leaf, Gen.String).Sample(ReadEverything);
    }

    [Fact]
    public void Arbitrary_bytes_are_never_an_exception() => Gen.Byte.Array.Sample(bytes =>
    {
        ReadEverything(Encoding.Latin1.GetString(bytes));
        using var key = SecretKey.Random();
        Assert.False(FileData.TryOpen(bytes, key, out _, out var problem));
        Assert.NotEmpty(problem);
        _ = Compressed.TryExpand([0x1f, 0x8b, .. bytes], out _);
    });

    [Fact]
    public void A_gzip_bomb_is_refused()
    {
        using var bomb = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(bomb, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var i = 0; i < 65; i++)
            {
                gzip.Write(new byte[1024 * 1024]);
            }
        }

        Assert.False(Compressed.TryExpand(bomb.ToArray(), out _));
    }

    private static void ReadEverything(string text)
    {
        if (!LenientJson.TryParse(text, out var json))
        {
            return;
        }

        using var file = Opened(text, text);
        _ = (file.Name, file.CreationTime, file.ModificationTime, file.Location, file.Caption, file.Hash, file.IsHidden, file.Type);
        _ = PublicMetadata.Read(json).Info?.Title;
        using var key = SecretKey.Random();
        _ = MagicMetadata.TryOpen(text, key, out _);
        _ = KeyAttributes.Read(json);
        _ = AuthCode.IsTrashedIn("otpauth://x?codeDisplay=" + text);
    }

    private static LibraryFile Opened(string metadata, string? publicMetadata, string app = "photos") => new()
    {
        Id = 1,
        OwnerId = 1,
        HasContent = true,
        Albums = [new Album { Id = 1, OwnerId = 1, IsShared = false, IsDeleted = false, Role = "OWNER", App = app, Type = "album" }],
        Metadata = File(metadata),
        PublicMetadata = publicMetadata is null ? PublicMetadata.None : PublicMetadata.Read(Json(publicMetadata)),
    };

    private static FileMetadata File(string json) => FileMetadata.Read(Json(json));

    private static JsonElement Json(string text)
    {
        Assert.True(LenientJson.TryParse(text, out var json));
        return json;
    }
}
