using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>A file to be uploaded.</summary>
internal sealed record Upload(string Title, int Type, byte[] Content)
{
    public string? Caption { get; init; }

    public string? EditedName { get; init; }

    public int Visibility { get; init; }

    /// <summary>The recorded hash, where it is not that of the whole content.</summary>
    public string? Hash { get; init; }

    public (double Latitude, double Longitude)? Location { get; init; }

    /// <summary>Of a live photo: the names in its zip, with the SHA-256 of each.</summary>
    public IReadOnlyDictionary<string, string> Parts { get; init; } = new Dictionary<string, string>();

    /// <summary>The name in an export of the album, where it is another than its own.</summary>
    public string? ExportName { get; init; }
}

/// <summary>An album to be made.</summary>
internal sealed record NewAlbum(string Name)
{
    public string Type { get; init; } = "album";

    public string App { get; init; } = "photos";

    /// <summary>0 visible, 1 archived, 2 hidden.</summary>
    public int Visibility { get; init; }

    /// <summary>1: the album of hidden files.</summary>
    public int SubType { get; init; }

    /// <summary>1 when it is pinned.</summary>
    public int Order { get; init; }

    /// <summary>The folder in an export, where it has another name than the album.</summary>
    public string? Folder { get; init; }

    /// <summary>What only its owner may know of it.</summary>
    public JsonObject OwnerJson
    {
        get
        {
            var json = new JsonObject();
            if (Visibility != 0) json["visibility"] = Visibility;
            if (SubType != 0) json["subType"] = SubType;
            if (Order != 0) json["order"] = Order;
            return json;
        }
    }
}

/// <summary>Does to albums and files what the apps and museum do: one method an action, with all rows and objects that it leaves.</summary>
internal sealed class SampleLibrary(SampleStorage storage, SampleRandom random, SampleSeal seal, SampleClock clock)
{
    private static readonly DateTimeOffset FirstPicture = new(2024, 6, 1, 9, 30, 0, TimeSpan.Zero);

    private readonly List<SampleAlbum> albums = [];
    private readonly List<SampleFile> files = [];
    private long nextAlbumId = 1580559962386438;
    private long nextFileId = 10000000;

    public IReadOnlyList<SampleAlbum> Albums => albums;

    public IReadOnlyList<SampleFile> Files => files;

    public async Task<SampleAlbum> AddAlbumAsync(SamplePerson owner, NewAlbum wanted, CancellationToken cancellationToken)
    {
        var album = new SampleAlbum
        {
            Id = nextAlbumId++, Owner = owner, Name = wanted.Name, Type = wanted.Type, App = wanted.App, Visibility = wanted.Visibility, SubType = wanted.SubType,
            Folder = wanted.Folder ?? wanted.Name, Key = seal.NewKey(),
        };
        var key = seal.Box(album.Key.Bytes, owner.MasterKey);
        var encryptedName = seal.Box(wanted.Name, album.Key);
        var ownerJson = wanted.OwnerJson;
        await storage.InsertAsync("collections", cancellationToken,
            ("collection_id", album.Id), ("owner_id", owner.UserId), ("encrypted_key", key.Box), ("key_decryption_nonce", key.Nonce), ("name", ""),
            ("type", album.Type), ("attributes", """{"version": 0}"""), ("updation_time", clock.NextMicroseconds()),
            ("encrypted_name", encryptedName.Box), ("name_decryption_nonce", encryptedName.Nonce),
            ("magic_metadata", ownerJson.Count == 0 ? null : seal.Magic(ownerJson, album.Key)), ("app", album.App));
        albums.Add(album);
        return album;
    }

    public async Task ShareAsync(SampleAlbum album, SamplePerson with, string role, CancellationToken cancellationToken)
    {
        var sealedKey = Convert.ToBase64String(SealedBox.Seal(album.Key.Bytes, with.PublicKey));
        var now = clock.NextMicroseconds();
        await storage.InsertAsync("collection_shares", cancellationToken,
            ("collection_id", album.Id), ("from_user_id", album.Owner.UserId), ("to_user_id", with.UserId), ("encrypted_key", sealedKey),
            ("updation_time", now), ("role_type", role), ("shared_at", now));
        album.SharedWith.Add(with);
    }

