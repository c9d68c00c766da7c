using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Library;

public sealed partial class LibraryReader
{
    private const string UserColumns = """
        SELECT u.user_id, u.email_hash, u.encrypted_email, u.email_decryption_nonce, k.user_id IS NOT NULL
        FROM users u LEFT JOIN key_attributes k ON k.user_id = u.user_id
        """;

    /// <summary>All accounts, by id.</summary>
    /// <param name="encryptionKey">museum's <c>key.encryption</c>, 32 bytes; null to leave the addresses closed.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public async IAsyncEnumerable<LibraryUser> UsersAsync(SecretKey? encryptionKey, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in RowsAsync($"{UserColumns} ORDER BY u.user_id", cancellationToken))
        {
            yield return User(row, encryptionKey);
        }
    }

    /// <summary>
    /// Finds accounts by address: first by the hash that museum looks up, then, when that finds nothing, by opening every address.
    /// More than one comes back when an account was made again after <c>key.hash</c> had changed.
    /// </summary>
    /// <param name="email">As typed.</param>
    /// <param name="hashKey">museum's <c>key.hash</c>; empty when it is not known.</param>
    /// <param name="encryptionKey">museum's <c>key.encryption</c>; null when it is not known.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public async Task<IReadOnlyList<LibraryUser>> FindUsersAsync(
        string email, ReadOnlyMemory<byte> hashKey, SecretKey? encryptionKey, CancellationToken cancellationToken)
    {
        var found = new List<LibraryUser>();
        if (hashKey.Length > 0)
        {
            var hash = EmailHash.Compute(email, hashKey.Span);
            await foreach (var row in RowsAsync($"{UserColumns} WHERE u.email_hash = @hash", cancellationToken, ("hash", hash)))
            {
                found.Add(User(row, encryptionKey));
            }
        }

        if (found.Count > 0 || encryptionKey is null)
        {
            return found;
        }

        var wanted = EmailHash.Normalize(email);
        await foreach (var user in UsersAsync(encryptionKey, cancellationToken))
        {
            if (user.Email is not null && EmailHash.Normalize(user.Email) == wanted)
            {
                found.Add(user);
            }
        }

        return found;
    }

    /// <summary>An account by its id; null when there is none.</summary>
    public async Task<LibraryUser?> FindUserAsync(long userId, SecretKey? encryptionKey, CancellationToken cancellationToken)
    {
        await foreach (var row in RowsAsync($"{UserColumns} WHERE u.user_id = {userId}", cancellationToken))
        {
            return User(row, encryptionKey);
        }

        return null;
    }

    /// <summary>An account's wrapped keys; null when it has none.</summary>
    public async Task<KeyAttributes?> KeyAttributesAsync(long userId, CancellationToken cancellationToken)
    {
        await foreach (var row in RowsAsync($"SELECT {KeyAttributes.Columns} FROM key_attributes WHERE user_id = {userId}", cancellationToken))
        {
            return KeyAttributes.Read(row);
        }

        return null;
    }

    /// <summary>An account's login record; null when it has none.</summary>
    public async Task<SrpRecord?> SrpRecordAsync(long userId, CancellationToken cancellationToken)
    {
        if (!Catalog.HasTable("srp_auth"))
        {
            return null;
        }

        await foreach (var row in RowsAsync($"SELECT CAST(srp_user_id AS text), salt, verifier FROM srp_auth WHERE user_id = {userId}", cancellationToken))
        {
            return StandardBase64.TryDecode(row.Text(1), out var salt) && StandardBase64.TryDecode(row.Text(2), out var verifier)
                ? new SrpRecord(row.GetString(0), salt, verifier)
                : null;
        }

        return null;
    }

    private static LibraryUser User(DbDataReader row, SecretKey? encryptionKey)
    {
        string? email = null;
        if (encryptionKey is not null && SecretBox.TryOpen(row.Bytes(2) ?? [], row.Bytes(3) ?? [], encryptionKey, out var plaintext))
        {
            email = Encoding.UTF8.GetString(plaintext);
        }

        return new LibraryUser(row.GetInt64(0), email, row.Text(1) ?? "", row.GetBoolean(4));
    }
}
