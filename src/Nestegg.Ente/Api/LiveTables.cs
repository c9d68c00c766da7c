using System.Diagnostics;
using System.Text.Json;
using Nestegg.Ente.Json;
using Nestegg.Ente.Scratch;

namespace Nestegg.Ente.Api;

/// <summary>
/// Writes what museum's API says into tables of the same names and columns as museum's own database, so that a live library is
/// read by the same code as one in a snapshot. Objects have no keys in the API: their place is taken by the route that gives them.
/// </summary>
internal sealed class LiveTables(SqliteFile file, long userId)
{
    internal const string FileRoute = "files/download/";
    internal const string ThumbnailRoute = "files/preview/";

    internal const string Schema = """
        CREATE TABLE users (user_id INTEGER PRIMARY KEY, email_hash TEXT);
        CREATE TABLE key_attributes (user_id INTEGER PRIMARY KEY, kek_salt TEXT, encrypted_key TEXT, key_decryption_nonce TEXT, public_key TEXT,
            encrypted_secret_key TEXT, secret_key_decryption_nonce TEXT, mem_limit INTEGER, ops_limit INTEGER,
            master_key_encrypted_with_recovery_key TEXT, master_key_decryption_nonce TEXT,
            recovery_key_encrypted_with_master_key TEXT, recovery_key_decryption_nonce TEXT, created_at INTEGER);
        CREATE TABLE collections (collection_id INTEGER PRIMARY KEY, owner_id INTEGER, encrypted_key TEXT, key_decryption_nonce TEXT, name TEXT,
            type TEXT, attributes TEXT, updation_time INTEGER, is_deleted INTEGER, encrypted_name TEXT, name_decryption_nonce TEXT,
            magic_metadata TEXT, pub_magic_metadata TEXT, app TEXT);
        CREATE TABLE collection_shares (collection_id INTEGER PRIMARY KEY, from_user_id INTEGER, to_user_id INTEGER, encrypted_key TEXT,
            updation_time INTEGER, is_deleted INTEGER, role_type TEXT, magic_metadata TEXT, shared_at INTEGER);
        CREATE TABLE collection_files (collection_id INTEGER, file_id INTEGER, encrypted_key TEXT, key_decryption_nonce TEXT, is_deleted INTEGER,
            updation_time INTEGER, c_owner_id INTEGER, f_owner_id INTEGER, created_at INTEGER, PRIMARY KEY (collection_id, file_id));
        CREATE INDEX collection_files_by_file_id ON collection_files (file_id);
        CREATE TABLE files (file_id INTEGER PRIMARY KEY, owner_id INTEGER, file_decryption_header TEXT, thumbnail_decryption_header TEXT,
            metadata_decryption_header TEXT, encrypted_metadata TEXT, updation_time INTEGER, magic_metadata TEXT, pub_magic_metadata TEXT, info TEXT);
        CREATE TABLE object_keys (file_id INTEGER, o_type TEXT, object_key TEXT, size INTEGER, datacenters TEXT, is_deleted INTEGER,
            created_at INTEGER, updated_at INTEGER, PRIMARY KEY (file_id, o_type));
        CREATE TABLE trash (file_id INTEGER PRIMARY KEY, user_id INTEGER, collection_id INTEGER, is_deleted INTEGER, is_restored INTEGER,
            created_at INTEGER, updated_at INTEGER, delete_by INTEGER);
        CREATE TABLE authenticator_key (user_id INTEGER PRIMARY KEY, encrypted_key TEXT, header TEXT, created_at INTEGER, updated_at INTEGER);
        CREATE TABLE authenticator_entity (id TEXT PRIMARY KEY, user_id INTEGER, encrypted_data TEXT, header TEXT, created_at INTEGER, updated_at INTEGER, is_deleted INTEGER);
        CREATE TABLE entity_key (user_id INTEGER, type TEXT, encrypted_key TEXT, header TEXT, created_at INTEGER, updated_at INTEGER, PRIMARY KEY (user_id, type));
        CREATE TABLE entity_data (id TEXT PRIMARY KEY, user_id INTEGER, type TEXT, encrypted_data TEXT, header TEXT, created_at INTEGER, updated_at INTEGER, is_deleted INTEGER);
        CREATE TABLE contact_entity (id TEXT PRIMARY KEY, user_id INTEGER, contact_user_id INTEGER, profile_picture_attachment_id TEXT,
            encrypted_key BLOB, encrypted_data BLOB, is_deleted INTEGER, created_at INTEGER, updated_at INTEGER);
        """;