    public async Task<SampleFile> UploadAsync(SampleAlbum album, SamplePerson owner, Upload upload, CancellationToken cancellationToken)
    {
        var file = NewFile(owner, upload, upload.Content);
        var content = seal.Stream(upload.Content, file.Key);
        var thumbnail = seal.Stream(JpegPicture.Encode(96, 64, random), file.Key);
        await InsertFileAsync(file, upload, content.Header, thumbnail.Header, content.Encrypted.Length, thumbnail.Encrypted.Length, cancellationToken);
        await AddObjectAsync(file, "file", content.Encrypted, cancellationToken);
        await AddObjectAsync(file, "thumbnail", thumbnail.Encrypted, cancellationToken);
        await storage.ExecuteAsync("UPDATE usage SET storage_consumed = storage_consumed + $1 WHERE user_id = $2",
            cancellationToken, (long)content.Encrypted.Length + thumbnail.Encrypted.Length, owner.UserId);
        await PutIntoAsync(file, album, cancellationToken, upload.ExportName);
        return file;
    }

    /// <summary>A Locker item without a file: all of it is in the metadata.</summary>
    public async Task<SampleFile> AddLockerItemAsync(SampleAlbum album, string type, JsonObject data, CancellationToken cancellationToken)
    {
        var upload = new Upload(data["title"]?.GetValue<string>() ?? data["name"]!.GetValue<string>(), 4, []);
        var info = new JsonObject { ["type"] = type, ["data"] = data };
        var file = NewFile(album.Owner, upload, null, info);
        await InsertFileAsync(file, upload, [], [], 0, 0, cancellationToken);
        await PutIntoAsync(file, album, cancellationToken);
        return file;
    }

    /// <param name="exportName">Its name in an export of the album, where it is another than its own.</param>
    public async Task PutIntoAsync(SampleFile file, SampleAlbum album, CancellationToken cancellationToken, string? exportName = null)
    {
        var key = seal.Box(file.Key.Bytes, album.Key);
        await storage.InsertAsync("collection_files", cancellationToken,
            ("file_id", file.Id), ("collection_id", album.Id), ("encrypted_key", key.Box), ("key_decryption_nonce", key.Nonce),
            ("updation_time", clock.NextMicroseconds()), ("c_owner_id", album.Owner.UserId), ("f_owner_id", file.Owner.UserId));
        file.Albums.Add(album);
        if (exportName is not null) file.ExportNames[album] = exportName;
    }

    public async Task MoveToTrashAsync(SampleFile file, CancellationToken cancellationToken)
    {
        var now = clock.NextMicroseconds();
        await storage.ExecuteAsync("UPDATE collection_files SET is_deleted = true, updation_time = $1 WHERE file_id = $2", cancellationToken, now, file.Id);
        await storage.InsertAsync("trash", cancellationToken,
            ("file_id", file.Id), ("user_id", file.Owner.UserId), ("collection_id", file.Albums[0].Id), ("created_at", now), ("updated_at", now),
            ("delete_by", clock.After(TimeSpan.FromDays(30))));
        file.IsInTrash = true;
    }

    /// <summary>Deleted for good: the rows say so, the deletion of the bytes is queued, and the bytes are still there.</summary>
    public async Task DeleteForGoodAsync(SampleFile file, CancellationToken cancellationToken)
    {
        await storage.ExecuteAsync("UPDATE trash SET is_deleted = true WHERE file_id = $1", cancellationToken, file.Id);
        await storage.ExecuteAsync("UPDATE object_keys SET is_deleted = true WHERE file_id = $1", cancellationToken, file.Id);
        await storage.ExecuteAsync(
            "INSERT INTO queue (queue_name, item) SELECT 'deleteObject', object_key FROM object_keys WHERE file_id = $1 ORDER BY o_type", cancellationToken, file.Id);
        (file.IsInTrash, file.IsDeletedForGood) = (false, true);
    }

