using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Api;
using Nestegg.Ente.Cryptography;
using Nestegg.TestKit.Museum;

namespace Nestegg.Tests.Accounts;

public sealed class KeyChainTests : IDisposable
{
    private static readonly byte[] Password = Encoding.UTF8.GetBytes("pässword ☕");
    private readonly SecretKey masterKey = SecretKey.Random();
    private readonly SecretKey recoveryKey = SecretKey.Random();
    private readonly KeyAttributes attributes;
    private readonly SrpRecord login;

    public KeyChainTests()
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        using var passwordKey = Argon2id.Derive(Password, salt, 1, 8192);
        using var secretKey = SealedBox.NewKeyPair(out var publicKey);
        login = SrpServer.Register("id", [1, 2, 3], LoginKey.Derive(passwordKey));
        attributes = new KeyAttributes
        {
            Salt = salt,
            Operations = 1,
            MemoryBytes = 8192,
            MasterKey = WrappedKey.Wrap(masterKey, passwordKey),
            PublicKey = publicKey,
            SecretKey = WrappedKey.Wrap(secretKey, masterKey),
            MasterKeyUnderRecoveryKey = WrappedKey.Wrap(masterKey, recoveryKey),
            RecoveryKey = WrappedKey.Wrap(recoveryKey, masterKey),
        };
    }

    public void Dispose()
    {
        masterKey.Dispose();
        recoveryKey.Dispose();
    }

    [Fact]
    public void Password_and_recovery_key_open_the_same_master_key()
    {
        using var byPassword = Open(attributes).KeyChain!;
        using var byRecoveryKey = KeyChain.OpenWithRecoveryKey(attributes, recoveryKey).KeyChain!;
        Assert.True(byPassword.MasterKey.FixedTimeEquals(masterKey));
        Assert.True(byRecoveryKey.MasterKey.FixedTimeEquals(masterKey));
        Assert.Equal(attributes.PublicKey, byPassword.PublicKeyBytes);
        Assert.Empty(byPassword.Problems);
    }

    [Fact]
    public void What_was_sealed_to_the_account_opens()
    {
        using var keys = Open(attributes).KeyChain!;
        using var albumKey = SecretKey.Random();
        Assert.True(keys.TryOpenSealedKey(SealedBox.Seal(albumKey.Bytes, attributes.PublicKey), out var opened));
        Assert.True(albumKey.FixedTimeEquals(opened));
        byte[] session = [0xfb, 0xff, 0xfe, 0x01];
        Assert.True(keys.TryOpenToken(Convert.ToBase64String(SealedBox.Seal(session, attributes.PublicKey)), out var token));
        Assert.Equal("-__-AQ==", token);
        Assert.False(keys.TryOpenToken("no Base64!", out _));
    }

    [Fact]
    public void A_wrong_password_and_a_wrong_recovery_key_are_called_so()
    {
        Assert.Equal(OpenOutcome.WrongPassword, KeyChain.OpenWithPassword(attributes, "wrong"u8, login).Outcome);
        Assert.Equal(OpenOutcome.WrongPassword, KeyChain.OpenWithPassword(attributes, "wrong"u8).Outcome);
        Assert.Equal(OpenOutcome.WrongRecoveryKey, KeyChain.OpenWithRecoveryKey(attributes, masterKey).Outcome);
    }

    [Fact]
    public void A_damaged_master_key_is_told_from_a_wrong_password_by_the_login_record()
    {
        var damaged = attributes with { MasterKey = Damage(attributes.MasterKey!) };
        Assert.Equal(OpenOutcome.Damaged, Open(damaged).Outcome);
        Assert.Equal(OpenOutcome.WrongPassword, KeyChain.OpenWithPassword(damaged, Password).Outcome);
        using var keys = KeyChain.OpenWithRecoveryKey(damaged, recoveryKey).KeyChain;
        Assert.NotNull(keys);
    }

    [Theory]
    [InlineData(15, 1, 8192)]
    [InlineData(16, 0, 8192)]
    [InlineData(16, 1, -5)]
    [InlineData(16, 1, long.MaxValue)]
    public void Salt_and_limits_that_cannot_be_right_are_damage(int saltBytes, long operations, long memoryBytes)
    {
        var damaged = attributes with { Salt = new byte[saltBytes], Operations = operations, MemoryBytes = memoryBytes };
        Assert.Equal(OpenOutcome.Damaged, Open(damaged).Outcome);
        using var keys = KeyChain.OpenWithRecoveryKey(damaged, recoveryKey).KeyChain;
        Assert.NotNull(keys);
    }

    [Fact]
    public void An_account_whose_secret_key_is_damaged_still_opens_what_it_owns()
    {
        using var keys = Open(attributes with { SecretKey = Damage(attributes.SecretKey!) }).KeyChain;
        Assert.NotNull(keys);
        Assert.Null(keys.SecretKey);
        Assert.Single(keys.Problems);
        Assert.False(keys.TryOpenSealedKey(SealedBox.Seal(new byte[32], attributes.PublicKey), out _));
    }

    [Fact]
    public void A_foreign_public_key_and_a_broken_recovery_key_are_said()
    {
        using var keys = Open(attributes with { PublicKey = new byte[32], RecoveryKey = Damage(attributes.RecoveryKey!) }).KeyChain!;
        Assert.Equal(2, keys.Problems.Count);
        Assert.True(keys.TryOpenSealedKey(SealedBox.Seal(new byte[32], attributes.PublicKey), out _));
    }

    [Fact]
    public void An_old_account_has_no_recovery_key()
    {
        var old = attributes with { RecoveryKey = null, MasterKeyUnderRecoveryKey = null };
        Assert.Equal(OpenOutcome.NoRecoveryKey, KeyChain.OpenWithRecoveryKey(old, recoveryKey).Outcome);
        using var keys = Open(old).KeyChain!;
        Assert.Empty(keys.Problems);
    }

    [Fact]
    public void The_API_s_JSON_is_read()
    {
        var json = JsonSerializer.SerializeToElement(new Dictionary<string, object?>
        {
            ["kekSalt"] = Convert.ToBase64String(attributes.Salt),
            ["opsLimit"] = 1,
            ["memLimit"] = 8192,
            ["encryptedKey"] = Convert.ToBase64String(attributes.MasterKey!.Box),
            ["keyDecryptionNonce"] = Convert.ToBase64String(attributes.MasterKey.Nonce),
            ["publicKey"] = Convert.ToBase64String(attributes.PublicKey),
            ["encryptedSecretKey"] = Convert.ToBase64String(attributes.SecretKey!.Box),
            ["secretKeyDecryptionNonce"] = Convert.ToBase64String(attributes.SecretKey.Nonce),
            ["masterKeyEncryptedWithRecoveryKey"] = null,
        });
        using var keys = Open(KeyAttributes.Read(json)).KeyChain!;
        Assert.True(keys.MasterKey.FixedTimeEquals(masterKey));
        Assert.Empty(keys.Problems);
        Assert.Equal(OpenOutcome.Damaged, Open(KeyAttributes.Read(JsonSerializer.SerializeToElement("odd"))).Outcome);
    }

    private OpenResult Open(KeyAttributes attributes) => KeyChain.OpenWithPassword(attributes, Password, login);

    private static WrappedKey Damage(WrappedKey key)
    {
        byte[] box = [.. key.Box];
        box[20] ^= 1;
        return key with { Box = box };
    }
}
