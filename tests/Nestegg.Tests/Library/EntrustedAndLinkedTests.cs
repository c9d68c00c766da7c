using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;

namespace Nestegg.Tests.Library;

/// <summary>What opens somebody's account, or shows something of it to others: legacy contacts, legacy kits, links.</summary>
public sealed class EntrustedAndLinkedTests : IDisposable
{
    private const long Me = SmallDatabase.Me;
    private const long Friend = Me + 1;
    private readonly SmallDatabase database = new();
    private readonly SecretKey recoveryKey = SecretKey.Random();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task The_recovery_key_of_an_entrusted_account_opens_and_is_tried_on_that_account()
    {
        using var masterKey = SecretKey.Random();
        database.AddKeyAttributes(Friend, masterKey, recoveryKey);
        Entrust(Friend, "ACCEPTED", recoveryKey);
        var account = Assert.Single(await EntrustedAsync());
        Assert.Equal((Friend, "ACCEPTED", null), (account.UserId, account.State, account.Problem));
        Assert.True(recoveryKey.FixedTimeEquals(account.RecoveryKey!));
    }

    [Fact]
    public async Task A_recovery_key_that_is_damaged_is_told_from_one_that_is_another_account_s()
    {
        database.AddKeyAttributes(Friend, SecretKey.Random(), SecretKey.Random());
        Entrust(Friend, "INVITED", recoveryKey);
        Entrust(Friend + 1, "ACCEPTED", recoveryKey);
        database.Insert("emergency_contact", Friend + 2, Me, "ACCEPTED", new byte[80]);
        database.Insert("emergency_contact", Friend + 3, Me, "REVOKED", null);
        Assert.Equal(["entrusted-key-wrong", "entrusted-key-wrong", "entrusted-key-damaged"], (await EntrustedAsync()).Select(
            account => account.Problem?.Code));
    }

    [Fact]
    public async Task Any_two_of_the_three_cards_of_a_legacy_kit_open_the_account()
    {
        database.AddKeyAttributes(Me, database.MasterKey, recoveryKey);
        AddKit("good", shares => shares);
        AddKit("one card is damaged", shares => { shares[2][31] ^= 1; return shares; });
        AddKit("two cards are one", shares => [shares[0], shares[0], shares[2]]);
        AddKit("a card is short", shares => [shares[0], shares[1], shares[2][1..]]);
        AddKit("two cards", shares => shares[..2]);
        database.Insert("legacy_kit", "cut", Me, "AAAA", new byte[60], 0, 9);
        var kits =
            await (await OpenAsync()).LegacyKitsAsync(Me, database.Keys, Token).ToDictionaryAsync(kit => kit.Id, cancellationToken: Token);
        Assert.Null(kits["good"].Problem);
        Assert.Equal(["1 holder 1", "2 holder 2", "3 holder 3"], kits["good"].Cards.Select(card => $"{card.Index} {card.Name}"));
        Assert.All([
            "one card is damaged", "two cards are one", "a card is short", "two cards"
        ], id => Assert.Equal("legacy-kit-wrong", kits[id].Problem?.Code));
        Assert.Equal(("legacy-kit-damaged", 0), (kits["cut"].Problem?.Code, kits["cut"].Cards.Count));
    }

    [Fact]
    public async Task A_memory_s_link_opens_with_its_name_and_files_and_its_damage_is_named()
    {
        using var memoryKey = SecretKey.Random();
        var wrapped = WrappedKey.Wrap(memoryKey, database.MasterKey);
        database.Insert("entity_key", Me, "memory", wrapped.Box, wrapped.Nonce);
        AddMemory(1, "share", """{"name":"That day"}"""u8.ToArray());
        AddMemory(2, "lane", SmallDatabase.Gzip(new { name = "Years" }));
        AddMemory(3, "share", null);
        AddMemory(4, "share", "{}"u8.ToArray(), "UPDATE memory_shares SET metadata_cipher = 'AAAA' WHERE id = 4");
        AddMemory(
            5, "share", "{}"u8.ToArray(),
            "UPDATE memory_share_files SET file_enc_key = substr(file_enc_key, 5) WHERE memory_share_id = 5 AND position = 1");
        AddMemory(6, "share", "{}"u8.ToArray(), "UPDATE memory_shares SET mem_enc_key = substr(mem_enc_key, 5) WHERE id = 6");
        var shares = await (await OpenAsync()).MemorySharesAsync(Me, database.Keys, Token).ToListAsync(Token);
        Assert.Equal([null, null, null, "memory-share-name-damaged", "memory-share-key-wrong", "memory-share-damaged"], shares.Select(
            share => share.Problem?.Code));
        Assert.Equal(["That day", "Years"], shares.Take(2).Select(share => share.Metadata.GetProperty("name").GetString()));
        Assert.Equal((JsonValueKind.Undefined, "abcDEF012345"), (shares[2].Metadata.ValueKind, shares[2].Secret));
        Assert.Equal([11, 12], shares[0].FileIds);

        void AddMemory(long id, string type, byte[]? metadata, string damage = "SELECT 1")
        {
            var secret = "abcDEF012345"u8;
            using var key = SecretKey.From(SHA256.HashData(secret));
            var box = SecretBox.Seal(secret, memoryKey, out var nonce);
            byte[]? nameNonce = null;
            var name = metadata is null ? null : SecretBox.Seal(metadata, key, out nameNonce);
            database.Insert("memory_shares", id, Me, type, name, nameNonce, box, nonce, 0);
            for (var position = 0; position < 2; position++)
            {
                var file = WrappedKey.Wrap(SecretKey.Random(), key);
                database.Insert("memory_share_files", id, 11 + position, position, file.Box, file.Nonce);
            }

            database.Execute(damage);
        }
    }

