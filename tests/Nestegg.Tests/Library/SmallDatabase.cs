using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Tests.Library;

/// <summary>An Ente database in memory, made by hand, for what the recorded instance does not have.</summary>
internal sealed class SmallDatabase : IDisposable
{
    public const long Me = 1580559962386438;

    private const string OldestTables = """
        CREATE TABLE users (user_id INTEGER, email_hash TEXT, encrypted_email BLOB, email_decryption_nonce BLOB);
        CREATE TABLE key_attributes (user_id INTEGER, kek_salt TEXT, ops_limit INTEGER, mem_limit INTEGER, encrypted_key TEXT, key_decryption_nonce TEXT, public_key TEXT,
            encrypted_secret_key TEXT, secret_key_decryption_nonce TEXT, master_key_encrypted_with_recovery_key TEXT, master_key_decryption_nonce TEXT,
            recovery_key_encrypted_with_master_key TEXT, recovery_key_decryption_nonce TEXT);
        CREATE TABLE collections (collection_id INTEGER, owner_id INTEGER, encrypted_key TEXT, key_decryption_nonce TEXT, name TEXT, type TEXT, attributes TEXT,
            updation_time INTEGER, is_deleted INTEGER, encrypted_name TEXT, name_decryption_nonce TEXT, magic_metadata TEXT, pub_magic_metadata TEXT, app TEXT);
        CREATE TABLE collection_shares (collection_id INTEGER, from_user_id INTEGER, to_user_id INTEGER, encrypted_key TEXT, updation_time INTEGER, is_deleted INTEGER,
            role_type TEXT, magic_metadata TEXT);
        CREATE TABLE collection_files (file_id INTEGER, collection_id INTEGER, encrypted_key TEXT, key_decryption_nonce TEXT, is_deleted INTEGER);
        CREATE TABLE files (file_id INTEGER, owner_id INTEGER, file_decryption_header TEXT, thumbnail_decryption_header TEXT, metadata_decryption_header TEXT,
            encrypted_metadata TEXT, updation_time INTEGER, magic_metadata TEXT, pub_magic_metadata TEXT);
        CREATE TABLE object_keys (file_id INTEGER, o_type TEXT, object_key TEXT, size INTEGER, datacenters TEXT, is_deleted INTEGER);
        """;

    private const string NewerTables = """
        CREATE TABLE authenticator_key (user_id INTEGER, encrypted_key TEXT, header TEXT);
        CREATE TABLE authenticator_entity (id TEXT, user_id INTEGER, encrypted_data TEXT, header TEXT, created_at INTEGER, is_deleted INTEGER);
        CREATE TABLE entity_key (user_id INTEGER, type TEXT, encrypted_key TEXT, header TEXT);
        CREATE TABLE entity_data (id TEXT, user_id INTEGER, type TEXT, encrypted_data TEXT, header TEXT, created_at INTEGER, updated_at INTEGER, is_deleted INTEGER);
        CREATE TABLE contact_entity (id TEXT, user_id INTEGER, contact_user_id INTEGER, profile_picture_attachment_id TEXT, encrypted_key BLOB, encrypted_data BLOB,
            is_deleted INTEGER, created_at INTEGER);
        CREATE TABLE comments (id TEXT, collection_id INTEGER, file_id INTEGER, parent_comment_id TEXT, user_id INTEGER, anon_user_id TEXT, cipher TEXT, nonce TEXT,
            is_deleted INTEGER, created_at INTEGER);
        CREATE TABLE reactions (id TEXT, collection_id INTEGER, file_id INTEGER, comment_id TEXT, user_id INTEGER, anon_user_id TEXT, cipher TEXT, nonce TEXT,
            is_deleted INTEGER, created_at INTEGER);
        CREATE TABLE anon_users (id TEXT, collection_id INTEGER, cipher TEXT, nonce TEXT);
        CREATE TABLE emergency_contact (user_id INTEGER, emergency_contact_id INTEGER, state TEXT, encrypted_key TEXT);
        CREATE TABLE legacy_kit (id TEXT, user_id INTEGER, encrypted_recovery_blob TEXT, encrypted_owner_blob TEXT, is_deleted INTEGER, created_at INTEGER);
        CREATE TABLE memory_shares (id INTEGER, user_id INTEGER, type TEXT, metadata_cipher TEXT, metadata_nonce TEXT, mem_enc_key TEXT, mem_key_decryption_nonce TEXT, is_deleted INTEGER);
        CREATE TABLE memory_share_files (memory_share_id INTEGER, file_id INTEGER, position INTEGER, file_enc_key TEXT, file_key_decryption_nonce TEXT);
        CREATE TABLE public_file_tokens (id TEXT, file_id INTEGER, owner_id INTEGER, is_disabled INTEGER, encrypted_share_key TEXT, encrypted_file_key TEXT,
            encrypted_file_key_nonce TEXT, kdf_nonce TEXT, kdf_ops_limit INTEGER, kdf_mem_limit INTEGER);
        """;

