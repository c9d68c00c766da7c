using CsCheck;
using Nestegg.Audit;
using Nestegg.Ente.Objects;

namespace Nestegg.Tests.Audit;

public sealed class SizeRulesTests
{
    private const long PlainChunkBytes = 4 << 20;

    [Fact]
    public void The_length_of_every_encrypted_file_is_possible() =>
        Gen.Long[0, 10L << 30].Sample(plain => SizeRules.IsPossible(ObjectKind.File, plain + (17 * Math.Max(1, (plain + PlainChunkBytes - 1) / PlainChunkBytes))));

    [Fact]
    public void A_rest_that_is_too_short_for_a_chunk_is_not_possible() =>
        Gen.Select(Gen.Long[0, 2000], Gen.Long[1, 16]).Sample((chunks, rest) => !SizeRules.IsPossible(ObjectKind.File, (chunks * (PlainChunkBytes + 17)) + rest));

    [Theory]
    [InlineData(ObjectKind.File, 17, true)]
    [InlineData(ObjectKind.File, 16, false)]
    [InlineData(ObjectKind.File, 0, false)]
    [InlineData(ObjectKind.File, 4194321, true)]
    [InlineData(ObjectKind.File, 4194322, false)]
    [InlineData(ObjectKind.File, 4194338, true)]
    [InlineData(ObjectKind.Thumbnail, 16, false)]
    [InlineData(ObjectKind.Thumbnail, 4194322, true)]
    [InlineData(ObjectKind.ProfilePicture, 40, false)]
    [InlineData(ObjectKind.ProfilePicture, 41, true)]
    [InlineData(ObjectKind.MlData, 1, false)]
    [InlineData(ObjectKind.VideoPlaylist, 2, true)]
    [InlineData(ObjectKind.VideoPreview, 0, false)]
    [InlineData(ObjectKind.ImagePreview, 17, true)]
    public void Each_kind_has_its_least_length(ObjectKind kind, long sizeBytes, bool isPossible) => Assert.Equal(isPossible, SizeRules.IsPossible(kind, sizeBytes));

    [Theory]
    [InlineData("", 24, "holds 0 bytes where 24 are needed")]
    [InlineData("AAAA", 24, "holds 3 bytes where 24 are needed")]
    [InlineData("-", 24, "is not Base64")]
    [InlineData("AAA", 2, "is not Base64")]
    [InlineData("AAA=", 2, null)]
    public void Base64_of_another_length_is_said_in_words(string text, int bytes, string? defect) => Assert.Equal(defect, Base64Length.Defect(text, bytes, isLeast: false));

    [Fact]
    public void Base64_of_at_least_some_length_may_be_longer()
    {
        Assert.Null(Base64Length.Defect("AAAAAAAA", 3, isLeast: true));
        Assert.Equal("holds 3 bytes where at least 17 are needed", Base64Length.Defect("AAAA", 17, isLeast: true));
    }
}
