using System.Text;
using CsCheck;
using Nestegg.Formats.Minisign;

namespace Nestegg.Tests.Minisign;

public class MinisignTests
{
    // Made by minisign 0.11: minisign -G -W, and a signature over "hi\n" with the trusted comment "nestegg x".
    private const string PublicKey = "RWRRnyC80QwnFPylLS2m3fFP6Q2GuQ/FdtXIdq3WKDncqyzkA/p899Ds";

    private const string Signature = """
        untrusted comment: unt
        RURRnyC80QwnFBuVgqkKkio2HOMFhXQ2GnkvTOnI8EfjF0QLgv2r7Kg/oAQ/TgZamWy/gl/F8BYmjHsA9UmrRRjQPsMUMSfNrgk=
        trusted comment: nestegg x
        S27k3cIFWKvt8nQSiYbx8xax0GJMTENmfL5vMgBuVOQzZzYRlhYffwVXWaaroZfP08DMgrvkMdmaC0nxCdVaBw==

        """;

    [Fact]
    public void A_signature_of_minisign_itself_is_verified()
    {
        Assert.True(MinisignPublicKey.TryParse(PublicKey, out var key));
        Assert.True(MinisignSignature.TryParse(Encoding.UTF8.GetBytes(Signature), out var signature));
        Assert.Equal("nestegg x", signature!.TrustedComment);
        Assert.True(signature.Verifies("hi\n"u8, key!));
        Assert.False(signature.Verifies("hi"u8, key!));
        Assert.Equal("untrusted comment: minisign public key 14270CD1BC209F51", key!.ToFileText().Split('\n')[0]);
    }

    [Fact]
    public void A_changed_trusted_comment_is_noticed()
    {
        Assert.True(MinisignPublicKey.TryParse(PublicKey, out var key));
        Assert.True(MinisignSignature.TryParse(
            Encoding.UTF8.GetBytes(Signature.Replace("nestegg x", "nestegg y", StringComparison.Ordinal)), out var signature));
        Assert.False(signature!.Verifies("hi\n"u8, key!));
    }

    [Fact]
    public void What_is_signed_verifies_and_nothing_else_does() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[0, 10_000]).Sample((content, place) =>
    {
        using var key = MinisignSecretKey.Generate();
        using var other = MinisignSecretKey.Generate();
        Assert.True(MinisignSignature.TryParse(key.Sign(content, "comment é"), out var signature));
        byte[] changed = [.. content, 0];
        changed[place % changed.Length] ^= 1;
        return signature!.Verifies(content, key.PublicKey)
            && !signature.Verifies(changed, key.PublicKey)
            && !signature.Verifies(content, other.PublicKey);
    }, iter: 50);

    [Fact]
    public void A_key_survives_its_file()
    {
        using var key = MinisignSecretKey.Generate();
        using var read = MinisignSecretKey.Parse(key.ToFileText(), "key");
        Assert.Equal(key.PublicKey.ToString(), read.PublicKey.ToString());
        Assert.Equal(key.Sign("x"u8, "t"), read.Sign("x"u8, "t"));
        Assert.True(MinisignPublicKey.TryParse(key.PublicKey.ToString(), out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("untrusted comment: x\nAAAA\n")]
    [InlineData("untrusted comment: x\nnot base64\n")]
    public void Anything_else_is_no_key(string text)
    {
        var e = Assert.Throws<NesteggException>(() => MinisignSecretKey.Parse(Encoding.UTF8.GetBytes(text), "signing.key"));
        Assert.Equal(FailureKind.BadInput, e.Kind);
        Assert.Contains("signing.key", e.Message);
    }

    [Fact]
    public void A_trusted_comment_of_two_lines_is_refused()
    {
        using var key = MinisignSecretKey.Generate();
        Assert.Throws<ArgumentException>(() => key.Sign("x"u8, "a\nb"));
    }
}
