using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

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
            Id = nextAlbumId++, Owner = owner, Name = wanted.Name, Type = wanted.Type, App = wanted.App, Visibility = wanted.Visibility,
            SubType = wanted.SubType,
            Folder = wanted.Folder ?? wanted.Name, Key = seal.NewKey(),
        };
        var key = seal.Box(album.Key.Bytes, owner.MasterKey);
        var encryptedName = seal.Box(wanted.Name, album.Key);
        await storage.InsertAsync("collections", cancellationToken,
            ("collection_id", album.Id), ("owner_id", owner.UserId), ("encrypted_key", key.Box), ("key_decryption_nonce", key.Nonce),
            ("name", wanted.IsOldStyle ? wanted.Name : ""), ("type", album.Type), ("attributes", Attributes(wanted, album).ToJsonString()),
            ("updation_time", clock.NextMicroseconds()),
            ("encrypted_name", wanted.IsOldStyle ? null : encryptedName.Box),
            ("name_decryption_nonce", wanted.IsOldStyle ? null : encryptedName.Nonce),
            ("magic_metadata", Magic(wanted.OwnerJson, album.Key)), ("pub_magic_metadata", Magic(wanted.PublicJson, album.Key)),
            ("app", album.App));
        albums.Add(album);
        return album;
    }

    public async Task RenameAlbumAsync(SampleAlbum album, string name, CancellationToken cancellationToken)
    {
        var encryptedName = seal.Box(name, album.Key);
        await storage.ExecuteAsync(
            "UPDATE collections SET encrypted_name = $1, name_decryption_nonce = $2, updation_time = $3 WHERE collection_id = $4",
            cancellationToken, encryptedName.Box, encryptedName.Nonce, clock.NextMicroseconds(), album.Id);
        (album.Name, album.Folder) = (name, name);
    }

    /// <param name="shareeJson">What the person wants with it: hidden, pinned.</param>
    public async Task ShareAsync(
        SampleAlbum album, SamplePerson with, string role, CancellationToken cancellationToken, JsonObject? shareeJson = null)
    {
        var sealedKey = Convert.ToBase64String(SealedBox.Seal(album.Key.Bytes, with.PublicKey));
        var now = clock.NextMicroseconds();
        await storage.InsertAsync("collection_shares", cancellationToken,
            ("collection_id", album.Id), ("from_user_id", album.Owner.UserId), ("to_user_id", with.UserId), ("encrypted_key", sealedKey),
            ("updation_time", now), ("role_type", role), ("shared_at", now), ("magic_metadata", Magic(shareeJson ?? [], album.Key)));
        album.SharedWith.Add(with);
    }

    /// <summary>The share is ended; its row stays.</summary>
    public async Task EndShareAsync(SampleAlbum album, SamplePerson with, CancellationToken cancellationToken)
    {
        await storage.ExecuteAsync(
            "UPDATE collection_shares SET is_deleted = true, updation_time = $1 WHERE collection_id = $2 AND to_user_id = $3",
            cancellationToken, clock.NextMicroseconds(), album.Id, with.UserId);
        album.SharedWith.Remove(with);
    }

    public async Task<SampleFile> UploadAsync(SampleAlbum album, SamplePerson owner, Upload upload, CancellationToken cancellationToken)
    {
        var file = NewFile(owner, upload);
        var content = seal.Stream(upload.Content, file.Key);
        var thumbnail = seal.Stream(JpegPicture.Encode(96, 64, random), file.Key);
        await InsertFileAsync(file, upload, content, thumbnail, cancellationToken);
        file.ContentKey = await AddObjectAsync(file, "file", content.Encrypted, cancellationToken);
        await AddObjectAsync(file, "thumbnail", thumbnail.Encrypted, cancellationToken);
        await PutIntoAsync(file, album, cancellationToken, upload.ExportName);
        return file;
    }

    /// <summary>
    /// The picture was edited in an app: new bytes under a new key; the old ones are queued to be deleted, and no row names them.
    /// </summary>
    public async Task ReplaceContentAsync(SampleFile file, byte[] content, CancellationToken cancellationToken)
    {
        var (encrypted, header) = seal.Stream(content, file.Key);
        var old = file.ContentKey!;
        await storage.ExecuteAsync("DELETE FROM object_copies WHERE object_key = $1", cancellationToken, old);
        await storage.ExecuteAsync("DELETE FROM object_keys WHERE object_key = $1", cancellationToken, old);
        await storage.ExecuteAsync("INSERT INTO queue (queue_name, item) VALUES ('outdatedObject', $1)", cancellationToken, old);
        storage.Forget(old);
        (file.SizeBytes, file.Sha256, file.Hash) = (
            content.Length, Convert.ToHexStringLower(SHA256.HashData(content)), SampleMedia.Hash(content));
        var metadata = seal.Json(Metadata(file), file.Key);
        await storage.ExecuteAsync(
            "UPDATE files SET file_decryption_header = $1, encrypted_metadata = $2, metadata_decryption_header = $3, updation_time = $4, "
            + "info = $5 WHERE file_id = $6",
            cancellationToken, Convert.ToBase64String(header), metadata.Data, metadata.Header, clock.NextMicroseconds(),
            $$"""{"fileSize": {{encrypted.Length}}}""", file.Id);
        file.ContentKey = await AddObjectAsync(file, "file", encrypted, cancellationToken);
    }

    /// <summary>Name, caption, time and place were edited: for everybody who sees the file.</summary>
    public async Task EditAsync(SampleFile file, SampleEdits edits, CancellationToken cancellationToken)
    {
        file.Edits = edits;
        await storage.ExecuteAsync("UPDATE files SET pub_magic_metadata = $1, updation_time = $2 WHERE file_id = $3",
            cancellationToken, Magic(edits.ToJson(), file.Key), clock.NextMicroseconds(), file.Id);
    }

    /// <summary>A Locker item without a file: all of it is in the metadata.</summary>
    /// <param name="isOldStyle">As the app's first versions wrote it: a hyphenated type, the object as text.</param>
    public async Task<SampleFile> AddLockerItemAsync(
        SampleAlbum album, string type, JsonObject data, CancellationToken cancellationToken, bool isOldStyle = false)
    {
        var upload = new Upload(data["title"]?.GetValue<string>() ?? data["name"]!.GetValue<string>(), 4, []);
        var file = NewFile(album.Owner, upload, new JsonObject { ["type"] = type, ["data"] = data }, isOldStyle);
        await InsertFileAsync(file, upload, ([], []), ([], []), cancellationToken);
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
        if (exportName is not null)
        {
            file.ExportNames[album] = exportName;
        }
    }

    public Task FinishAsync(CancellationToken cancellationToken) => storage.ExecuteAsync($"""
        SELECT setval('files_file_id_seq', {nextFileId - 1}), setval('collections_collection_id_seq', {nextAlbumId - 1}),
            setval('users_user_id_seq', (SELECT max(user_id) FROM users))
        """, cancellationToken);

    private SampleFile NewFile(SamplePerson owner, Upload upload, JsonObject? info = null, bool isOldStyle = false)
    {
        var id = nextFileId++;
        var taken = FirstPicture.AddHours(7 * (id - 10000000)).ToUnixTimeMilliseconds();
        var file = new SampleFile
        {
            Id = id, Owner = owner, Title = upload.Title, Type = upload.Type, RecordedLocation = upload.Location, Edits = upload.Edits,
            // Locker counts milliseconds where Photos counts microseconds.
            CreationTime = upload.Type is 3 or 4 ? taken : taken * 1000, Parts = upload.Parts, Info = info,
            IsOldStyle = upload.IsOldStyle || isOldStyle, Visibility = upload.Visibility,
            Hash = info is null ? upload.Hash ?? SampleMedia.Hash(upload.Content) : null,
            SizeBytes = info is null ? upload.Content.Length : -1,
            Sha256 = info is null ? Convert.ToHexStringLower(SHA256.HashData(upload.Content)) : "",
            Key = seal.NewKey(),
        };
        if (file.Hash is "")
        {
            file.Hash = null;
        }

        files.Add(file);
        return file;
    }

    private Task InsertFileAsync(
        SampleFile file, Upload upload, (byte[] Encrypted, byte[] Header) content, (byte[] Encrypted, byte[] Header) thumbnail,
        CancellationToken cancellationToken)
    {
        var metadata = seal.Json(Metadata(file), file.Key);
        var publicJson = file.Info is null ? upload.Edits.ToJson() : LockerInfo(file);
        return storage.InsertAsync("files", cancellationToken,
            ("file_id", file.Id), ("owner_id", file.Owner.UserId), ("file_decryption_header", Convert.ToBase64String(content.Header)),
            ("thumbnail_decryption_header", Convert.ToBase64String(thumbnail.Header)), ("metadata_decryption_header", metadata.Header),
            ("encrypted_metadata", metadata.Data), ("updation_time", clock.NextMicroseconds()),
            ("magic_metadata", upload.Visibility == 0 ? null : seal.Magic(new JsonObject { ["visibility"] = upload.Visibility }, file.Key)),
            ("pub_magic_metadata", Magic(publicJson, file.Key)),
            // Rows of old uploads have no lengths.
            ("info", file.IsOldStyle ? null
                : $$"""{"fileSize": {{content.Encrypted.Length}}, "thumbSize": {{thumbnail.Encrypted.Length}}}"""));
    }

    /// <summary>What the app wrote when it uploaded the file.</summary>
    private static JsonObject Metadata(SampleFile file)
    {
        var metadata = new JsonObject { ["title"] = file.Title, ["creationTime"] = file.CreationTime, ["fileType"] = file.Type };
        // Old apps recorded no time of modification, hashed the parts of live photos apart, and wrote some numbers as text.
        if (!file.IsOldStyle)
        {
            metadata["modificationTime"] = file.CreationTime;
        }

        if (file.IsOldStyle && file.Hash?.Split(':') is [var image, var video])
        {
            (metadata["imageHash"], metadata["videoHash"]) = (image, video);
        }
        else if (file.Hash is not null)
        {
            metadata["hash"] = file.Hash;
        }

        if (file.Type == 1)
        {
            metadata["duration"] = 12;
        }

        if (file.RecordedLocation is not var (latitude, longitude))
        {
            return metadata;
        }

        metadata["latitude"] = file.IsOldStyle ? JsonValue.Create(FormattableString.Invariant($"{latitude}")) : JsonValue.Create(latitude);
        metadata["longitude"] = file.IsOldStyle ? JsonValue.Create(FormattableString.Invariant($"{longitude}"))
            : JsonValue.Create(longitude);
        return metadata;
    }

    private static JsonObject LockerInfo(SampleFile file)
    {
        var info = file.Info!.DeepClone().AsObject();
        if (!file.IsOldStyle)
        {
            return new JsonObject { ["info"] = info, ["noThumb"] = true };
        }

        info["type"] = string.Concat(
            info["type"]!.GetValue<string>().Select(letter => char.IsUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{letter}"));
        return new JsonObject { ["info"] = info.ToJsonString(), ["noThumb"] = true };
    }

    /// <summary>Very old apps kept the folder of the phone that an album was made from.</summary>
    private JsonObject Attributes(NewAlbum wanted, SampleAlbum album)
    {
        if (wanted.DevicePath is null)
        {
            return new JsonObject { ["version"] = 0 };
        }

        var path = seal.Box(wanted.DevicePath, album.Key);
        return new JsonObject { ["version"] = 1, ["encryptedPath"] = path.Box, ["pathDecryptionNonce"] = path.Nonce };
    }

    private string? Magic(JsonObject json, SecretKey key) => json.Count == 0 ? null : seal.Magic(json, key);

    private async Task<string> AddObjectAsync(SampleFile file, string type, byte[] encrypted, CancellationToken cancellationToken)
    {
        var key = $"{file.Owner.UserId}/{random.Uuid()}";
        await storage.PutAsync(key, encrypted, cancellationToken);
        var now = clock.NextMicroseconds();
        await storage.InsertAsync("object_keys", cancellationToken,
            ("file_id", file.Id), ("o_type", type), ("object_key", key), ("size", (long)encrypted.Length),
            ("datacenters", $"{{{storage.HotSlot}}}"), ("created_at", now), ("updated_at", now));
        // Copies are wanted even where replication is off.
        await storage.InsertAsync("object_copies", cancellationToken,
            ("object_key", key), ("b2", now), ("want_b2", true), ("want_wasabi", true), ("want_scw", type == "file"));
        await storage.ExecuteAsync("UPDATE usage SET storage_consumed = storage_consumed + $1 WHERE user_id = $2", cancellationToken,
            (long)encrypted.Length, file.Owner.UserId);
        return key;
    }
}
