using System.Runtime.CompilerServices;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

public sealed partial class LibraryReader
{
    /// <summary>The accounts that others entrusted to a person, Ente's "legacy", by id. What a person entrusted to others, only those can open.</summary>
    /// <remarks>Ente: rust/crates/contacts and mobile/packages/legacy; the row's key is a sealed box of the 32 bytes of the recovery key. The caller disposes each.</remarks>
    public async IAsyncEnumerable<EntrustedAccount> EntrustedAccountsAsync(long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (!Catalog.HasTable("emergency_contact"))
        {
            yield break;
        }

        // A handful; read first, because each needs a look at another table.
        var rows = new List<(long UserId, string State, string? Box)>();
        var entrusted = $"SELECT user_id, state, encrypted_key FROM emergency_contact WHERE emergency_contact_id = {userId} AND state IN ('INVITED', 'ACCEPTED') ORDER BY user_id";
        await foreach (var row in RowsAsync(entrusted, cancellationToken))
        {
            rows.Add((row.GetInt64(0), row.GetString(1), row.Text(2)));
        }

        foreach (var (owner, state, box) in rows)
        {
            SecretKey? key = null;
            var opened = StandardBase64.TryDecode(box, out var sealedKey) && keys.TryOpenSealedKey(sealedKey, out key);
            var problem = !opened ? new LibraryProblem("entrusted-key-damaged", $"the recovery key that account {owner} entrusted does not open", IsFatal: true)
                : await FitsAsync(owner, key!, cancellationToken) ? null
                : new LibraryProblem("entrusted-key-wrong", $"the recovery key that account {owner} entrusted does not open that account");
            yield return new EntrustedAccount { UserId = owner, State = state, RecoveryKey = key, Problem = problem };
        }
    }

    /// <summary>A person's legacy kits, the oldest first.</summary>
    /// <remarks>
    /// Ente: rust/crates/contacts/src/legacy_kit. The owner's blob is a nonce and a secret box under the master key, around JSON with the three cards; two cards give
    /// the kit's secret; its sub-key 1 of context <c>lgkenc01</c> opens the other blob, the recovery key.
    /// </remarks>
    public async IAsyncEnumerable<LegacyKit> LegacyKitsAsync(long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (!Catalog.HasTable("legacy_kit"))
        {
            yield break;
        }

        SecretKey? recoveryKey = null;
        _ = (await KeyAttributesAsync(userId, cancellationToken))?.RecoveryKey?.TryOpen(keys.MasterKey, out recoveryKey);
        using (recoveryKey)
        {
            var kits = $"SELECT CAST(id AS text), encrypted_owner_blob, encrypted_recovery_blob FROM legacy_kit WHERE user_id = {userId} AND NOT is_deleted ORDER BY created_at, id";
            await foreach (var row in RowsAsync(kits, cancellationToken))
            {
                yield return OpenKit(row.GetString(0), row.Text(1), row.Text(2), keys.MasterKey, recoveryKey);
            }
        }
    }

    private async Task<bool> FitsAsync(long userId, SecretKey recoveryKey, CancellationToken cancellationToken) =>
        Opens((await KeyAttributesAsync(userId, cancellationToken))?.MasterKeyUnderRecoveryKey, recoveryKey);

    private static LegacyKit OpenKit(string id, string? ownerBlob, string? recoveryBlob, SecretKey masterKey, SecretKey? recoveryKey)
    {
        if (!StandardBase64.TryDecode(ownerBlob, out var combined)
            || !SecretBox.TryOpenCombined(combined, masterKey, out var plaintext)
            || !LenientJson.TryParse(plaintext, out var json)
            || !json.TryGet("parts", out var parts) || parts.ValueKind != JsonValueKind.Array)
        {
            return new LegacyKit(id, [], new LibraryProblem("legacy-kit-damaged", "the cards of the legacy kit do not open", IsFatal: true));
        }

        var cards = parts.EnumerateArray()
            .Select(part => new LegacyCard((int)Math.Clamp(part.Integer("index") ?? 0, 0, byte.MaxValue), part.Text("name") ?? "", part.Text("share") ?? "", part.Text("checksum") ?? ""))
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
            return SecretBox.TryOpenCombined(combined, key, out var opened) && opened.AsSpan().SequenceEqual(recoveryKey.Bytes);
        }
    }
}
