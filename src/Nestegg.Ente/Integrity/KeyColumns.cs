using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Integrity;

/// <summary>A column that somebody's data cannot be opened without. PostgreSQL checks neither its encoding nor its length.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Bytes">What its Base64 must decode to: exactly so many bytes, or at least so many when <paramref name="IsLeast"/>.</param>
/// <param name="IsLeast">It may hold more.</param>
/// <param name="IsOptional">May be absent: old accounts have no recovery key, old albums a name in plain.</param>
internal sealed record KeyColumn(string Name, int Bytes, bool IsLeast = false, bool IsOptional = false);

/// <summary>The columns of a table to look at, and the rows in which they matter.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Label">The columns that tell a person which row it is.</param>
/// <param name="Where">A condition.</param>
/// <param name="Columns">What to look at.</param>
internal sealed record KeyTable(string Table, string Label, string Where, params KeyColumn[] Columns)
{
    private const int NonceBytes = SecretBox.NonceBytes;
    private const int BoxedBytes = SecretKey.SizeBytes + SecretBox.OverheadBytes;
    private const int SealedBytes = SecretKey.SizeBytes + SealedBox.OverheadBytes;
    private const int StreamHeaderBytes = SecretStream.HeaderBytes;
    private const int LeastStreamBytes = SecretStream.OverheadBytes;
    private const int LeastBoxBytes = SecretBox.OverheadBytes;
    private const string Live = "NOT COALESCE(is_deleted, false)";

    /// <summary>Every table with wrapped keys or encrypted rows, but for <c>files</c>, whose rules depend on where a file is.</summary>
    public static IReadOnlyList<KeyTable> All { get; } =
    [
        new("key_attributes", "user_id", "true",
            new("kek_salt", Argon2id.SaltBytes), new("encrypted_key", BoxedBytes), new("key_decryption_nonce", NonceBytes),
            new("public_key", SealedBox.PublicKeyBytes),
            new("encrypted_secret_key", BoxedBytes), new("secret_key_decryption_nonce", NonceBytes),
            new("master_key_encrypted_with_recovery_key", BoxedBytes, IsOptional: true),
            new("master_key_decryption_nonce", NonceBytes, IsOptional: true),
            new("recovery_key_encrypted_with_master_key", BoxedBytes, IsOptional: true),
            new("recovery_key_decryption_nonce", NonceBytes, IsOptional: true)),
        new("collections", "collection_id", Live,
            new("encrypted_key", BoxedBytes), new("key_decryption_nonce", NonceBytes),
            new("encrypted_name", LeastBoxBytes, IsLeast: true, IsOptional: true),
            new("name_decryption_nonce", NonceBytes, IsOptional: true)),
        new("collection_shares", "collection_id, to_user_id", Live, new KeyColumn("encrypted_key", SealedBytes)),

        // What lies in the trash is opened with the row of the album that it was in, which is marked deleted.
        new("collection_files", "collection_id, file_id",
            $"({Live} OR EXISTS (SELECT 1 FROM trash t WHERE t.file_id = collection_files.file_id AND t.collection_id = "
            + $"collection_files.collection_id AND NOT t.is_deleted AND NOT t.is_restored))",
            new("encrypted_key", BoxedBytes), new("key_decryption_nonce", NonceBytes)),
        new("authenticator_key", "user_id", "true", new("encrypted_key", BoxedBytes), new("header", NonceBytes)),
        new("authenticator_entity", "id", Live, new("header", StreamHeaderBytes), new("encrypted_data", LeastStreamBytes, IsLeast: true)),
        new("entity_key", "user_id, type", "true", new("encrypted_key", BoxedBytes), new("header", NonceBytes)),
        new("entity_data", "id", Live, new("header", StreamHeaderBytes), new("encrypted_data", LeastStreamBytes, IsLeast: true)),
        new("contact_entity", "id", Live,
            new("encrypted_key", NonceBytes + BoxedBytes), new("encrypted_data", StreamHeaderBytes + LeastStreamBytes, IsLeast: true)),
        new("emergency_contact", "user_id, emergency_contact_id", "state IN ('INVITED', 'ACCEPTED')", new KeyColumn(
            "encrypted_key", LeastBoxBytes, IsLeast: true)),
        new("legacy_kit", "id", Live,
            new("encrypted_recovery_blob", NonceBytes + LeastBoxBytes, IsLeast: true),
            new("encrypted_owner_blob", NonceBytes + LeastBoxBytes, IsLeast: true)),

        // Links of before November 2025 end in the file's key itself: their rows hold nothing to open.
        new("public_file_tokens", "id", "NOT is_disabled",
            new("encrypted_share_key", SealedBox.OverheadBytes, IsLeast: true, IsOptional: true),
            new("encrypted_file_key", BoxedBytes, IsOptional: true),
            new("encrypted_file_key_nonce", NonceBytes, IsOptional: true), new("kdf_nonce", Argon2id.SaltBytes, IsOptional: true)),
        new("memory_shares", "id", Live, new("mem_enc_key", LeastBoxBytes, IsLeast: true), new("mem_key_decryption_nonce", NonceBytes)),
        new("memory_share_files", "id", "true", new("file_enc_key", BoxedBytes), new("file_key_decryption_nonce", NonceBytes)),
        new("comments", "id", Live, new("cipher", LeastBoxBytes, IsLeast: true), new("nonce", NonceBytes)),
        new("reactions", "id", Live, new("cipher", LeastBoxBytes, IsLeast: true), new("nonce", NonceBytes)),
        new("anon_users", "id", "true", new("cipher", LeastBoxBytes, IsLeast: true), new("nonce", NonceBytes)),
    ];
}
