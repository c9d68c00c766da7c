using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Integrity;

/// <summary>
/// What museum's secrets open of a sample of accounts, the oldest and the newest: where a secret was changed on the way, they differ.
/// </summary>
internal sealed class SecretsTrial
{
    /// <summary>The table that is read.</summary>
    internal const string Table = "users";

    private const int SampleOfEachEnd = 50;

    /// <summary>Accounts in the sample.</summary>
    internal int Users { get; private set; }

    /// <summary>Of the accounts: those that have an address; deleted ones keep their row without one.</summary>
    internal int Emails { get; private set; }

    /// <summary>Of the addresses: those that <c>key.encryption</c> opens.</summary>
    internal int Opened { get; private set; }

    /// <summary>Of the opened: those whose hash <c>key.hash</c> reproduces.</summary>
    internal int Hashed { get; private set; }

    internal static async Task<SecretsTrial> RunAsync(EnteRows rows, MuseumSecrets secrets, CancellationToken cancellationToken)
    {
        var trial = new SecretsTrial();
        var sample = $"""
            (SELECT user_id, encrypted_email, email_decryption_nonce, email_hash FROM {Table} ORDER BY encrypted_email IS NULL, user_id LIMIT {SampleOfEachEnd})
            UNION
            (SELECT user_id, encrypted_email, email_decryption_nonce, email_hash FROM {Table} ORDER BY encrypted_email IS NULL, user_id DESC LIMIT {SampleOfEachEnd})
            """;
        await foreach (var row in rows.ReadAsync(sample, cancellationToken))
        {
            trial.Try(row, secrets);
        }

        return trial;
    }

    private void Try(DbDataReader row, MuseumSecrets secrets)
    {
        Users++;
        if (row.Bytes(1) is not { } box || row.Bytes(2) is not { } nonce)
        {
            return;
        }

        Emails++;
        if (secrets.EncryptionKey is not { } key || !SecretBox.TryOpen(box, nonce, key, out var email))
        {
            return;
        }

        Opened++;
        Hashed += !secrets.HashKey.IsEmpty && EmailHash.Compute(Encoding.UTF8.GetString(email), secrets.HashKey) == row.Text(3) ? 1 : 0;
        CryptographicOperations.ZeroMemory(email);
    }
}
