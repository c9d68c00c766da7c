using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Integrity;

/// <summary>An account whose address another account has as well.</summary>
/// <param name="UserId">The account.</param>
/// <param name="HasKeys">Whether there is anything of it to open.</param>
/// <param name="Files">Rows of <c>files</c>, deleted ones among them.</param>
internal sealed record AddressTwin(long UserId, bool HasKeys, long Files)
{
    public override string ToString() => $"{UserId} ({(HasKeys ? Counted.Of(Files, "file") : "without keys")})";
}

/// <summary>
/// Accounts with one address. museum keeps only the hashes apart, so that after a change of <c>key.hash</c> a person's next sign-in makes a
/// new, empty account beside the old one.
/// </summary>
internal static class AddressTwins
{
    /// <summary>The accounts of each address that more than one has. Holds 50 bytes an account.</summary>
    internal static async Task<IReadOnlyList<IReadOnlyList<AddressTwin>>> FindAsync(
        EnteRows rows, MuseumSecrets secrets, CancellationToken cancellationToken)
    {
        var accounts = new Dictionary<Int128, List<long>>();
        await foreach (var row in rows.ReadAsync(
            "SELECT user_id, encrypted_email, email_decryption_nonce FROM users WHERE encrypted_email IS NOT NULL ORDER BY user_id",
            cancellationToken))
        {
            if (secrets.EncryptionKey is { } key && SecretBox.TryOpen(row.Bytes(1) ?? [], row.Bytes(2) ?? [], key, out var email))
            {
                var address = EmailHash.Normalize(Encoding.UTF8.GetString(email));
                var hash = BitConverter.ToInt128(SHA256.HashData(Encoding.UTF8.GetBytes(address)));
                accounts.TryAdd(hash, []);
                accounts[hash].Add(row.GetInt64(0));
                CryptographicOperations.ZeroMemory(email);
            }
        }

        var twins = new List<IReadOnlyList<AddressTwin>>();
        foreach (var same in accounts.Values.Where(same => same.Count > 1))
        {
            twins.Add(await DescribeAsync(rows, same, cancellationToken));
        }

        return twins;
    }

    private static async Task<IReadOnlyList<AddressTwin>> DescribeAsync(
        EnteRows rows, IEnumerable<long> userIds, CancellationToken cancellationToken)
    {
        var accounts = new List<AddressTwin>();
        await foreach (var row in rows.ReadAsync(
            $"""
            SELECT u.user_id, EXISTS (SELECT 1 FROM key_attributes k WHERE k.user_id = u.user_id),
                (SELECT COUNT(*) FROM files f WHERE f.owner_id = u.user_id)
            FROM users u WHERE u.user_id IN ({string.Join(", ", userIds)}) ORDER BY u.user_id
            """,
            cancellationToken))
        {
            accounts.Add(new AddressTwin(row.GetInt64(0), row.GetBoolean(1), row.GetInt64(2)));
        }

        return accounts;
    }
}