    [Fact]
    public async Task A_file_s_link_opens_the_file_s_key_and_its_damage_is_named()
    {
        AddLink("a good", "abcDEF012345", "abcDEF012345");
        AddLink("b another secret", "abcDEF012345", "000000000000");
        AddLink("c no salt", "abcDEF012345", "abcDEF012345", "kdf_nonce = 'AAAA'");
        AddLink("d hostile limits", "abcDEF012345", "abcDEF012345", "kdf_mem_limit = 9000000000000000000, kdf_ops_limit = -1");
        AddLink("e sealed to another", "abcDEF012345", "abcDEF012345", $"encrypted_share_key = '{Convert.ToBase64String(new byte[64])}'");
        AddLink("f old", "abcDEF012345", "abcDEF012345", "encrypted_share_key = NULL");
        AddLink("g disabled", "abcDEF012345", "abcDEF012345", "is_disabled = 1");
        var links = await (await OpenAsync()).FileLinksAsync(Me, database.Keys, Token).ToListAsync(Token);
        Assert.Equal(
            [null, "file-link-wrong", "file-link-wrong", "file-link-wrong", "file-link-damaged"], links.Select(link => link.Problem?.Code));
        Assert.Equal(("abcDEF012345", 7L), (links[0].Secret, links[0].FileId));
        Assert.DoesNotContain("abcDEF", links[0].ToString(), StringComparison.Ordinal);

        void AddLink(string id, string sealedSecret, string secret, string damage = "is_disabled = 0")
        {
            var salt = RandomNumberGenerator.GetBytes(Argon2id.SaltBytes);
            using var key = Argon2id.Derive(Encoding.ASCII.GetBytes(secret), salt, 1, Argon2id.MemoryMinBytes);
            var fileKey = WrappedKey.Wrap(SecretKey.Random(), key);
            var box = SealedBox.Seal(
                Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.ASCII.GetBytes(sealedSecret))), [.. database.Keys.PublicKeyBytes]);
            database.Insert("public_file_tokens", id, 7, Me, 0, box, fileKey.Box, fileKey.Nonce, salt, 1, Argon2id.MemoryMinBytes);
            database.Execute($"UPDATE public_file_tokens SET {damage} WHERE id = '{id}'");
        }
    }

    [Fact]
    public async Task An_instance_that_is_too_old_for_them_has_none()
    {
        using var old = new SmallDatabase(isOld: true);
        var reader = await LibraryReader.OpenAsync(old.Connection, Token);
        Assert.Empty(await reader.EntrustedAccountsAsync(Me, old.Keys, Token).ToListAsync(Token));
        Assert.Empty(await reader.LegacyKitsAsync(Me, old.Keys, Token).ToListAsync(Token));
        Assert.Empty(await reader.MemorySharesAsync(Me, old.Keys, Token).ToListAsync(Token));
        Assert.Empty(await reader.FileLinksAsync(Me, old.Keys, Token).ToListAsync(Token));
    }

    // FIPS 197, section 4.2: {57} times {83} is {c1}, {57} times {13} is {fe}.
    [Fact]
    public void Bytes_are_multiplied_as_the_standard_does() =>
        Assert.Equal((0xc1, 0xfe), (TwoOfThree.Multiply(0x57, 0x83), TwoOfThree.Multiply(0x57, 0x13)));

    private void Entrust(long owner, string state, SecretKey recoveryKey) =>
        database.Insert("emergency_contact", owner, Me, state, SealedBox.Seal(recoveryKey.Bytes, [.. database.Keys.PublicKeyBytes]));

    private void AddKit(string id, Func<byte[][], byte[][]> change)
    {
        using var secret = SecretKey.Random();
        using var key = SubKey.Derive(secret, 1, "lgkenc01"u8);
        var slope = RandomNumberGenerator.GetBytes(SecretKey.SizeBytes);
        var shares = change([.. Enumerable.Range(1, 3).Select(x => TwoOfThree.Share(secret.Bytes, slope, x))]);
        var parts = shares.Select(
            (share, i) => new { index = i + 1, name = $"holder {i + 1}", share = Convert.ToBase64String(share), checksum = "" });
        database.Insert("legacy_kit", id, Me, Combined(
            recoveryKey.Bytes, key), Combined(JsonSerializer.SerializeToUtf8Bytes(new { parts }), database.MasterKey), 0, 1);
    }

    private static byte[] Combined(ReadOnlySpan<byte> content, SecretKey key)
    {
        var box = SecretBox.Seal(content, key, out var nonce);
        return [.. nonce, .. box];
    }

    private async Task<List<EntrustedAccount>> EntrustedAsync() =>
        await (await OpenAsync()).EntrustedAccountsAsync(Me, database.Keys, Token).ToListAsync(Token);

    private Task<LibraryReader> OpenAsync() => LibraryReader.OpenAsync(database.Connection, Token);
}
