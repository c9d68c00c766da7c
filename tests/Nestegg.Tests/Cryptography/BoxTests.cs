using System.Text;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Tests.Cryptography;

public class BoxTests
{
    private static readonly byte[] Nonce = [.. Enumerable.Range(0, 24).Select(i => (byte)i)];

    // NaCl, tests/secretbox.c.
    [Fact]
    public void The_secret_box_of_NaCl_opens()
    {
        using var key = SecretKey.From(Convert.FromHexString("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389"));
        var nonce = Convert.FromHexString("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
        var plaintext = Convert.FromHexString(
            "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06d"
            + "ceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705");
        var box = Convert.FromHexString(
            "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2"
            + "270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5");
        Assert.Equal(box, SecretBox.Seal(plaintext, nonce, key));
        Assert.True(SecretBox.TryOpen(box, nonce, key, out var opened));
        Assert.Equal(plaintext, opened);
    }

    [Fact]
    public void A_master_key_is_wrapped_as_Ente_wraps_it()
    {
        using var keyEncryptionKey = SecretKey.From(
            Convert.FromHexString("c05ce4c4dd7e0e45ee6011cc59d068ade47df1b01fc0cf9cd4678bdf68a5b7b0"));
        var masterKey = Enumerable.Range(0, 32).Select(i => (byte)(0xa0 + (i % 16))).ToArray();
        var box = SecretBox.Seal(masterKey, Nonce, keyEncryptionKey);
        Assert.Equal("PAZtuUEKi2MmSHvJYQN0I4VFDqjw/UDWsJNIvg1oc8pChKe1VpDnZnHQMuxwclXK", Convert.ToBase64String(box));
        Assert.True(SecretBox.TryOpenKey(box, Nonce, keyEncryptionKey, out var opened));
        Assert.Equal(masterKey, opened.Bytes.ToArray());
    }

    [Fact]
    public void A_changed_box_or_another_key_is_refused()
    {
        using var key = SecretKey.Random();
        using var other = SecretKey.Random();
        var box = SecretBox.Seal("photo"u8, Nonce, key);
        Assert.False(SecretBox.TryOpen(box, Nonce, other, out _));
        box[^1] ^= 1;
        Assert.False(SecretBox.TryOpen(box, Nonce, key, out _));
    }

    [Theory]
    [InlineData(0, 24)]
    [InlineData(15, 24)]
    [InlineData(48, 0)]
    [InlineData(48, 25)]
    public void Impossible_lengths_are_refused_without_an_exception(int boxBytes, int nonceBytes)
    {
        using var key = SecretKey.Random();
        Assert.False(SecretBox.TryOpen(new byte[boxBytes], new byte[nonceBytes], key, out _));
        Assert.False(SecretBox.TryOpenKey(new byte[boxBytes], new byte[nonceBytes], key, out _));
        Assert.False(SealedBox.TryOpen(new byte[boxBytes], new byte[nonceBytes], key, out _));
        Assert.False(SealedBox.TryOpenKey(new byte[boxBytes], new byte[nonceBytes], key, out _));
    }

    [Fact]
    public void A_box_that_holds_something_else_than_32_bytes_is_no_key()
    {
        using var key = SecretKey.Random();
        Assert.False(SecretBox.TryOpenKey(SecretBox.Seal(new byte[31], Nonce, key), Nonce, key, out _));
    }

    [Fact]
    public void A_sealed_box_opens_for_its_recipient_only()
    {
        using var secretKey = SealedBox.NewKeyPair(out var publicKey);
        using var other = SealedBox.NewKeyPair(out var otherPublicKey);
        using var albumKey = SecretKey.Random();
        var box = SealedBox.Seal(albumKey.Bytes, publicKey);
        Assert.Equal(80, box.Length);
        Assert.True(SealedBox.TryOpenKey(box, publicKey, secretKey, out var opened));
        Assert.True(albumKey.FixedTimeEquals(opened));
        Assert.False(SealedBox.TryOpenKey(box, otherPublicKey, other, out _));
    }

    [Fact]
    public void A_key_is_never_printed_and_gone_after_its_end()
    {
        var key = SecretKey.From(Encoding.ASCII.GetBytes("0123456789abcdef0123456789abcdef"));
        Assert.DoesNotContain("0123", key.ToString(), StringComparison.Ordinal);
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Bytes.ToArray());
    }
}
