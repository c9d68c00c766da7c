using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

/// <summary>Reads what leads back into accounts: those that others entrusted to a person, and a person's legacy kits.</summary>
internal sealed class RecoveryReader(EnteRows rows, AccountReader accounts)
{
    /// <inheritdoc cref="LibraryReader.EntrustedAccountsAsync"/>
    /// <remarks>
    /// Ente: rust/crates/contacts and mobile/packages/legacy; the row's key is a sealed box of the 32 bytes of the recovery key.
    /// </remarks>
    internal async IAsyncEnumerable<EntrustedAccount> EntrustedAccountsAsync(
        long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!rows.Catalog.HasTable("emergency_contact"))
        {
            yield break;
        }

        // A handful; read first, because each needs a look at another table.
        var entrusted = new List<(long UserId, string State, string? Box)>();
        var contacts =
            $"SELECT user_id, state, encrypted_key FROM emergency_contact WHERE emergency_contact_id = {userId} AND state IN ('INVITED', "
            + $"'ACCEPTED') ORDER BY user_id";
        await foreach (var row in rows.ReadAsync(contacts, cancellationToken))
        {
            entrusted.Add((row.GetInt64(0), row.GetString(1), row.Text(2)));
        }

        foreach (var (owner, state, box) in entrusted)
        {
            var attributes = await accounts.KeyAttributesAsync(owner, cancellationToken);
            SecretKey? key = null;
            var opened = StandardBase64.TryDecode(box, out var sealedKey) && keys.TryOpenSealedKey(sealedKey, out key);
            var problem = !opened ? new LibraryProblem(
                "entrusted-key-damaged", $"the recovery key that account {owner} entrusted does not open", IsFatal: true)
                : attributes?.MasterKeyUnderRecoveryKey.Opens(key!) == true ? null
                : new LibraryProblem("entrusted-key-wrong", $"the recovery key that account {owner} entrusted does not open that account");
            yield return new EntrustedAccount { UserId = owner, State = state, RecoveryKey = key, Problem = problem };
        }
    }

    /// <inheritdoc cref="LibraryReader.LegacyKitsAsync"/>
    /// <remarks>
    /// Ente: rust/crates/contacts/src/legacy_kit. The owner's blob is a nonce and a secret box under the master key, around JSON with the
    /// three cards; two cards give the kit's secret; its sub-key 1 of context <c>lgkenc01</c> opens the other blob, the recovery key.
    /// </remarks>
    internal async IAsyncEnumerable<LegacyKit> LegacyKitsAsync(
        long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!rows.Catalog.HasTable("legacy_kit"))
        {
            yield break;
        }

        var attributes = await accounts.KeyAttributesAsync(userId, cancellationToken);
        SecretKey? recoveryKey = null;
        attributes?.RecoveryKey?.TryOpen(keys.MasterKey, out recoveryKey);
        using (recoveryKey)
        {
            var kits =
                $"SELECT CAST(id AS text), encrypted_owner_blob, encrypted_recovery_blob FROM legacy_kit WHERE user_id = "
                + $"{userId} AND NOT is_deleted ORDER BY created_at, id";
            await foreach (var row in rows.ReadAsync(kits, cancellationToken))
            {
                yield return OpenKit(row.GetString(0), row.Text(1), row.Text(2), keys.MasterKey, recoveryKey);
            }
        }
    }

    private static LegacyKit OpenKit(string id, string? ownerBlob, string? recoveryBlob, SecretKey masterKey, SecretKey? recoveryKey)
    {
        if (!StandardBase64.TryDecode(ownerBlob, out var combined)
            || !SecretBox.TryOpenCombined(combined, masterKey, out var plaintext)
            || !LenientJson.TryParse(plaintext, out var json)
            || !json.TryGet("parts", out var parts) || parts.ValueKind != JsonValueKind.Array)
        {
            return new LegacyKit(
                id, [], new LibraryProblem("legacy-kit-damaged", "the cards of the legacy kit do not open", IsFatal: true));
        }

        var cards = parts.EnumerateArray()
            .Select(part => new LegacyCard((int)Math.Clamp(part.Integer("index") ?? 0, 0, byte.MaxValue), part.Text("name")
                ?? "", part.Text("share") ?? "", part.Text("checksum") ?? ""))
            .ToList();
        return new LegacyKit(id, cards, Recovers(cards, recoveryBlob, recoveryKey)
            ? null
            : new LibraryProblem("legacy-kit-wrong", "the cards of the legacy kit do not open the account's recovery key"));
    }

    /// <summary>Whether any two of the three cards lead to the recovery key.</summary>
    private static bool Recovers(List<LegacyCard> cards, string? recoveryBlob, SecretKey? recoveryKey)
    {
        if (recoveryKey is null || cards.Count != 3 || !StandardBase64.TryDecode(recoveryBlob, out var combined))
        {
            return false;
        }

        var shares = cards.ConvertAll(card => (card.Index, Share: StandardBase64.TryDecode(card.Share, out var share) ? share : []));
        return Opens(shares[0], shares[1]) && Opens(shares[1], shares[2]) && Opens(shares[0], shares[2]);

        bool Opens((int, byte[]) first, (int, byte[]) second)
        {
            using var secret = TwoOfThree.Combine(first, second);
            if (secret is null)
            {
                return false;
            }

            using var key = SubKey.Derive(secret, 1, "lgkenc01"u8);
            if (!SecretBox.TryOpenCombined(combined, key, out var opened))
            {
                return false;
            }

            var isSame = CryptographicOperations.FixedTimeEquals(opened, recoveryKey.Bytes);
            CryptographicOperations.ZeroMemory(opened);
            return isSame;
        }
    }
}