    public SmallDatabase(bool isOld = false)
    {
        Connection = new SqliteConnection("Data Source=:memory:");
        Connection.Open();
        Execute(isOld ? OldestTables : OldestTables + NewerTables);
        using var passwordKey = SecretKey.Random();
        using var secretKey = SealedBox.NewKeyPair(out var publicKey);
        Keys = KeyChain.OpenWithPasswordKey(
            new KeyAttributes
            {
                Salt = [],
                Operations = 0,
                MemoryBytes = 0,
                MasterKey = WrappedKey.Wrap(MasterKey, passwordKey),
                PublicKey = publicKey,
                SecretKey = WrappedKey.Wrap(secretKey, MasterKey),
                MasterKeyUnderRecoveryKey = null,
                RecoveryKey = null,
            },
            passwordKey).KeyChain!;
    }

    public SqliteConnection Connection { get; }

    public SecretKey MasterKey { get; } = SecretKey.Random();

    public KeyChain Keys { get; }

    /// <summary>The row of an account that a recovery key opens; the person's own when the master key is theirs.</summary>
    public void AddKeyAttributes(long userId, SecretKey masterKey, SecretKey recoveryKey)
    {
        var (master, recovery) = (WrappedKey.Wrap(masterKey, recoveryKey), WrappedKey.Wrap(recoveryKey, masterKey));
        Insert("key_attributes", userId, "", 0, 0, "", "", "", "", "", master.Box, master.Nonce, recovery.Box, recovery.Nonce);
    }

    public SecretKey AddAlbum(long id, string name)
    {
        var key = SecretKey.Random();
        var wrapped = WrappedKey.Wrap(key, MasterKey);
        var box = SecretBox.Seal(Encoding.UTF8.GetBytes(name), key, out var nonce);
        Insert("collections", id, Me, wrapped.Box, wrapped.Nonce, null, "album", "{}", 1, 0, box, nonce, null, null, "photos");
        return key;
    }

    public SecretKey AddFile(long id, string metadata)
    {
        var key = SecretKey.Random();
        var message = SecretStream.Seal(Encoding.UTF8.GetBytes(metadata), key, out var header);
        Insert("files", id, Me, header, header, header, message, 1, null, null);
        Insert("object_keys", id, "file", $"{Me}/{id}", 17, "{b2-eu-cen}", 0);
        Insert("object_keys", id, "thumbnail", $"{Me}/{id}t", 17, "{b2-eu-cen}", 0);
        return key;
    }

    public void AddToAlbum(long fileId, SecretKey fileKey, long albumId, SecretKey albumKey)
    {
        var wrapped = WrappedKey.Wrap(fileKey, albumKey);
        Insert("collection_files", fileId, albumId, wrapped.Box, wrapped.Nonce, 0);
    }

    /// <summary>Bytes become Base64, as Ente's text columns have it; a <see cref="ReadOnlyMemory{T}"/> stays bytes.</summary>
    public void Insert(string table, params object?[] values)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = $"INSERT INTO {table} VALUES ({string.Join(',', values.Select((_, i) => "@p" + i))})";
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue("@p" + i, values[i] switch
            {
                null => DBNull.Value,
                byte[] bytes => Convert.ToBase64String(bytes),
                ReadOnlyMemory<byte> bytes => bytes.ToArray(),
                var value => value,
            });
        }

        command.ExecuteNonQuery();
    }

    public void Execute(string sql)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static byte[] Gzip(object content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionMode.Compress))
        {
            JsonSerializer.Serialize(gzip, content);
        }

        return stream.ToArray();
    }

    public void Dispose()
    {
        Connection.Dispose();
        Keys.Dispose();
        MasterKey.Dispose();
    }
}