    /// <summary>Writes ML data for a file, or writes it again in place.</summary>
    public async Task PutMlDataAsync(SampleFile file, int faces, CancellationToken cancellationToken)
    {
        var json = new JsonObject
        {
            ["face"] = new JsonObject { ["version"] = 1, ["client"] = "sample", ["width"] = 640, ["height"] = 480, ["faces"] = Floats(16 * faces) },
            ["clip"] = new JsonObject { ["version"] = 1, ["client"] = "sample", ["embedding"] = Floats(64) },
        };
        var content = seal.DerivedObject(json, file.Key);
        var key = $"{file.Owner.UserId}/file-data/{file.Id}/mldata";
        file.DerivedKeys.Add(key);
        await storage.PutAsync(key, content, cancellationToken);
        await storage.ExecuteAsync("""
            INSERT INTO file_data (file_id, user_id, data_type, size, latest_bucket, created_at, updated_at) VALUES ($1, $2, 'mldata', $3, 'b2-eu-cen', $4, $4)
            ON CONFLICT (file_id, data_type) DO UPDATE SET size = excluded.size, updated_at = excluded.updated_at
            """, cancellationToken, file.Id, file.Owner.UserId, (long)content.Length, clock.NextMicroseconds());
    }

    /// <summary>A streamable preview of a video: the media bytes, and the playlist with the key to them.</summary>
    public async Task PutVideoPreviewAsync(SampleFile file, CancellationToken cancellationToken)
    {
        var objectId = random.Id("pv");
        var mediaKey = random.Bytes(16);
        var media = TransportStream(packets: 1600, mediaKey);
        var playlist = seal.DerivedObject(new JsonObject
        {
            ["type"] = "hls_video", ["width"] = 640, ["height"] = 360, ["size"] = media.Length,
            ["playlist"] = $"#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"data:text/plain;base64,{Convert.ToBase64String(mediaKey)}\",IV=0x00000000000000000000000000000000\n#EXTINF:4,\n#EXT-X-BYTERANGE:{media.Length}@0\noutput.ts\n#EXT-X-ENDLIST\n",
        }, file.Key);
        var key = $"{file.Owner.UserId}/file-data/{file.Id}/vid_preview/{objectId}";
        await storage.PutAsync(key, media, cancellationToken);
        await storage.PutAsync(key + "_playlist", playlist, cancellationToken);
        file.DerivedKeys.UnionWith([key, key + "_playlist"]);
        await storage.InsertAsync("file_data", cancellationToken,
            ("file_id", file.Id), ("user_id", file.Owner.UserId), ("data_type", "vid_preview"), ("size", (long)media.Length + playlist.Length),
            ("latest_bucket", SampleStorage.Slot), ("obj_id", objectId), ("obj_size", (long)media.Length));
    }

    /// <summary>Packets as MPEG cuts a stream into (188 bytes, the first of them 0x47), encrypted as HLS does.</summary>
    private byte[] TransportStream(int packets, byte[] mediaKey)
    {
        const int PacketBytes = 188;
        var stream = random.Bytes(packets * PacketBytes);
        for (var i = 0; i < stream.Length; i += PacketBytes)
        {
            stream[i] = 0x47;
        }

        using var aes = Aes.Create();
        aes.Key = mediaKey;
        return aes.EncryptCbc(stream, new byte[16]);
    }

    public Task FinishAsync(CancellationToken cancellationToken) => storage.ExecuteAsync($"""
        SELECT setval('files_file_id_seq', {nextFileId - 1}), setval('collections_collection_id_seq', {nextAlbumId - 1}),
            setval('users_user_id_seq', (SELECT max(user_id) FROM users))
        """, cancellationToken);

