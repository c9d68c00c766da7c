using System.Security.Cryptography;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Tests.Cryptography;

/// <summary>
/// What standards, reference programs and an independent computation say, for the algorithms whose results libsodium and .NET only hand on.
/// </summary>
public class StandardVectorTests
{
    private static readonly byte[] BobSecret = Convert.FromHexString("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    private static readonly byte[] BobPublic = Convert.FromHexString("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    private static readonly byte[] AlicePublic = Convert.FromHexString("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");

    // RFC 7748, section 6.1.
    [Fact]
    public void X25519_agrees_on_the_secret_of_the_standard()
    {
        var (publicKey, shared) = (new byte[32], new byte[32]);
        Sodium.Require(Sodium.crypto_scalarmult_curve25519_base(publicKey, BobSecret));
        Sodium.Require(Sodium.crypto_scalarmult_curve25519(shared, BobSecret, AlicePublic));
        Assert.Equal(BobPublic, publicKey);
        Assert.Equal("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", Convert.ToHexStringLower(shared));
    }

    // RFC 8032, section 7.1, test 2.
    [Fact]
    public void Ed25519_signs_as_the_standard_does()
    {
        var (publicKey, secretKey, signature) =
            (new byte[Sodium.SignPublicKeyBytes], new byte[Sodium.SignSecretKeyBytes], new byte[Sodium.SignBytes]);
        Sodium.Require(Sodium.crypto_sign_ed25519_seed_keypair(
            publicKey, secretKey, Convert.FromHexString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")));
        Sodium.Require(Sodium.crypto_sign_ed25519_detached(signature, 0, [0x72], 1, secretKey));
        Assert.Equal("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", Convert.ToHexStringLower(publicKey));
        Assert.Equal(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            Convert.ToHexStringLower(signature));
        Assert.Equal(0, Sodium.crypto_sign_ed25519_verify_detached(signature, [0x72], 1, publicKey));
        Assert.NotEqual(0, Sodium.crypto_sign_ed25519_verify_detached(signature, [0x73], 1, publicKey));
    }

    // RFC 8439, section 2.8.2.
    [Fact]
    public void ChaCha20_Poly1305_seals_as_the_standard_does()
    {
        using var cipher = new ChaCha20Poly1305([.. Enumerable.Range(0x80, 32).Select(i => (byte)i)]);
        var plaintext =
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."u8;
        var (ciphertext, tag) = (new byte[plaintext.Length], new byte[16]);
        cipher.Encrypt(Convert.FromHexString(
            "070000004041424344454647"), plaintext, ciphertext, tag, Convert.FromHexString("50515253c0c1c2c3c4c5c6c7"));
        Assert.StartsWith("d31a8d34648e60db7b86afbc53ef7ec2", Convert.ToHexStringLower(ciphertext), StringComparison.Ordinal);
        Assert.Equal("1ae10b594f09e26a7e902ecbd0600691", Convert.ToHexStringLower(tag));
    }

    // RFC 9106's vector has a secret, associated data and four lanes, which libsodium has not. This is what the reference program of its
    // authors says: printf 'correct horse battery staple' | argon2 0123456789abcdef -id -t 3 -m 12 -p 1 -l 32 -r
    [Theory]
    [InlineData(3, 4, "2f8186f7b07132513ebb79a01833cb875faee5432f2c21d0093c70202b339837")]
    [InlineData(1, 8, "134d180cae7bf730852877729435966ede036ffdf67eac851183c21a9a855d7c")]
    public void Argon2id_derives_what_the_reference_program_does(long operations, long memoryMebibytes, string expected)
    {
        using var key = Argon2id.Derive("correct horse battery staple"u8, "0123456789abcdef"u8, operations, memoryMebibytes << 20);
        Assert.Equal(expected, Convert.ToHexStringLower(key.Bytes));
    }

    // Computed in Python from RFC 7748, RFC 7693 and the definitions of XSalsa20 and Poly1305, without libsodium: sealed to Bob with the
    // ephemeral secret key 00 01 … 1f.
    [Fact]
    public void A_sealed_box_that_was_computed_by_hand_opens()
    {
        var box = Convert.FromHexString(
            "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285fdd5a7aee3e4c92ca2aa0bdbe202230d975f59c3d5a3e75cc4c18e875c812a770337d8b4b334243cd588902b9f7496ed9");
        using var secretKey = SecretKey.From(BobSecret);
        Assert.True(SealedBox.TryOpenKey(box, BobPublic, secretKey, out var opened));
        Assert.Equal([.. Enumerable.Range(0, 32).Select(i => (byte)(0xa0 + (i % 16)))], opened.Bytes.ToArray());
        box[40] ^= 1;
        Assert.False(SealedBox.TryOpenKey(box, BobPublic, secretKey, out _));
    }

    // Python: hashlib.blake2b(b'', digest_size=32, key=bytes(range(32)), salt=(1).to_bytes(16, 'little'), person=b'lgkenc01' + bytes(8)).
    [Fact]
    public void A_sub_key_is_keyed_BLAKE2b()
    {
        using var key = SecretKey.From([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        using var subKey = SubKey.Derive(key, 1, "lgkenc01"u8);
        Assert.Equal("a186ae005a606634869bea8c3f382d5c222e94740991cc8185f89e0ca997e437", Convert.ToHexStringLower(subKey.Bytes));
    }
}
