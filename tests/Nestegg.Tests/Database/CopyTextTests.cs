using System.Text;
using CsCheck;
using Nestegg.Ente.Database;

namespace Nestegg.Tests.Database;

public class CopyTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData(@"a\tb\nc\rd", "a\tb\nc\rd")]
    [InlineData(@"\b\f\v\\", "\b\f\v\\")]
    [InlineData(@"\101\7\60x", "A\a0x")]
    [InlineData(@"\x41\x4\xzz", "A\u0004xzz")]
    [InlineData(@"\q\.", "q.")]
    [InlineData(@"été \\ 写真 🐣", "été \\ 写真 🐣")]
    public void Escapes_are_those_of_COPY(string escaped, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(escaped);
        Assert.True(CopyText.TryUnescape(bytes, out var length));
        Assert.Equal(expected, Encoding.UTF8.GetString(bytes, 0, length));
    }

    [Fact]
    public void A_backslash_with_nothing_after_it_is_refused() => Assert.False(CopyText.TryUnescape(@"ab\"u8.ToArray(), out _));

    [Theory]
    [InlineData(@"\x", "")]
    [InlineData(@"\x00ff5c", "00ff5c")]
    [InlineData(@"abc", "616263")]
    [InlineData(@"\000\134\\", "005c5c")]
    public void Bytes_are_read_in_both_forms(string text, string expected)
    {
        var target = new byte[text.Length];
        Assert.True(CopyText.TryBytes(Encoding.UTF8.GetBytes(text), target, out var length));
        Assert.Equal(expected, Convert.ToHexStringLower(target.AsSpan(0, length)));
    }

    [Theory]
    [InlineData(@"\x0")]
    [InlineData(@"\xzz")]
    [InlineData(@"a\")]
    public void Bytes_that_are_neither_form_are_refused(string text) =>
        Assert.False(CopyText.TryBytes(Encoding.UTF8.GetBytes(text), new byte[text.Length], out _));

    [Theory]
    [InlineData("9223372036854775807", true)]
    [InlineData("-9223372036854775808", true)]
    [InlineData("9223372036854775808", false)]
    [InlineData("1.5", false)]
    [InlineData("", false)]
    public void Integers_have_the_limits_of_bigint(string text, bool expected) =>
        Assert.Equal(expected, CopyText.TryInteger(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Whatever_the_bytes_unescaping_neither_fails_nor_grows() => Gen.Byte.Array[0, 64].Sample(bytes =>
    {
        var copy = bytes.ToArray();
        return !CopyText.TryUnescape(copy, out var length) || length <= bytes.Length;
    });
}
