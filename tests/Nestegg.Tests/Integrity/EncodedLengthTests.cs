using Nestegg.Ente.Integrity;

namespace Nestegg.Tests.Integrity;

public sealed class EncodedLengthTests
{
    [Theory]
    [InlineData("", 24, "holds 0 bytes where 24 are needed")]
    [InlineData("AAAA", 24, "holds 3 bytes where 24 are needed")]
    [InlineData("-", 24, "is not Base64")]
    [InlineData("AAA", 2, "is not Base64")]
    [InlineData("AAA=", 2, null)]
    public void Base64_of_another_length_is_said_in_words(string text, int bytes, string? defect) =>
        Assert.Equal(defect, EncodedLength.Defect(text, bytes, isLeast: false));

    [Fact]
    public void Base64_of_at_least_some_length_may_be_longer()
    {
        Assert.Null(EncodedLength.Defect("AAAAAAAA", 3, isLeast: true));
        Assert.Equal("holds 3 bytes where at least 17 are needed", EncodedLength.Defect("AAAA", 17, isLeast: true));
    }
}