    internal void AddAccount(JsonElement keys)
    {
        Put("users", ("user_id", userId));
        Put(
            "key_attributes", ("user_id", userId), ("kek_salt", keys.Text("kekSalt")), ("encrypted_key", keys.Text("encryptedKey")),
            ("key_decryption_nonce", keys.Text("keyDecryptionNonce")), ("public_key", keys.Text("publicKey")),
            ("encrypted_secret_key", keys.Text("encryptedSecretKey")),
            ("secret_key_decryption_nonce", keys.Text("secretKeyDecryptionNonce")),
            ("mem_limit", keys.Integer("memLimit")), ("ops_limit", keys.Integer("opsLimit")),
            ("master_key_encrypted_with_recovery_key", keys.Text("masterKeyEncryptedWithRecoveryKey")),
            ("master_key_decryption_nonce", keys.Text("masterKeyDecryptionNonce")),
            ("recovery_key_encrypted_with_master_key", keys.Text("recoveryKeyEncryptedWithMasterKey")),
            ("recovery_key_decryption_nonce", keys.Text("recoveryKeyDecryptionNonce")));
    }

    internal void AddCollection(JsonElement album)
    {
        var (id, ownerId) = (album.Integer("id"), album.Member("owner").Integer("id"));
        var isMine = ownerId == userId;
        Put(
            "collections", ("collection_id", id), ("owner_id", ownerId),
            ("encrypted_key", isMine ? album.Text("encryptedKey") : ""),
            ("key_decryption_nonce", isMine ? album.Text("keyDecryptionNonce") : ""),
            ("name", album.Text("name")), ("type", album.Text("type")), ("attributes", album.Json("attributes") ?? "{}"),
            ("updation_time", album.Integer("updationTime") ?? 0), ("is_deleted", album.Flag("isDeleted") ? 1 : 0),
            ("encrypted_name", album.Text("encryptedName")), ("name_decryption_nonce", album.Text("nameDecryptionNonce")),
            ("magic_metadata", album.Json("magicMetadata")), ("pub_magic_metadata", album.Json("pubMagicMetadata")),
            ("app", album.Text("app") ?? EnteApp.Photos.Name));
        if (!isMine)
        {
            // museum gives the sealed key of a shared album in the member that otherwise holds the wrapped one.
            Put(
                "collection_shares", ("collection_id", id), ("from_user_id", ownerId), ("to_user_id", userId),
                ("encrypted_key", album.Text("encryptedKey")), ("updation_time", album.Integer("updationTime") ?? 0), ("is_deleted", 0),
                ("role_type", album.Member("owner").Text("role")), ("magic_metadata", album.Json("sharedMagicMetadata")),
                ("shared_at", album.Integer("sharedAt")));
        }
    }

