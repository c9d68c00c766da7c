using CsCheck;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Tests.Cryptography;

public class RecoveryKeyTests
{
    private const string Art = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        + "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art";

    // The 256-bit vectors of BIP-39's reference implementation.
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", Art)]
    [InlineData("7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
        "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title")]
    [InlineData("f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
        "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space point ten exist slush involve unfold")]
    public void Words_and_digits_are_the_same_key(string hex, string words)
    {
        Assert.True(RecoveryKey.TryParse(hex, out var fromHex, out _));
        Assert.True(RecoveryKey.TryParse(words, out var fromWords, out _));
        Assert.Equal(hex, Convert.ToHexStringLower(fromHex.Bytes));
        Assert.True(fromHex.FixedTimeEquals(fromWords));
        Assert.Equal(words, RecoveryKey.ToWords(fromHex));
    }

    [Fact]
    public void Case_and_white_space_do_not_matter() =>
        Assert.True(
            RecoveryKey.TryParse("  " + Art.ToUpperInvariant().Replace(" ", " \r\n\t ", StringComparison.Ordinal) + "\n", out _, out _));

    [Theory]
    [InlineData("", "neither")]
    [InlineData("abandon", "neither")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000zz", "neither")]
    [InlineData("abandon abandon", "this has 2")]
    [InlineData(Art + " art", "this has 25")]
    public void What_is_wrong_with_its_form_is_said(string text, string expected)
    {
        Assert.False(RecoveryKey.TryParse(text, out _, out var problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_word_is_found_by_the_checksum_and_an_unknown_one_by_its_place()
    {
        Assert.False(RecoveryKey.TryParse(Art.Replace(" art", " zoo", StringComparison.Ordinal), out _, out var problem));
        Assert.Contains("checksum", problem, StringComparison.Ordinal);
        Assert.False(RecoveryKey.TryParse("abandon abandonned" + Art[15..], out _, out problem));
        Assert.Contains("word 2 ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("abandonned", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_key_is_read_back_from_its_words() => Gen.Byte.Array[32].Sample(bytes =>
    {
        using var key = SecretKey.From(bytes);
        return RecoveryKey.TryParse(RecoveryKey.ToWords(key), out var back, out _) && key.FixedTimeEquals(back);
    });

    [Fact]
    public void Arbitrary_text_is_never_an_exception() => Gen.String.Sample(text =>
        RecoveryKey.TryParse(text, out _, out var problem) || problem.Length > 0);
}
