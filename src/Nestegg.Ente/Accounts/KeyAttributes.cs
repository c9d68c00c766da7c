using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Accounts;

/// <summary>
/// The row of <c>key_attributes</c>: everything of a user's keys that museum stores, all of it wrapped. A damaged column makes the
/// way that needs it fail and no other: with a damaged salt, the recovery key still opens the account.
/// </summary>
public sealed record KeyAttributes
{
    /// <summary>What the columns are called in the database and in the API's JSON, in this order everywhere below.</summary>
    private static readonly (string Column, string Json)[] Names =
    [
        ("kek_salt", "kekSalt"), ("ops_limit", "opsLimit"), ("mem_limit", "memLimit"), ("encrypted_key", "encryptedKey"),
        ("key_decryption_nonce", "keyDecryptionNonce"), ("public_key", "publicKey"), ("encrypted_secret_key", "encryptedSecretKey"),
        ("secret_key_decryption_nonce", "secretKeyDecryptionNonce"),
        ("master_key_encrypted_with_recovery_key", "masterKeyEncryptedWithRecoveryKey"),
        ("master_key_decryption_nonce", "masterKeyDecryptionNonce"),
        ("recovery_key_encrypted_with_master_key", "recoveryKeyEncryptedWithMasterKey"),
        ("recovery_key_decryption_nonce", "recoveryKeyDecryptionNonce"),
    ];

    /// <summary>The salt of the password's key; empty when it is not Base64.</summary>
    public required byte[] Salt { get; init; }

    /// <summary>Argon2id's passes.</summary>
    public required long Operations { get; init; }

    /// <summary>Argon2id's memory in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The master key under the password's key.</summary>
    public required WrappedKey? MasterKey { get; init; }

    /// <summary>The X25519 public key; empty when it is not Base64.</summary>
    public required byte[] PublicKey { get; init; }

    /// <summary>The X25519 secret key under the master key.</summary>
    public required WrappedKey? SecretKey { get; init; }

    /// <summary>The master key under the recovery key; null for very old accounts.</summary>
    public required WrappedKey? MasterKeyUnderRecoveryKey { get; init; }

    /// <summary>The recovery key under the master key; null for very old accounts.</summary>
    public required WrappedKey? RecoveryKey { get; init; }

    /// <summary>The columns to select for <see cref="Read(DbDataReader)"/>.</summary>
    internal static string Columns { get; } = string.Join(", ", Names.Select(name => name.Column));

    /// <summary>Reads the current row, which has <see cref="Columns"/>.</summary>
    internal static KeyAttributes Read(DbDataReader row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return Read(i =>
        {
            var ordinal = row.GetOrdinal(Names[i].Column);
            return row.IsDBNull(ordinal) ? null : Convert.ToString(row.GetValue(ordinal), CultureInfo.InvariantCulture);
        });
    }

    /// <summary>Reads the <c>keyAttributes</c> of museum's API.</summary>
    internal static KeyAttributes Read(JsonElement json) => Read(i =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(Names[i].Json, out var value)
            ? value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number => value.GetRawText(),
                _ => null,
            }
            : null);

    private static KeyAttributes Read(Func<int, string?> text) => new()
    {
        Salt = StandardBase64.TryDecode(text(0), out var salt) ? salt : [],
        Operations = Number(text(1)),
        MemoryBytes = Number(text(2)),
        MasterKey = WrappedKey.Read(text(3), text(4)),
        PublicKey = StandardBase64.TryDecode(text(5), out var publicKey) ? publicKey : [],
        SecretKey = WrappedKey.Read(text(6), text(7)),
        MasterKeyUnderRecoveryKey = WrappedKey.Read(text(8), text(9)),
        RecoveryKey = WrappedKey.Read(text(10), text(11)),
    };

    private static long Number(string? text) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