    /// <summary>A file as it stands in an album, or as it stood there before it went to the trash.</summary>
    internal void AddFile(JsonElement file, bool isTrashed)
    {
        var (id, header, thumbnailHeader) = (file.Integer("id"), file.Member("file").Text("decryptionHeader")
            ?? "", file.Member("thumbnail").Text("decryptionHeader") ?? "");
        Put(
            "files", ("file_id", id), ("owner_id", file.Integer("ownerID")), ("file_decryption_header", header),
            ("thumbnail_decryption_header", thumbnailHeader),
            ("metadata_decryption_header", file.Member("metadata").Text("decryptionHeader") ?? ""),
            ("encrypted_metadata", file.Member("metadata").Text("encryptedData") ?? ""),
            ("updation_time", file.Integer("updationTime") ?? 0),
            ("magic_metadata", file.Json("magicMetadata")), ("pub_magic_metadata", file.Json("pubMagicMetadata")),
            ("info", file.Json("info")));
        Put(
            "collection_files", ("collection_id", file.Integer("collectionID")), ("file_id", id),
            ("encrypted_key", file.Text("encryptedKey")), ("key_decryption_nonce", file.Text("keyDecryptionNonce")),
            ("is_deleted", isTrashed ? 1 : 0),
            ("updation_time", file.Integer("updationTime") ?? 0), ("c_owner_id", file.Integer("collectionOwnerID")),
            ("f_owner_id", file.Integer("ownerID")), ("created_at", file.Integer("collectionAddedAt")));

        // A Locker item without a file has no headers and no objects.
        if (header.Length > 0)
        {
            AddObject(id, "file", FileRoute, file.Member("info").Integer("fileSize"));
            AddObject(id, "thumbnail", ThumbnailRoute, file.Member("info").Integer("thumbSize"));
        }
    }

    internal void AddTrash(JsonElement entry) => Put(
        "trash", ("file_id", entry.Member("file").Integer("id")), ("user_id", userId),
        ("collection_id", entry.Member("file").Integer("collectionID")), ("is_deleted", entry.Flag("isDeleted") ? 1 : 0),
        ("is_restored", entry.Flag("isRestored") ? 1 : 0), ("created_at", entry.Integer("createdAt")),
        ("updated_at", entry.Integer("updatedAt")),
        ("delete_by", entry.Integer("deleteBy")));

    internal void AddKey(string table, string? type, JsonElement key)
    {
        (string, SqliteValue)[] common = [("user_id", userId), ("encrypted_key", key.Text("encryptedKey")), ("header", key.Text("header"))];
        Put(table, type is null ? common : [.. common, ("type", type)]);
    }

    internal void AddEntity(string table, string? type, JsonElement entity)
    {
        (string, SqliteValue)[] common =
        [
            ("id", entity.Text("id")),
            ("user_id", userId), ("encrypted_data", entity.Text("encryptedData")), ("header", entity.Text("header")),
            ("created_at", entity.Integer("createdAt")),
            ("updated_at", entity.Integer("updatedAt")), ("is_deleted", entity.Flag("isDeleted") ? 1 : 0),
        ];
        Put(table, type is null ? common : [.. common, ("type", type)]);
    }

    internal void AddContact(JsonElement contact) => Put(
        "contact_entity", ("id", contact.Text("id")), ("user_id", userId), ("contact_user_id", contact.Integer("contactUserID")),
        ("profile_picture_attachment_id", contact.Text("profilePictureAttachmentID")), ("encrypted_key", contact.Base64("encryptedKey")),
        ("encrypted_data", contact.Base64("encryptedData")), ("is_deleted", contact.Flag("isDeleted") ? 1 : 0),
        ("created_at", contact.Integer("createdAt")), ("updated_at", contact.Integer("updatedAt")));

    private void AddObject(long? fileId, string type, string route, long? sizeBytes) => Put(
        "object_keys", ("file_id", fileId), ("o_type", type), ("object_key", $"{route}{fileId}"), ("size", sizeBytes),
        ("datacenters", "{}"), ("is_deleted", 0));

    // An entry without an id is nothing that could be read later; a later entry of the same id is the newer one.
    private void Put(string table, params (string Column, SqliteValue Value)[] row)
    {
        Debug.Assert(
            row.All(field => field.Column.All(c => char.IsAsciiLetterLower(c) || c == '_')), "What stands in the SQL is a name of ours.");
        if (row[0].Value.IsNull)
        {
            return;
        }

        var columns = string.Join(", ", row.Select(field => field.Column));
        file.Run(
            $"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({string.Join(", ", Enumerable.Repeat("?", row.Length))})",
            [.. row.Select(field => field.Value)]);
    }
}