    private SampleFile NewFile(SamplePerson owner, Upload upload, byte[]? content, JsonObject? info = null)
    {
        var id = nextFileId++;
        var taken = FirstPicture.AddHours(7 * (id - 10000000)).ToUnixTimeMilliseconds();
        var file = new SampleFile
        {
            Id = id, Owner = owner, Title = upload.Title, EditedName = upload.EditedName, Caption = upload.Caption, Type = upload.Type, Location = upload.Location,
            // Locker counts milliseconds where Photos counts microseconds.
            CreationTime = upload.Type is 3 or 4 ? taken : taken * 1000,
            Hash = content is null ? null : upload.Hash ?? Convert.ToBase64String(Blake2b.Hash(content)), Parts = upload.Parts, Info = info,
            Visibility = upload.Visibility, SizeBytes = content?.Length ?? -1, Sha256 = content is null ? "" : Convert.ToHexStringLower(SHA256.HashData(content)),
            Key = seal.NewKey(),
        };
        files.Add(file);
        return file;
    }

    private Task InsertFileAsync(
        SampleFile file, Upload upload, byte[] header, byte[] thumbnailHeader, long size, long thumbnailSize, CancellationToken cancellationToken)
    {
        var metadata = seal.Json(Metadata(file), file.Key);
        var publicMetadata = file.Info is null ? new JsonObject() : new JsonObject { ["info"] = file.Info.DeepClone(), ["noThumb"] = true };
        if (upload.Caption is not null) publicMetadata["caption"] = upload.Caption;
        if (upload.EditedName is not null) publicMetadata["editedName"] = upload.EditedName;
        return storage.InsertAsync("files", cancellationToken,
            ("file_id", file.Id), ("owner_id", file.Owner.UserId), ("file_decryption_header", Convert.ToBase64String(header)),
            ("thumbnail_decryption_header", Convert.ToBase64String(thumbnailHeader)), ("metadata_decryption_header", metadata.Header),
            ("encrypted_metadata", metadata.Data), ("updation_time", clock.NextMicroseconds()),
            ("magic_metadata", upload.Visibility == 0 ? null : seal.Magic(new JsonObject { ["visibility"] = upload.Visibility }, file.Key)),
            ("pub_magic_metadata", publicMetadata.Count == 0 ? null : seal.Magic(publicMetadata, file.Key)),
            ("info", $$"""{"fileSize": {{size}}, "thumbSize": {{thumbnailSize}}}"""));
    }

    private static JsonObject Metadata(SampleFile file)
    {
        var metadata = new JsonObject
        {
            ["title"] = file.Title, ["creationTime"] = file.CreationTime, ["modificationTime"] = file.CreationTime, ["fileType"] = file.Type,
        };
        if (file.Hash is not null) metadata["hash"] = file.Hash;
        if (file.Type == 1) metadata["duration"] = 12;
        if (file.Location is var (latitude, longitude)) (metadata["latitude"], metadata["longitude"]) = (latitude, longitude);
        return metadata;
    }

    private async Task AddObjectAsync(SampleFile file, string type, byte[] encrypted, CancellationToken cancellationToken)
    {
        var key = $"{file.Owner.UserId}/{random.Uuid()}";
        await storage.PutAsync(key, encrypted, cancellationToken);
        var now = clock.NextMicroseconds();
        await storage.InsertAsync("object_keys", cancellationToken,
            ("file_id", file.Id), ("o_type", type), ("object_key", key), ("size", (long)encrypted.Length), ("datacenters", "{b2-eu-cen}"), ("created_at", now), ("updated_at", now));
        // Copies are wanted even where replication is off.
        await storage.InsertAsync("object_copies", cancellationToken,
            ("object_key", key), ("b2", now), ("want_b2", true), ("want_wasabi", true), ("want_scw", type == "file"));
    }

    private JsonArray Floats(int count) => new([.. Enumerable.Range(0, count).Select(_ => (JsonNode)(random.Next(20_000) / 10_000.0 - 1))]);
}
