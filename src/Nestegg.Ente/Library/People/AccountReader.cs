using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Library;

/// <summary>Reads accounts: who there is, and their wrapped keys.</summary>
internal sealed class AccountReader(EnteRows rows)
{
    private const string UserColumns = """
        SELECT u.user_id, u.email_hash, u.encrypted_email, u.email_decryption_nonce, k.user_id IS NOT NULL
        FROM users u LEFT JOIN key_attributes k ON k.user_id = u.user_id
        """;

    /// <inheritdoc cref="LibraryReader.UsersAsync"/>
    internal async IAsyncEnumerable<LibraryUser> UsersAsync(
        MuseumSecrets? secrets, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in rows.ReadAsync($"{UserColumns} ORDER BY u.user_id", cancellationToken))
        {
            yield return User(row, secrets);
        }
    }

    /// <inheritdoc cref="LibraryReader.FindUsersAsync"/>
    internal async Task<IReadOnlyList<LibraryUser>> FindAsync(string email, MuseumSecrets secrets, CancellationToken cancellationToken)
    {
        var hash = secrets.HashKey.IsEmpty ? null : EmailHash.Compute(email, secrets.HashKey);
        var wanted = EmailHash.Normalize(email);
        var found = new List<LibraryUser>();
        await foreach (var user in UsersAsync(secrets, cancellationToken))
        {
            var isOfHash = hash is not null && user.EmailHash == hash;
            if (isOfHash || (user.Email is not null && EmailHash.Normalize(user.Email) == wanted))
            {
                found.Insert(isOfHash ? 0 : found.Count, user);
            }
        }

        return found;
    }

    /// <inheritdoc cref="LibraryReader.FindUserAsync"/>
    internal async Task<LibraryUser?> FindAsync(long userId, MuseumSecrets? secrets, CancellationToken cancellationToken)
    {
        await foreach (var row in rows.ReadAsync($"{UserColumns} WHERE u.user_id = {userId}", cancellationToken))
        {
            return User(row, secrets);
        }

        return null;
    }

    /// <inheritdoc cref="LibraryReader.KeyAttributesAsync"/>
    internal async Task<KeyAttributes?> KeyAttributesAsync(long userId, CancellationToken cancellationToken)
    {
        await foreach (var row in rows.ReadAsync(
            $"SELECT {KeyAttributes.Columns} FROM key_attributes WHERE user_id = {userId}", cancellationToken))
        {
            return KeyAttributes.Read(row);
        }

        return null;
    }

    /// <inheritdoc cref="LibraryReader.SrpRecordAsync"/>
    internal async Task<SrpRecord?> SrpRecordAsync(long userId, CancellationToken cancellationToken)
    {
        if (!rows.Catalog.HasTable("srp_auth"))
        {
            return null;
        }

        await foreach (var row in rows.ReadAsync(
            $"SELECT CAST(srp_user_id AS text), salt, verifier FROM srp_auth WHERE user_id = {userId}", cancellationToken))
        {
            return StandardBase64.TryDecode(row.Text(1), out var salt) && StandardBase64.TryDecode(row.Text(2), out var verifier)
                ? new SrpRecord(row.GetString(0), salt, verifier)
                : null;
        }

        return null;
    }

    private static LibraryUser User(DbDataReader row, MuseumSecrets? secrets)
    {
        string? email = null;
        if (secrets?.EncryptionKey is { } encryptionKey
            && SecretBox.TryOpen(row.Bytes(2) ?? [], row.Bytes(3) ?? [], encryptionKey, out var plaintext))
        {
            email = Encoding.UTF8.GetString(plaintext);
        }

        return new LibraryUser(row.GetInt64(0), email, row.Text(1) ?? "", row.GetBoolean(4));
    }
}
